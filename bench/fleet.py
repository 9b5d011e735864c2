"""A new advisory against a whole fleet: one join, beside a loop over all images.

The fleet is made up (`bench.synthetic_fleet`), everything else is the product's own: images go in
through `Fleet.images.add`, advisories through `advisories.update`, and `rejudge` finds, writes and
tells what is new. Judging runs in a process of its own, so its memory is its own. The loop has all
packages of each image and the new advisories by name in memory, and only compares versions; it
looks at a sample of the images, and its time is scaled to all. On the sample its answers and ours
must be equal, and those of all databases on all images.
"""

import argparse
import gc
import hashlib
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.measuring import HERE, keep, median, told
from bench.synthetic_fleet import Record, SyntheticFleet
from seawall.advisories import AdvisoryStore, Folder, StoreState, update
from seawall.fleet.databases import Database, SqliteDatabase, open_postgresql
from seawall.fleet.rejudging import _HIGHEST, _holding, rejudge
from seawall.fleet.store import Fleet
from seawall.fleet.workloads import Workload
from seawall.versions import compare
from tests.integration.postgresql import Unavailable, running_postgresql

IMAGES = 100_000
KNOWN = (10_000, 14_000)  # advisories before, with how many ranges
MANY = (1_000, 1_699)
ROUNDS = 3
_AT = "2026-11-21T00:00:00Z"
_IN_ONE_TRANSACTION = 500  # images
_RUNNING = 1_000  # containers
_SAMPLE = 500  # images that the loop looks at

Pair = tuple[str, str]  # flaw, image


def main(images: int = IMAGES, *, only_sqlite: bool = False) -> list[str]:
    """Measure; return the lines of the table."""
    with TemporaryDirectory(prefix="seawall-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        fleets = {"SQLite": str(folder / "fleet.sqlite")}
        try:
            if not only_sqlite:
                fleets["PostgreSQL"] = stack.enter_context(running_postgresql())
        except Unavailable as reason:
            told(f"without PostgreSQL: {reason}")
        synthetic = SyntheticFleet(images)
        gc.freeze()  # what was made up is no burden to what is measured
        before = _rss_mib()
        records = synthetic.advisories(*KNOWN)
        advisories = _Advisories(folder)
        advisories.publish(records)
        results: dict[str, dict[str, Any]] = {}
        for database, place in fleets.items():
            told(f"{database}: {images:,} images …")
            results[database] = {"load": _load(synthetic, place, before)}
        for database, place in fleets.items():
            told(f"{database}: the first judgement …")
            results[database]["first"] = _child("judge", str(advisories.store), place)
        new: list[list[Record]] = []
        for number in range(ROUNDS):
            for kind, counts in (("many", MANY), ("one", (1, 1))):
                new.append(synthetic.advisories(*counts))
                records += new[-1]
                advisories.publish(records)
                for database, place in fleets.items():
                    told(f"{database}: round {number + 1}, {counts[0]:,} advisories …")
                    results[database].setdefault(kind, []).append(
                        _child("judge", str(advisories.store), place)
                    )
        flaws = folder / "flaws"
        flaws.write_text("\n".join(record.flaw for part in new for record in part))
        sample = folder / "sample"
        answers = {}
        for database, place in fleets.items():
            told(f"{database}: all answers …")
            answers[database] = _child("answers", place, str(flaws), str(sample))
            results[database]["disk_mib"] = answers[database].pop("disk_mib")
        told("the loop …")
        known = {tuple(pair) for pair in json.loads(sample.read_text())}
        looped = _loop(synthetic, new)
        if len({json.dumps(answer) for answer in answers.values()}) != 1:
            sys.exit(f"the databases disagree: {answers}")
        if known != looped["answers"]:
            sys.exit(
                f"the loop finds {len(looped['answers'])} on the sample, the join {len(known)}"
            )
        told(f"equal: {answers['SQLite']}, {len(known):,} pairs on the sample")
    kept = {
        "images": images,
        "answers": answers["SQLite"],
        "sample": {"images": looped["images"], "pairs": len(known)},
        "loop_s": looped["seconds"],
        "databases": results,
    }
    keep("fleet", kept)
    return table(kept)


def table(kept: dict[str, Any]) -> list[str]:
    """Return the lines that the docs quote."""
    lines = [
        f"| {kept['images']:,} images | load, images/s | on disk, MiB | 1,000 advisories, s | "
        "the join alone, s | one advisory, ms | peak MiB, judging | the loop / 1,000 advisories |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, found in kept["databases"].items():
        many = median([run["wall_s"] for run in found["many"]])
        lines.append(
            f"| {name} | {found['load']['images_per_s']:,.0f} | {found['disk_mib']:,.0f} | "
            f"{many:.2f} | {median([run['join_s'] for run in found['many']]):.3f} | "
            f"{1000 * median([run['wall_s'] for run in found['one']]):.0f} | "
            f"{max(run['peak_mib'] for run in found['many']):,.0f} | "
            f"{kept['loop_s'] / many:,.0f}× |"
        )
    lines += [
        "",
        f"All forms agree: {kept['answers']['pairs']:,} (advisory, image) pairs for "
        f"{kept['answers']['advisories']:,} advisories; the loop looked at "
        f"{kept['sample']['images']:,} images, {kept['sample']['pairs']:,} of the pairs, and would "
        f"need {kept['loop_s']:,.0f} s for 1,000 advisories and all images.",
    ]
    return lines


class _Advisories:
    """A folder of feeds, and the store that is made from it."""

    def __init__(self, folder: Path) -> None:
        self._feeds, self.store = folder / "feeds", folder / "advisories.sqlite"

    def publish(self, records: Iterable[Record]) -> None:
        """Make the feeds say this, and bring the store up to date."""
        by_feed: dict[str, list[Record]] = {"Debian": [], "PyPI": []}
        for record in records:
            by_feed[record.product.ecosystem.partition(":")[0]].append(record)
        for feed, ones in by_feed.items():
            path = self._feeds / feed / "all.zip"
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(path, "w") as archive:
                for record in ones:
                    archive.writestr(f"{record.flaw}.json", json.dumps(record.osv()))
        update(self.store, Folder(self._feeds), lambda *_: None, datetime.now(UTC))


def _load(synthetic: SyntheticFleet, place: str, before: float) -> dict[str, float]:
    """Put all images into an empty fleet."""
    with _open(place) as fleet:
        started, cpu = time.perf_counter(), time.process_time()
        every = max(1, synthetic.count // _RUNNING)
        for number, records in enumerate(_batched(synthetic.images())):
            with fleet.writing():
                for n, record in enumerate(records, number * _IN_ONE_TRANSACTION):
                    fleet.images.add(record, _AT)
                    if n % every == 0:
                        fleet.workloads.started(
                            Workload(
                                f"{n:064x}", f"web-{n}", record.digest, "", "docker", "here", _AT
                            ),
                            _AT,
                        )
        seconds = time.perf_counter() - started
        return {
            "wall_s": seconds,
            "cpu_s": time.process_time() - cpu,
            "images_per_s": synthetic.count / seconds,
            "more_memory_mib": _rss_mib() - before,
        }


def _batched(images: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
    while part := tuple(islice(images, _IN_ONE_TRANSACTION)):
        yield part


def _judge(store: str, place: str) -> dict[str, Any]:
    """Judge again; in a process of its own."""
    with AdvisoryStore.open(Path(store)) as advisories, _open(place) as fleet:
        join_s = 0.0
        if lineage := fleet.notes.get("lineage"):
            with fleet.writing():
                started = time.perf_counter()
                changes = advisories.changes_since(
                    StoreState(lineage, int(fleet.notes.get("serial")), fleet.notes.get("token"))
                )
                if changes is not None:
                    _holding(
                        fleet.database,
                        (
                            (t.ecosystem, t.name, t.low, _HIGHEST if t.high is None else t.high)
                            for t in advisories.touched(changes)
                        ),
                    )
                join_s = time.perf_counter() - started
        started, cpu = time.perf_counter(), time.process_time()
        delta = rejudge(fleet, advisories, datetime.now(UTC))
        return {
            "wall_s": time.perf_counter() - started,
            "cpu_s": time.process_time() - cpu,
            "join_s": join_s,
            "peak_mib": _rss_mib(),
            "components": delta.judged,
            "flaws": len(delta.new),
            "pairs": sum(len(news.images) for news in delta.new),
            "images": delta.images_new,
            "running": delta.running_new,
            "notices": delta.notices,
        }


def _answers(place: str, flaws: str, sample: str) -> dict[str, Any]:
    """Return the number and a digest of all (flaw, image) pairs; write those of the sample."""
    with _open(place) as fleet:
        digests: dict[int, str] = dict(fleet.database.rows("SELECT id, digest FROM image"))
        by_component: dict[int, list[str]] = {}
        wanted = set(Path(flaws).read_text().split())
        for flaw, component in fleet.database.rows(
            "SELECT flaw, component FROM finding WHERE resolved = ''"
        ):
            if flaw in wanted:
                by_component.setdefault(component, []).append(flaw)
        images = fleet.images.with_components(by_component)
        by_flaw: dict[str, set[int]] = {flaw: set() for flaw in sorted(wanted)}
        for component, names in by_component.items():
            for name in names:
                by_flaw[name] |= images[component]
        state = hashlib.sha256()
        pairs: list[Pair] = []
        in_sample = {row for row, digest in digests.items() if _is_in_sample(digest, len(digests))}
        for flaw, rows in by_flaw.items():
            for digest in sorted(digests[row] for row in rows):
                state.update(f"{flaw} {digest}\n".encode())
            pairs += ((flaw, digests[row]) for row in rows & in_sample)
        Path(sample).write_text(json.dumps(pairs))
        return {
            "advisories": len(by_flaw),
            "pairs": sum(map(len, by_flaw.values())),
            "digest": state.hexdigest(),
            "disk_mib": _disk_mib(fleet.database),
        }


def _loop(synthetic: SyntheticFleet, new: Sequence[Sequence[Record]]) -> dict[str, Any]:
    """Compare each package of each image in the sample with each advisory of its name."""
    found: set[Pair] = set()
    seconds: list[float] = []
    sample = [r for r in synthetic.images() if _is_in_sample(r.digest, synthetic.count)]
    packages = {
        record.digest: [
            (p.source or p.name, p.version)
            for layer in record.layers
            for component, _ in layer.contents
            for p in (component.package,)
        ]
        for record in sample
    }
    for records in new:
        by_name: dict[str, list[Record]] = {}
        for record in records:
            by_name.setdefault(record.product.name, []).append(record)
        started = time.perf_counter()
        for digest, there in packages.items():
            for name, version in there:
                for record in by_name.get(name, ()):
                    if _is_affected(record, version):
                        found.add((record.flaw, digest))
        if len(records) > 1:
            seconds.append(time.perf_counter() - started)
    return {
        "answers": found,
        "images": len(sample),
        "seconds": median(seconds) * synthetic.count / len(sample),
    }


def _is_affected(record: Record, version: str) -> bool:
    scheme = record.product.scheme
    return any(
        (low == "0" or compare(scheme, version, low) >= 0) and compare(scheme, version, fixed) < 0
        for low, fixed in record.ranges
    )


def _is_in_sample(digest: str, images: int) -> bool:
    return int(digest.removeprefix("sha256:")[:8], 16) * images < _SAMPLE << 32


def _open(place: str) -> Fleet:
    is_file = place.startswith("/")
    return Fleet(SqliteDatabase.open(Path(place)) if is_file else open_postgresql(place))


def _disk_mib(database: Database) -> float:
    if not isinstance(database, SqliteDatabase):
        sql = "SELECT pg_database_size(current_database())"
        return float(next(database.rows(sql))[0]) / (1 << 20)
    place = Path(database.place)
    return sum(p.stat().st_size for p in place.parent.glob(f"{place.name}*")) / (1 << 20)


def _rss_mib() -> float:
    """Return the peak of this process's memory; what the one that started it had is left out."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not tell how much memory this process has had")


def _child(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.fleet", *arguments],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


_CHILDREN: dict[str, Callable[..., dict[str, Any]]] = {"judge": _judge, "answers": _answers}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in _CHILDREN:
        print(json.dumps(_CHILDREN[sys.argv[1]](*sys.argv[2:])))
    else:
        parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
        parser.add_argument("--images", type=int, default=IMAGES)
        parser.add_argument("--only-sqlite", action="store_true")
        given = parser.parse_args()
        print("\n".join(main(given.images, only_sqlite=given.only_sqlite)))
