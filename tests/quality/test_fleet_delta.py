"""On real images and real feeds, what a delta finds is what scanning all images again finds.

Two things are needed that are no part of the repository: the feeds (``SEAWALL_SHARED_DATA``, as
for `tests.integration.test_real_feeds`), and the images, made once by
``python -m tests.quality.fleet_images FOLDER`` and named with ``SEAWALL_FLEET_IMAGES=FOLDER``.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seawall.advisories import AdvisoryStore, Folder, update
from seawall.fleet.databases import Database, SqliteDatabase, open_postgresql
from seawall.fleet.record import ImageRecord, record_of
from seawall.fleet.rejudging import Delta, rejudge
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import counts
from seawall.images import open_image, parse_target
from seawall.inventory import read_image
from seawall.model import Finding, Image, Inventory
from seawall.scanning.vulnerabilities import judge
from tests.integration.postgresql import Unavailable, running_postgresql
from tests.quality.feed_months import State, month_ago, revised
from tests.quality.fleet_images import ARCHIVE, NAMES, tag
from tests.unit.fleet.samples import findings_of

SHARED = Path(
    os.environ.get("SEAWALL_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data"
)
IMAGES = Path(
    os.environ.get("SEAWALL_FLEET_IMAGES") or Path(tempfile.gettempdir()) / "seawall-fleet-images"
)
FIRST = datetime(2026, 11, 20, 12, tzinfo=UTC)  # when the newest record was there
FEWEST = 30  # images that make it worth while

pytestmark = [
    pytest.mark.skipif(
        not (SHARED / "osv").is_dir(), reason="needs real feeds: set SEAWALL_SHARED_DATA"
    ),
    pytest.mark.skipif(
        not (IMAGES / ARCHIVE).is_file(),
        reason=f"needs {ARCHIVE} in {IMAGES} (or in SEAWALL_FLEET_IMAGES): "
        "python -m tests.quality.fleet_images FOLDER makes it, as root, with Docker and network",
    ),
]

Findings = Sequence[Finding]
Scanned = dict[str, Findings]  # digest of an image → its findings, in one order


@dataclass(frozen=True, slots=True)
class Stage:
    """One state of the advisories, and what a scan of all images says by it."""

    name: str
    advisories: Path
    now: datetime
    changes: Mapping[str, int]  # advisories by what became of them
    scanned: Scanned
    seconds: float  # to judge all images, without reading them


@dataclass(frozen=True, slots=True)
class World:
    """The images as a fleet keeps them, and the stages that its advisories go through."""

    records: tuple[ImageRecord, ...]
    stages: tuple[Stage, ...]
    reading_seconds: float  # to read all images again
    packages: int  # in all images


def ordered(findings: Findings) -> Findings:
    """Return findings in an order that only depends on what they say."""
    return sorted(findings, key=lambda f: [str(getattr(f, field.name)) for field in fields(f)])


def read_all() -> Iterator[tuple[Image, Inventory]]:
    for name in NAMES:
        with open_image(parse_target(f"docker-archive:{IMAGES / ARCHIVE}:{tag(name)}")) as image:
            reading = read_image(image)
            yield reading.image, reading.inventory


def stage(
    name: str,
    advisories: Path,
    feeds: Path,
    now: datetime,
    inventories: Sequence[Inventory],
) -> Stage:
    """Bring the advisories up to date; judge every image by them."""
    outcome = update(advisories, Folder(feeds), lambda *_: None, now)
    assert not outcome.failed
    kept = advisories.with_name(f"{name}.sqlite")
    shutil.copy(advisories, kept)
    with AdvisoryStore.open(kept) as store:
        start = time.perf_counter()
        scanned = {one.digest: judge(one, store).findings for one in inventories}
        seconds = time.perf_counter() - start
    return Stage(
        name,
        kept,
        now,
        {str(kind): count for kind, count in outcome.changes.items()},
        {digest: ordered(findings) for digest, findings in scanned.items()},
        seconds,
    )


def installed(scanned: Scanned) -> dict[str, str]:
    """Return a version that the fleet has of each package with a finding, by advisories' names."""
    found = {(f.source or f.name, f.installed) for several in scanned.values() for f in several}
    return dict(sorted(found))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("world")
    first = list(read_all())
    records = tuple(record_of(image, inventory) for image, inventory in first)
    older: State = month_ago(SHARED, home / "older")
    advisories = home / "advisories.sqlite"
    was = stage("older", advisories, older.folder, FIRST, [i for _, i in first])
    start = time.perf_counter()
    again = [inventory for _, inventory in read_all()]
    reading = time.perf_counter() - start
    full = stage("full", advisories, SHARED, FIRST + timedelta(days=1), again)
    changed = revised(SHARED, home / "revised", installed(full.scanned))
    stages = (
        was,
        full,
        stage("revised", advisories, changed.folder, FIRST + timedelta(days=2), again),
        stage("restored", advisories, SHARED, FIRST + timedelta(days=3), again),
    )
    return World(records, stages, reading, sum(len(one.packages) for one in again))


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[Database]:
    """Open a new database; skip where there is no server."""
    if kind == "sqlite":
        yield SqliteDatabase.open(folder / "fleet.sqlite")
        return
    pytest.importorskip("psycopg")
    try:
        with running_postgresql() as url:
            yield open_postgresql(url)
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(params=["sqlite", "postgresql"])
def fleet(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet with all images, not judged yet."""
    with database_of(request.param, tmp_path) as database, Fleet(database) as fleet:
        with fleet.writing():
            for record in world.records:
                fleet.images.add(record, "2026-11-20T00:00:00Z")
        yield fleet


def shown(fleet: Fleet, digest: str) -> Findings:
    return ordered(findings_of(fleet, digest))


def are_the_same(fleet: Fleet, scanned: Scanned) -> None:
    """Compare every field of every finding of every image."""
    for digest, expected in scanned.items():
        found = shown(fleet, digest)
        if found != expected:  # say which: an image has thousands
            missing = [f for f in expected if f not in found]
            extra = [f for f in found if f not in expected]
            pytest.fail(f"{digest}: missing {missing[:3]!r}, extra {extra[:3]!r}")


def gained(before: Scanned, after: Scanned) -> set[str]:
    """Return the images that have a flaw that counts and that they had under no name."""
    return {
        digest
        for digest, findings in after.items()
        for had in [
            {(f.package, f.path, name) for f in before[digest] for name in (f.id, *f.aliases)}
        ]
        if any(
            counts(f) and not any((f.package, f.path, n) in had for n in (f.id, *f.aliases))
            for f in findings
        )
    }


def test_the_fleet_is_large_and_shares_layers(world: World) -> None:
    assert len({record.digest for record in world.records}) >= FEWEST
    chains = [layer.chain_id for record in world.records for layer in record.layers]
    assert len(set(chains)) < len(chains) / 2


def test_the_stages_differ_in_every_way(world: World) -> None:
    was, full, changed, restored = world.stages
    assert full.changes["new"] > 1000
    assert full.changes["withdrawn"] > 0
    assert all(changed.changes[kind] > 1000 for kind in ("changed", "withdrawn"))
    assert restored.changes["restored"] == changed.changes["withdrawn"]
    assert gained(was.scanned, full.scanned)
    assert gained(full.scanned, changed.scanned)
    assert gained(changed.scanned, full.scanned)
    rated = [
        {(f.id, f.package): (f.epss, f.exploited_since) for fs in one.scanned.values() for f in fs}
        for one in (full, changed)
    ]
    assert any(rated[1].get(flaw, rating) != rating for flaw, rating in rated[0].items())
    assert restored.scanned == full.scanned


def test_after_each_delta_every_image_has_the_findings_of_a_full_scan(
    fleet: Fleet, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (components,) = next(fleet.database.rows("SELECT count(*) FROM component"))
    lines = [
        f"{type(fleet.database).__name__}: {len(world.records)} images with {world.packages} "
        f"packages, {components} components; read again in {world.reading_seconds:.1f} s"
    ]
    before: Stage | None = None
    for stage in world.stages:
        with AdvisoryStore.open(stage.advisories) as store:
            start = time.perf_counter()
            delta = rejudge(fleet, store, stage.now)
            seconds = time.perf_counter() - start
        are_the_same(fleet, stage.scanned)
        lines.append(told(stage, delta, seconds))
        if before is None:
            assert delta.judged == components
        else:
            assert delta.why_all == ""
            assert 0 < delta.judged < components
            # What comes back within a week is no news.
            new = gained(before.scanned, stage.scanned) if stage.name != "restored" else set()
            assert delta.images_new == len(new)
            resolved = gained(stage.scanned, before.scanned)
            assert delta.images_resolved == len(resolved)
        before = stage
    with capsys.disabled():
        print("", *lines, sep="\n")


def told(stage: Stage, delta: Delta, seconds: float) -> str:
    changes = ", ".join(f"{count} {kind}" for kind, count in sorted(stage.changes.items()))
    findings = sum(map(len, stage.scanned.values()))
    return (
        f"{stage.name}: {changes or 'first advisories'}; {delta.judged} components judged in "
        f"{seconds:.2f} s ({stage.seconds:.2f} s to judge each image); {len(delta.new)} flaws new "
        f"in {delta.images_new} images, {len(delta.resolved)} resolved in "
        f"{delta.images_resolved}; {findings} findings in all, all equal"
    )
