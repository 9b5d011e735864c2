"""The advisories of the gate: real records, unchanged, and hand-written ones where there are none.

``python -m tests.quality.advisories FOLDER`` takes from a folder of feeds the records that name a
package of a subject. Two packages have thousands; of them a sample is kept (`SAMPLED`).
"""

import json
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from seawall.advisories import Folder, update
from tests.quality.native import entries
from tests.quality.recipe import DATA, subjects

ZIPS = DATA / "advisories"
Record = dict[str, Any]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
# Every n-th record that speaks of these is enough.
SAMPLED = {
    ("Debian:12", "linux"): 120,
    ("AlmaLinux:8", "kernel-core"): 12,
    ("AlmaLinux:8", "kernel-headers"): 12,
    ("AlmaLinux:8", "runc"): 2,
}


def records() -> dict[str, list[Record]]:
    """Return all records by the ecosystem of their feed."""
    found: dict[str, list[Record]] = {}
    for path in sorted(ZIPS.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            found[path.stem] = [json.loads(archive.read(name)) for name in archive.namelist()]
    for path in sorted(DATA.glob("*/advisories/*/*.json")):
        found.setdefault(path.parent.name, []).append(json.loads(path.read_text("utf-8")))
    return found


def store(folder: Path) -> Path:
    """Make the store of the gate, the way a user imports a folder of feeds."""
    feeds = folder / "feeds"
    for ecosystem, several in records().items():
        place = feeds / ecosystem
        place.mkdir(parents=True)
        with zipfile.ZipFile(place / "all.zip", "w") as archive:
            for record in several:
                archive.writestr(f"{record['id']}.json", json.dumps(record))
    path = folder / "advisories.sqlite"
    outcome = update(path, Folder(feeds), lambda *_: None, NOW)
    failed = [
        str(error)
        for error in outcome.failed
        if "kev" not in str(error) and "epss" not in str(error)
    ]
    assert not failed, failed
    return path


def named(record: Record) -> set[tuple[str, str]]:
    """Return ecosystem with release, and name, of each package a record speaks of."""
    return {
        (release, canonical(release, name))
        for item in record.get("affected", ())
        for release, name in [(item["package"]["ecosystem"], item["package"]["name"])]
    }


def canonical(release: str, name: str) -> str:
    """Return a name in the one form that is compared; an ecosystem's own rule, not Seawall's."""
    if release == "PyPI":
        return canonicalize_name(name)
    return name.lower() if release == "Packagist" else name


def select(source: Path) -> None:
    """Copy the records that matter to the subjects, byte for byte."""
    every = dict.fromkeys(_names_of_subjects(), 1) | SAMPLED
    shutil.rmtree(ZIPS, ignore_errors=True)
    ZIPS.mkdir(parents=True)
    for ecosystem in sorted({release.partition(":")[0] for release, _ in every}):
        if (source / ecosystem / "all.zip").is_file():
            _copy(source / ecosystem / "all.zip", ZIPS / f"{ecosystem}.zip", every)


def _names_of_subjects() -> Iterator[tuple[str, str]]:
    for subject in subjects():
        with tempfile.TemporaryDirectory() as scratch:
            for entry in entries(subject, Path(scratch)):
                yield entry.ecosystem, entry.known_as
                if entry.owner:
                    yield "Debian:12", entry.owner


def _copy(source: Path, target: Path, every: dict[tuple[str, str], int]) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compresslevel=9) as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            hits = named(json.loads(content)) & every.keys()
            seen.update(hits)
            # A record of a sampled package stands for that one, whatever else it names.
            if hits and all(seen[hit] % every[hit] == 1 % every[hit] for hit in hits):
                dated = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))  # the same file each time
                new.writestr(dated, content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    select(Path(sys.argv[1]))
