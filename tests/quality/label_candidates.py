"""Candidates for labels, found without Seawall: raw records, and the ecosystems' own comparers.

``python -m tests.quality.label_candidates`` writes each ``labels.toml`` anew; what a person has
checked stays as it is. ``--check`` only says what would change. The packages come from `native`,
the order of versions from dpkg, rpm, Gem::Version, composer/semver, ComparableVersion and the like
(`tests.unit.versions.oracles`), the judgement from the evaluation algorithm of the OSV schema.
"""

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cmp_to_key
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tests.quality import advisories, labels
from tests.quality.labels import Label, Verdict
from tests.quality.native import Entry, entries
from tests.quality.recipe import Subject, subjects
from tests.unit.versions import language_oracles, oracles

Record = dict[str, Any]
ORACLES = {
    "Debian": (oracles.dpkg, "dpkg's own comparison"),
    "AlmaLinux": (oracles.rpm, "rpmvercmp"),
    "Alpine": (oracles.apk, "go-apk-version"),
    "PyPI": (oracles.pep440, "packaging"),
    "npm": (oracles.npm, "npm's semver"),
    "Go": (language_oracles.go, "golang.org/x/mod/semver"),
    "RubyGems": (oracles.rubygems, "Gem::Version"),
    "Packagist": (language_oracles.composer, "composer/semver"),
    "crates.io": (language_oracles.cargo, "the crate semver"),
    "Maven": (oracles.maven, "ComparableVersion"),
}
# No code of a kernel is in these, whatever advisories say of the source they come from.
HEADERS = {"linux-libc-dev": "/usr/include", "kernel-headers": "/usr/include"}
HEAD = """Made by `python -m tests.quality.label_candidates`: flaw, verdict, evidence, and what was
compared by hand. Lines with such a fourth part stay as they are when this file is made anew."""


class Incomparable(Exception):
    """The ecosystem's own code does not take one of two versions."""


class Order:
    """The order of versions of one ecosystem by its own code; pairs are asked in bulk, once."""

    def __init__(self, ecosystem: str) -> None:
        self._oracle, self.name = ORACLES[ecosystem]
        self._known: dict[tuple[str, str], oracles.Verdict] = {}

    def learn(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Ask for the order of all of these pairs."""
        asked = sorted(set(pairs) - self._known.keys())
        if asked:
            with tempfile.TemporaryDirectory() as scratch:
                self._known |= zip(asked, self._oracle(asked, Path(scratch)), strict=True)

    def __call__(self, a: str, b: str) -> int:
        """Return below 0, 0 or above 0, as `a` is below, at or above `b`; ``0`` is below all."""
        if "0" in (a, b) or a == b:
            return (a != "0") - (b != "0")
        verdict = self._known[a, b]
        if not (verdict.a_allowed and verdict.b_allowed):
            raise Incomparable(f"{a} and {b}")
        return verdict.order


@dataclass
class Said:
    """What all records say of one flaw in one package."""

    affected: list[str] = field(default_factory=list)
    safe: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def candidates(subject: Subject, scratch: Path, records: dict[str, list[Record]]) -> list[Label]:
    """Return a label for each flaw that some record names for a package of the subject."""
    listed = entries(subject, scratch)
    by_name = _by_name(records)
    told: list[tuple[Entry, Record, dict[str, Any]]] = [
        (entry, record, item)
        for entry in listed
        for record, item in by_name.get((entry.ecosystem, entry.known_as), ())
    ]
    orders = {e: Order(e) for e in {entry.ecosystem.partition(":")[0] for entry, _, _ in told}}
    for ecosystem, order in orders.items():
        order.learn(
            pair
            for entry, _, item in told
            if entry.ecosystem.partition(":")[0] == ecosystem
            for pair in _pairs(entry, item)
        )
    names = _names(records)
    by_owner = _debian_says(listed, by_name, names)
    said: dict[tuple[str, str], Said] = {}
    for entry, record, item in told:
        order = orders[entry.ecosystem.partition(":")[0]]
        for flaw in flaws(record, names):
            place = said.setdefault((entry.label, flaw), Said())
            _judge(entry, record, item, order, said=place, by_owner=by_owner, flaw=flaw)
    return sorted(_label(*key, found) for key, found in said.items() if _is_any(found))


def _is_any(said: Said) -> bool:
    return bool(said.affected or said.safe or said.remarks)


def _label(package: str, flaw: str, said: Said) -> Label:
    if said.affected:
        return Label(package, flaw, Verdict.AFFECTED.value, "; ".join(said.affected))
    if said.remarks:
        return Label(package, flaw, Verdict.REMARK.value, "; ".join(dict.fromkeys(said.remarks)))
    return Label(package, flaw, Verdict.NOT_AFFECTED.value, "; ".join(dict.fromkeys(said.safe)))


def _judge(
    entry: Entry,
    record: Record,
    item: dict[str, Any],
    order: Order,
    *,
    said: Said,
    by_owner: dict[str, set[str]],
    flaw: str,
) -> None:
    name = record["id"]
    if "withdrawn" in record:
        said.safe.append(f"{name} is withdrawn")
        return
    try:
        hit, why = _holds(entry, record, item, order)
    except Incomparable as error:
        said.remarks.append(f"{name}: {order.name} refuses {error}")
        return
    evidence = f"{name}: {why}"
    if not hit:
        said.safe.append(evidence)
    elif entry.name in HEADERS:
        said.safe.append(f"{evidence}, but the package has only headers ({HEADERS[entry.name]})")
    elif entry.owner:
        if flaw in by_owner.get(entry.owner, set()):
            said.safe.append(
                f"{evidence}, but Debian's {entry.owner} brought it and Debian speaks of it"
            )
        else:
            said.remarks.append(
                f"{evidence}, but Debian's {entry.owner} brought it and Debian is silent"
            )
    elif entry.is_locked:
        said.remarks.append(f"{evidence}, but only a lock file names it")
    elif kind := _notice(record, item):
        said.remarks.append(f"{evidence}, but the record is only a notice: {kind}")
    else:
        said.affected.append(evidence)


def _holds(entry: Entry, record: Record, item: dict[str, Any], order: Order) -> tuple[bool, str]:
    """Evaluate a record as the OSV schema says; with the modules of rpm, which it does not know."""
    version = entry.compared
    ranges = [r for r in item.get("ranges", ()) if r["type"] in ("ECOSYSTEM", "SEMVER")]
    if version in item.get("versions", ()):
        return True, f"lists {version}"
    if entry.kind == "rpm":
        return _rpm_holds(entry, record, item, order)

    def compared(one: dict[str, str], other: dict[str, str]) -> int:
        return order(_place(one), _place(other))

    by_place = cmp_to_key(compared)
    for each in ranges:
        events = sorted(each["events"], key=by_place)
        hit, last = False, ""
        for event in events:
            kind, place = next(iter(event.items()))
            if kind == "introduced" and order(version, place) >= 0:
                hit = True
            elif kind != "introduced" and order(version, place) >= (kind == "last_affected"):
                hit = False
            if kind != "introduced" and not last and order(version, place) < 0:
                last = f"{kind} {place}"
        if hit:
            return True, last or "no fix named"
    places = [f"{k} {v}" for r in ranges for e in r["events"] for k, v in e.items()]
    shown = ", ".join(places[-4:]) or "lists other versions"
    return False, f"{'…, ' if len(places) > 4 else ''}{shown}"


def _rpm_holds(
    entry: Entry, record: Record, item: dict[str, Any], order: Order
) -> tuple[bool, str]:
    """A module's fix counts for that stream only, and of several builds of a fix any one counts."""
    fixes = [e["fixed"] for r in item["ranges"] for e in r["events"] if "fixed" in e]
    is_modular = bool(entry.module) or ".module_el" in entry.version
    streams = re.findall(r"([a-z][a-z0-9_.-]*:[a-z0-9.]+)(?=[\s/,]|$)", record["summary"])
    hit, why = False, f"fixed {', '.join(fixes)}"
    for fixed in fixes:
        if (".module_el" in fixed) != is_modular:
            one, other = ("no module", "one") if is_modular else ("a module", "none")
            why = f"fixed {fixed} is of {one}, this package of {other}"
        elif is_modular and entry.module and streams and entry.module not in streams:
            why = f"fixes {', '.join(streams)}, this is of {entry.module}"
        elif order(entry.compared, fixed) >= 0:
            return False, f"fixed {fixed}"  # this build, or one of the same, has the fix
        else:
            hit, why = True, f"fixed {fixed}"
    return hit, why


def _place(event: dict[str, str]) -> str:
    return next(iter(event.values()))


def _notice(record: Record, item: dict[str, Any]) -> str:
    kind = (item.get("database_specific") or {}).get("informational") or ""
    if (record.get("database_specific") or {}).get("review_status") == "UNREVIEWED":
        kind = "unreviewed by the Go project"
    return str(kind)


def flaws(record: Record, names: dict[str, str]) -> list[str]:
    """Return what a record's flaws are called: its CVE, or each of those that it bundles."""
    bundled = [
        n for n in (*record.get("upstream", ()), *record.get("related", ())) if n[:4] == "CVE-"
    ]
    if record["id"].startswith(("ALSA-", "ALBA-", "ALEA-", "DSA-", "DLA-")):
        if record["id"].startswith(("ALBA-", "ALEA-")) and not bundled:
            return []  # no erratum of security
        return bundled or [record["id"]]
    if record["id"].startswith(("DEBIAN-", "ALPINE-")):
        return bundled or [record["id"]]
    return [names[record["id"]]]


def _names(records: dict[str, list[Record]]) -> dict[str, str]:
    """Return for each id the name of its flaw, of all that are aliases of one another."""
    group: dict[str, set[str]] = {}
    for several in records.values():
        for record in several:
            own = {record["id"], *record.get("aliases", ())}
            whole = own.union(*(group.get(name, set()) for name in own))
            group |= dict.fromkeys(whole, whole)
    return {name: min(whole, key=_rank) for name, whole in group.items()}


def _rank(name: str) -> tuple[int, str]:
    return (not name.startswith("CVE-")) + (not name.startswith(("CVE-", "GHSA-"))), name


def _debian_says(
    listed: Sequence[Entry],
    by_name: dict[tuple[str, str], list[tuple[Record, dict[str, Any]]]],
    names: dict[str, str],
) -> dict[str, set[str]]:
    return {
        owner: {
            flaw
            for record, _ in by_name.get(("Debian:12", owner), ())
            for flaw in flaws(record, names)
        }
        for owner in {entry.owner for entry in listed if entry.owner}
    }


def _by_name(
    records: dict[str, list[Record]],
) -> dict[tuple[str, str], list[tuple[Record, dict[str, Any]]]]:
    """Return what each record says of a package; its several parts about one package as one."""
    found: dict[tuple[str, str], list[tuple[Record, dict[str, Any]]]] = {}
    for several in records.values():
        for record in several:
            parts: dict[tuple[str, str], dict[str, Any]] = {}
            for item in record.get("affected", ()):
                release, name = item["package"]["ecosystem"], item["package"]["name"]
                if release == "PyPI":
                    name = canonicalize_name(name)
                if release == "Packagist":
                    name = name.lower()
                known = parts.setdefault((release, name), {**item, "ranges": [], "versions": []})
                known["ranges"] += item.get("ranges", ())
                known["versions"] += item.get("versions", ())
            for place, part in parts.items():
                found.setdefault(place, []).append((record, part))
    return found


def _pairs(entry: Entry, item: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for each in item.get("ranges", ()):
        if each["type"] in ("ECOSYSTEM", "SEMVER"):
            places = [place for event in each["events"] for place in event.values()]
            for a in (entry.compared, *places):
                yield from ((a, b) for b in places)


def merged(path: Path, fresh: list[Label]) -> list[Label]:
    """Return the new labels, but those that a person has checked as they stand in the file."""
    kept = [label for label in labels.read(path) if label.checked] if path.is_file() else []
    taken = {(label.package, label.flaw) for label in kept}
    return kept + [label for label in fresh if (label.package, label.flaw) not in taken]


def main(only_check: bool) -> int:
    """Write all labels anew, or say what would change."""
    records = advisories.records()
    changes = 0
    for subject in subjects():
        path = subject.folder / "labels.toml"
        before = set(labels.read(path)) if path.is_file() else set()
        with tempfile.TemporaryDirectory() as scratch:
            after = merged(path, candidates(subject, Path(scratch), records))
        for label in sorted(before.symmetric_difference(after))[:40] if only_check else ():
            print("-" if label in before else "+", label)
        changes += len(before.symmetric_difference(after))
        if not only_check:
            labels.write(path, after, HEAD)
        print(f"{subject.name}: {len(after)} labels")
    return min(changes, 1) if only_check else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
