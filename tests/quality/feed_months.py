"""Other states of a folder of real feeds: a month ago, and a day on which much is taken back.

Feeds keep no history, so the month ago is told from their dates, see `month_ago`. What changes
in `revised` is decided by the id of a record, so it is the same each time.
"""

import csv
import gzip
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Revise = Callable[[str, Record], Record | None]  # ecosystem, record → record, or None: not there

_MONTH = timedelta(days=31)
_REVISED = 20  # one of so many records of each sort
_TAKEN_BACK = "2026-11-21T00:00:00Z"  # a day after all that the feeds have


@dataclass(slots=True)
class Tally:
    """What became of the records."""

    kept: int = 0
    left_out: int = 0
    put_back: int = 0  # into their older state; or revised


@dataclass(slots=True)
class State:
    """A folder of feeds, and what is different there."""

    folder: Path
    tally: dict[str, Tally] = field(default_factory=dict)  # by feed


def month_ago(source: Path, folder: Path) -> State:
    """Write the feeds as they were 31 days before the newest record of each.

    A record that was published (or, without that date, modified) since is left out. Of older ones
    that were modified since, the earlier state is told where it can be: those that were withdrawn
    since stand, and Debian's lack the packages that were fixed since (``debian/fixed.csv.gz`` has
    the dates). All others are left out, too. A feed whose records all have one date stays whole.
    KEV lacks what it gained in its last 31 days; EPSS lacks the flaws that only records name which
    are left out, its older values are not known.
    """
    fixed = _fix_dates(source / "debian" / "fixed.csv.gz")
    dates = {
        feed: (min(known), _before(max(known)))
        for feed, records in _feeds(source)
        for known in [list(map(_known, records))]
    }
    named: set[str] = set()
    gone: set[str] = set()

    def earlier(feed: str, record: Record) -> Record | None:
        oldest, since = dates[feed]
        found: Record | None = record
        if oldest <= since < max(_known(record), record["modified"]):
            found = _earlier(record, since, fixed) if _known(record) <= since else None
        (gone if found is None else named).update(_names(record))
        return found

    state = _revised(source, folder, earlier)
    new = gone - named
    known = {
        r["cveID"]: r for r in json.loads((source / "kev.json").read_text())["vulnerabilities"]
    }
    since = _before(max(entry["dateAdded"] for entry in known.values()))
    _kev(source, folder, state, lambda cve: known[cve]["dateAdded"] <= since)
    _epss(source, folder, state, lambda cve, value: None if cve in new else value)
    return state


def revised(source: Path, folder: Path, installed: Mapping[str, str]) -> State:
    """Write the feeds with records that are withdrawn, narrowed and widened.

    `installed` has by the name that advisories use a version that the fleet has of a package: a
    record that is narrowed says that this one has the fix. One that is widened knows of no fix.
    KEV has lost one in thirteen entries, one in ten values of EPSS is another.
    """

    def revise(_: str, record: Record) -> Record:
        match zlib.crc32(record["id"].encode()) % _REVISED:
            case 0:
                return {"withdrawn": _TAKEN_BACK} | record
            case 1:
                return _with_events(
                    record, lambda name, event: _narrowed(event, installed[name]), installed
                )
            case 2:
                return _with_events(record, lambda _, event: _widened(event))
            case _:
                return record

    state = _revised(source, folder, revise)
    _kev(source, folder, state, lambda cve: zlib.crc32(cve.encode()) % 13 > 0)
    _epss(
        source,
        folder,
        state,
        lambda cve, value: (
            f"{float(value) / 2 + 0.05:.5f}" if zlib.crc32(cve.encode()) % 10 == 0 else value
        ),
    )
    return state


def _earlier(
    record: Record, since: str, fixed: Mapping[tuple[str, str, str], str]
) -> Record | None:
    """Return an old record without what came since; None where that is not told."""
    if record.get("withdrawn", "") > since:
        return {name: value for name, value in record.items() if name != "withdrawn"}
    cves = [name for name in _names(record) if name.startswith("CVE-")]
    left = [
        item
        for item in record.get("affected", ())
        if any(fixed.get((cve, *_place(item)), "9") <= since for cve in cves)
    ]
    return record | {"affected": left} if left else None


def _place(item: Record) -> tuple[str, str]:
    return item["package"]["name"], item["package"]["ecosystem"]


def _fix_dates(path: Path) -> dict[tuple[str, str, str], str]:
    """Return the dates of fixes in Debian, by CVE, source package and ecosystem."""
    releases = {"bullseye": "Debian:11", "bookworm": "Debian:12", "trixie": "Debian:13"}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return {
            (row["cve"], row["source"], releases[row["suite"]]): row["date"]
            for row in csv.DictReader(file)
            if row["suite"] in releases
        }


def _with_events(
    record: Record,
    change: Callable[[str, dict[str, str]], dict[str, str] | None],
    names: Mapping[str, str] | None = None,
) -> Record:
    """Return a record with other events in the ranges of the packages of these names."""
    affected = []
    for item in record.get("affected", ()):
        name = item.get("package", {}).get("name", "")
        if names is None or name in names:
            ranges = [
                limits | {"events": [e for event in limits["events"] if (e := change(name, event))]}
                if limits["type"] != "GIT"
                else limits
                for limits in item.get("ranges", ())
            ]
            item = {**item, "ranges": ranges}  # noqa: PLW2901 - the same one, changed
            item.pop("versions", None)  # they list what the ranges said
        affected.append(item)
    return record | {"affected": affected}


def _narrowed(event: dict[str, str], version: str) -> dict[str, str]:
    return {"fixed": version} if "fixed" in event or "last_affected" in event else event


def _widened(event: dict[str, str]) -> dict[str, str] | None:
    return None if "fixed" in event or "last_affected" in event else event


def _known(record: Record) -> str:
    """Return the date since when a record is known."""
    return str(record.get("published") or record["modified"])


def _names(record: Record) -> list[str]:
    return [record["id"], *record.get("aliases", ()), *record.get("upstream", ())]


def _before(newest: str) -> str:
    return (date.fromisoformat(newest[:10]) - _MONTH).isoformat() + "T23:59:59Z"


def _feeds(source: Path) -> Iterator[tuple[str, list[Record]]]:
    for path in sorted((source / "osv").glob("*/all.zip")):
        with zipfile.ZipFile(path) as archive:
            yield path.parent.name, [json.loads(archive.read(n)) for n in archive.namelist()]


def _revised(source: Path, folder: Path, revise: Revise) -> State:
    state = State(folder)
    for feed, records in _feeds(source):
        tally = state.tally[feed] = Tally()
        (folder / "osv" / feed).mkdir(parents=True)
        with zipfile.ZipFile(folder / "osv" / feed / "all.zip", "w") as archive:
            for record in records:
                found = revise(feed, record)
                if found is None:
                    tally.left_out += 1
                    continue
                tally.kept += 1
                tally.put_back += found != record
                archive.writestr(f"{record['id']}.json", json.dumps(found))
    shutil.copy(source / "osv" / "ecosystems.txt", folder / "osv")
    return state


def _kev(source: Path, folder: Path, state: State, keeps: Callable[[str], bool]) -> None:
    catalogue = json.loads((source / "kev.json").read_text("utf-8"))
    entries = catalogue["vulnerabilities"]
    catalogue["vulnerabilities"] = [entry for entry in entries if keeps(entry["cveID"])]
    kept = len(catalogue["vulnerabilities"])
    state.tally["kev"] = Tally(kept, len(entries) - kept)
    (folder / "kev.json").write_text(json.dumps(catalogue), "utf-8")


def _epss(
    source: Path, folder: Path, state: State, change: Callable[[str, str], str | None]
) -> None:
    tally = state.tally["epss"] = Tally()
    with (
        gzip.open(source / "epss.csv.gz", "rt", encoding="utf-8") as old,
        gzip.open(folder / "epss.csv.gz", "wt", encoding="utf-8", compresslevel=1) as new,
    ):
        for line in old:
            cve, _, rest = line.partition(",")
            value, _, percentile = rest.partition(",")
            if not cve.startswith("CVE-"):
                new.write(line)
                continue
            found = change(cve, value)
            tally.left_out += found is None
            if found is not None:
                tally.kept += 1
                tally.put_back += found != value
                new.write(f"{cve},{found},{percentile}")
