"""What is not known of an image: what a scan of it says, by an advisory store or by the notes."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.advisories import AdvisoryStore
from seawall.fleet.gaps import gaps_of
from seawall.fleet.record import record_of
from seawall.fleet.rejudging import rejudge
from seawall.fleet.report import report_of
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import counts
from seawall.fleet.verdict import verdict
from seawall.images import open_image, parse_target
from seawall.inventory import read_image
from seawall.model import Distribution, Image, ImageRef, Incomplete, Inventory, Layer, Package
from seawall.scanning.content.looking import Contents
from seawall.scanning.scan import scan
from seawall.scanning.vulnerabilities import judge
from tests.unit.advisories.records import NOW, Record, affects, below, fill, record
from tests.unit.fleet.families import keep, new_fleet
from tests.unit.fleet.samples import publish
from tests.unit.images.building import Built, archived, unpacked

LAYERS = tuple(f"sha256:{n:064x}" for n in range(2))
RULES = ("malware:m", "secrets:s")
BOOKWORM = Distribution("debian", "12", "bookworm", "Debian GNU/Linux 12")
BUSTER = Distribution("debian", "10", "buster")
UNHEARD_OF = Distribution("fedora", "41")
LATER = NOW + timedelta(days=200)


def records(debian: int) -> dict[str, list[Record]]:
    """Return advisories: a number of them about Debian 12, and one or two about all others."""
    return {
        "Debian": [
            record(f"DEBIAN-CVE-2026-{n:04}", below("Debian:12", f"p{n}", "2"))
            for n in range(debian)
        ]
        + [record("DEBIAN-CVE-2019-0001", below("Debian:10", "p0", "2"))],
        "npm": [
            record("GHSA-1", below("npm", "pad", "2.0.0")),
            record("GHSA-2", affects("npm", "odd", {"introduced": "0"}, {"fixed": "x..y"})),
        ],
        "PyPI": [record("GHSA-3", below("PyPI", "jinja2", "3"))],
        "Bitnami": [record("BIT-1", below("Bitnami", "redis", "9.0.0"))],
    }


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[AdvisoryStore]]:
    """Stores with few and enough advisories about Debian 12, whole ones and parts."""
    with ExitStack() as stack:
        found = []
        for debian, partial in product((3, 60), ("", "npm", "Debian\nPyPI\nBitnami")):
            path = tmp_path_factory.mktemp("store") / "advisories.sqlite"
            fill(path, records(debian))
            with sqlite3.connect(path) as db:
                db.execute("INSERT OR REPLACE INTO meta VALUES ('partial', ?)", (partial,))
            found.append(stack.enter_context(AdvisoryStore.open(path)))
        yield found


def inventory(
    packages: Sequence[Package],
    distribution: Distribution | None = BOOKWORM,
    incomplete: Sequence[Incomplete] = (),
) -> Inventory:
    order = sorted(packages, key=lambda p: (p.type, p.name, p.version, p.path, p.arch))
    digest = "sha256:" + "e" * 64
    return Inventory("docker:a:1", digest, distribution, tuple(order), tuple(incomplete), LAYERS)


def read(inventory: Inventory) -> Image:
    layers = tuple(Layer(diff_id, "RUN x") for diff_id in inventory.layers)
    return Image(ImageRef("docker", "a:1"), inventory.digest, layers, tags=("a:1",))


def compare(fleet: Fleet, whole: Inventory, store: AdvisoryStore, *times: datetime) -> list[bool]:
    """Compare the fleet with a scan at these times; return when the image was complete."""
    stored = keep(fleet, record_of(read(whole), whole, other_findings=(), asked_rules=RULES))
    rejudge(fleet, store, NOW)
    found = []
    for now in times:
        scanned = judge(whole, store, today=now.date())
        told = {*whole.incomplete, *scanned.incomplete}
        gaps = gaps_of(fleet, stored, now)
        assert set(gaps.listed) == told
        assert len(gaps.listed) == len(told)
        assert gaps.currencies == scanned.ecosystems
        # What counts is counted from rows, there and here from the findings of a scan.
        counted = Counter(one.severity for one in scanned.findings if counts(one))
        reported = report_of(fleet, stored, store, False, now)
        assert set(reported.incomplete) == told
        said = verdict(fleet, stored.digest, now)
        assert (said.counts, said.worst) == (counted, max(counted, default=None))
        assert said.is_complete == (not told)
        assert said.is_complete == (not reported.incomplete)
        found.append(said.is_complete)
    return found


@st.composite
def _packages(draw: st.DrawFn) -> Package:
    kind = draw(
        st.sampled_from(
            ["deb", "deb", "npm", "npm", "pypi", "cargo", "conan", "generic", "generic", "rpm"]
        )
    )
    names = {"generic": ["Redis", "blob", "other"], "npm": ["pad", "odd", "none"]}
    return Package(
        kind,
        draw(st.sampled_from(names.get(kind, ["p0", "jinja2"]))),
        draw(st.sampled_from(["1.0.0", "1.0.0", "2.0.0", "1..x"])),
        layer=draw(st.sampled_from(LAYERS)),
        path=draw(st.sampled_from(["usr/a", "b", "c"])),
        owner=draw(st.sampled_from(["", "", "deb:p0", "deb:none"])),
        locked=draw(st.sampled_from([False, False, True])),
    )


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        _packages(), unique_by=lambda p: (p.type, p.name, p.version, p.path, p.arch), max_size=5
    ),
    st.sampled_from([None, BOOKWORM, BOOKWORM, BUSTER, UNHEARD_OF]),
    st.sampled_from([(), (), (Incomplete("a", "cut off"),)]),
    st.integers(0, 5),
)
def test_the_verdict_on_any_image_is_complete_where_a_scan_is(
    stores: list[AdvisoryStore],
    packages: list[Package],
    distribution: Distribution | None,
    incomplete: Sequence[Incomplete],
    which: int,
) -> None:
    whole = inventory(packages, distribution, incomplete)
    with new_fleet() as fleet:
        compare(fleet, whole, stores[which], NOW, LATER)


DEB = Package("deb", "p0", "1", layer=LAYERS[0], path="status")
PAD = Package("npm", "pad", "1.0.0", layer=LAYERS[1], path="app")
REDIS = Package("generic", "redis", "7.0.0", layer=LAYERS[1], path="redis")
BLOB = replace(REDIS, name="blob", path="blob")
FEW, ENOUGH, PART = 0, 3, 4  # stores
CARGO = b"""version = 3
[[package]]
name = "ring"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
"""


@pytest.mark.parametrize(
    ("packages", "which", "complete", "told"),
    [
        ([DEB, PAD, REDIS], ENOUGH, True, ""),
        ([DEB], FEW, False, "there are hardly any advisories for Debian:12 here"),
        ([DEB, PAD], PART, False, "1 npm package judged by a part of the advisories for npm"),
        ([BLOB], ENOUGH, False, "nobody publishes advisories for them: 1 without package (blob)"),
        ([replace(BLOB, owner="deb:p0"), DEB], ENOUGH, True, ""),
        ([Package("cargo", "a", "1", layer=LAYERS[0])], ENOUGH, False, "1 cargo packages not"),
        ([Package("conan", "a", "1", layer=LAYERS[0])], ENOUGH, False, "for them: 1 conan"),
    ],
)
def test_what_makes_a_scan_incomplete_makes_the_verdict_so(
    fleet: Fleet,
    stores: list[AdvisoryStore],
    packages: list[Package],
    which: int,
    *,
    complete: bool,
    told: str,
) -> None:
    whole = inventory(packages)
    assert compare(fleet, whole, stores[which], NOW, LATER) == [complete, False]
    said = verdict(fleet, whole.digest, NOW)
    assert any(told in gap.reason for gap in said.gaps) == bool(told)
    late = verdict(fleet, whole.digest, LATER)
    # Bitnami was not asked for a program that it does not know.
    asked = {gap.reason for gap in late.gaps if "later flaws are missing" in gap.reason}
    assert bool(asked) == (complete or which != ENOUGH)
    assert not any("Bitnami" in reason for reason in asked) or REDIS in packages


def test_a_program_that_an_advisory_names_since_is_judged_again(
    fleet: Fleet, tmp_path: Path
) -> None:
    redis = record("BIT-1", below("Bitnami", "redis", "9.0.0"))
    # Its range does not hold the version: all the same, now somebody speaks of the program.
    blob = record("BIT-2", below("Bitnami", "blob", "2.0.0"))
    with AdvisoryStore.open(publish(tmp_path, {"Bitnami": [redis]})) as store:
        assert compare(fleet, inventory([BLOB]), store, NOW) == [False]
    with AdvisoryStore.open(publish(tmp_path, {"Bitnami": [redis, blob]})) as store:
        delta = rejudge(fleet, store, NOW)
    assert (delta.why_all, delta.judged) == ("", 1)
    assert verdict(fleet, inventory([]).digest, NOW).is_complete


def test_an_image_that_is_not_judged_waits_and_is_not_complete(
    fleet: Fleet, stores: list[AdvisoryStore]
) -> None:
    whole = inventory([DEB, PAD])
    stored = keep(fleet, record_of(read(whole), whole, other_findings=(), asked_rules=RULES))
    gaps = gaps_of(fleet, stored, NOW)
    assert (gaps.pending, gaps.unjudged, gaps.others) == (2, 0, 0)
    assert gaps.listed == (Incomplete("/", "2 packages not judged yet"),)
    rejudge(fleet, stores[ENOUGH], NOW)
    assert gaps_of(fleet, stored, NOW).listed == ()


def test_without_notes_of_the_advisories_they_count_as_outdated(
    fleet: Fleet, stores: list[AdvisoryStore]
) -> None:
    whole = inventory([PAD])
    compare(fleet, whole, stores[ENOUGH], NOW)
    with fleet.writing():
        fleet.notes.remove("advisories")
    said = verdict(fleet, whole.digest, NOW)
    assert not said.is_complete
    assert said.data_age_hours is None
    assert "the advisories for npm are of unknown age: later flaws are missing" in {
        gap.reason for gap in said.gaps
    }


@pytest.mark.parametrize("more", [{}, {"app/Cargo.lock": CARGO}])
def test_the_same_is_true_of_images_that_were_read(
    fleet: Fleet, stores: list[AdvisoryStore], tmp_path: Path, more: dict[str, bytes]
) -> None:
    status = b"Package: p0\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    layers = [
        {
            "etc/os-release": b"ID=debian\nVERSION_ID=12\n",
            "var/lib/dpkg/status": status,
            "var/lib/dpkg/info/p0.list": b"",
        },
        {"app/node_modules/pad/package.json": b'{"name": "pad", "version": "1.0.0"}', **more},
    ]
    layout = unpacked(Built([archived(files) for files in layers]).layout(), tmp_path / "layout")
    with open_image(parse_target(f"oci-dir:{layout}")) as opened:
        reading = read_image(opened)
        assert len(reading.inventory.packages) >= 2
        record_ = record_of(reading.image, reading.inventory, other_findings=(), asked_rules=RULES)
        stored = keep(fleet, record_)
        complete = []
        for store in stores:
            rejudge(fleet, store, NOW, anew=True)
            said = verdict(fleet, stored.digest, NOW)
            today = NOW.astimezone(UTC).date()
            whole = scan(reading.inventory, opened, store, False, today=today, contents=Contents())
            assert said.is_complete == (not whole.incomplete)
            assert set(said.gaps) == set(whole.incomplete)
            complete.append(said.is_complete)
    assert complete == [False, False, False, not more, False, False]
