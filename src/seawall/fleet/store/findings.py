"""Findings of the fleet: one row for a flaw of a component, whatever number of images have it.

A row is open until its finding goes away, and is opened again when that returns; so it says since
when a flaw is known, until when, and who ended it. An image's finding is the row of its component:
known since the later of both.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

import msgspec

from seawall.errors import FleetUnusable
from seawall.fleet.databases import Database
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.documents import packed, unpacked
from seawall.model import Finding, FixState, Severity, Urgency

_DEFAULTS = {f.name: f.default for f in fields(Finding) if f.default is not MISSING}
_URGENCIES = list(Urgency)
_NAME = 300  # letters of an advisory's id
_decoder = msgspec.msgpack.Decoder(Finding)
_COLUMNS = (
    "id, component, flaw, severity, urgency, is_fixable, is_exploited, counts, fix_since, "
    "document, first_seen, resolved, resolved_by"
)


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding of a component in the store."""

    id: int
    component: int
    finding: Finding  # without layer, path and evidence
    fix_since: str  # date since when a fix is known to exist; empty without one
    first_seen: str
    resolved: str  # empty while it is open
    resolved_by: str


@dataclass(frozen=True, slots=True)
class Rating:
    """What a gate wants of a finding; cheap to read."""

    component: int
    severity: Severity
    urgency: Urgency
    is_fixable: bool
    is_exploited: bool
    counts: bool
    fix_since: str


def encode(finding: Finding) -> bytes:
    """Return a finding as bytes, without what is as usual."""
    told = {
        name: value
        for name in Finding.__slots__
        if (value := getattr(finding, name)) != _DEFAULTS.get(name, MISSING)
    }
    return packed(told)


def counts(finding: Finding) -> bool:
    """Tell whether a finding counts for gates and notices: it can be acted on."""
    return finding.urgency is not Urgency.HIDDEN and not finding.locked


def _names(finding: Finding) -> list[str]:
    """Return what a finding is found by; longer ones are no names, and no index holds them."""
    return sorted(name for name in {finding.id, *finding.aliases} if len(name) <= _NAME)


def _values(finding: Finding, fix_since: str) -> tuple[Any, ...]:
    return (
        finding.id,
        int(finding.severity),
        finding.urgency.rank,
        int(finding.state is FixState.FIXED),
        int(bool(finding.exploited_since)),
        int(counts(finding)),
        fix_since,
        encode(finding),
    )


class Findings:
    """All findings that ever were."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(
        self, components: Collection[int], *, also_resolved: bool = False
    ) -> dict[int, list[StoredFinding]]:
        """Return the findings of components, open ones first."""
        found: dict[int, list[StoredFinding]] = defaultdict(list)
        wanted = "" if also_resolved else "AND resolved = '' "
        for part in parts(sorted(components)):
            for row in self._db.rows(
                f"SELECT {_COLUMNS} FROM finding WHERE component IN ({marks(part)}) "  # noqa: S608 - marks only
                f"{wanted}ORDER BY resolved, id",
                part,
            ):
                stored = self._stored(row)
                found[stored.component].append(stored)
        return found

    def ratings(self, components: Collection[int]) -> Iterator[Rating]:
        """Yield what gates want of the open findings of components."""
        for part in parts(sorted(components)):
            for (
                component,
                severity,
                urgency,
                fixable,
                exploited,
                counting,
                fix_since,
            ) in self._db.rows(
                "SELECT component, severity, urgency, is_fixable, is_exploited, counts, fix_since "  # noqa: S608 - marks only
                f"FROM finding WHERE resolved = '' AND component IN ({marks(part)})",
                part,
            ):
                yield Rating(
                    component,
                    Severity(severity),
                    _URGENCIES[urgency],
                    bool(fixable),
                    bool(exploited),
                    bool(counting),
                    fix_since,
                )

    def named(self, name: str, *, also_resolved: bool = False) -> list[StoredFinding]:
        """Return the findings of all components with this id or alias, in any case of letters."""
        wanted = "" if also_resolved else "AND resolved = ''"
        # As they are written: CVE-2024-3094, GHSA-jfh8-c2jp-5v3q.
        prefix, dash, rest = name.upper().partition("-")
        for given in dict.fromkeys((name, name.upper(), prefix + dash + rest.lower())):
            rows = self._db.rows(
                f"SELECT {_COLUMNS} FROM finding WHERE id IN "  # noqa: S608 - our own words
                f"(SELECT finding FROM finding_name WHERE name = ?) {wanted} ORDER BY id",
                (given,),
            )
            if found := [self._stored(row) for row in rows]:
                return found
        return []

    def components_named(self, names: Iterable[str]) -> set[int]:
        """Return the components with open findings of these names."""
        return {
            row
            for part in parts(sorted(names))
            for (row,) in self._db.rows(
                "SELECT component FROM finding WHERE resolved = '' AND id IN "  # noqa: S608 - marks only
                f"(SELECT finding FROM finding_name WHERE name IN ({marks(part)}))",
                part,
            )
        }

    def flaws(self) -> list[str]:
        """Return all names of open findings that KEV and EPSS could rate."""
        sql = (
            "SELECT DISTINCT n.name FROM finding_name AS n JOIN finding AS f ON f.id = n.finding "
            "WHERE f.resolved = '' AND n.name > 'CVE-' AND n.name < 'CVE.'"
        )
        return [name for (name,) in self._db.rows(sql)]

    def open(self) -> Iterator[StoredFinding]:
        """Yield all open findings."""
        rows = self._db.rows(f"SELECT {_COLUMNS} FROM finding WHERE resolved = ''", many=True)  # noqa: S608 - our own words
        yield from map(self._stored, rows)

    def add(self, found: Sequence[tuple[int, Finding, str]], at: str) -> None:
        """Add findings: component, finding, since when a fix exists."""
        first = int(next(self._db.rows("SELECT coalesce(max(id), 0) + 1 FROM finding"))[0])
        self._db.insert(
            "finding",
            _COLUMNS.split(", "),
            (
                (first + n, component, *_values(finding, fix_since), at, "", "")
                for n, (component, finding, fix_since) in enumerate(found)
            ),
        )
        self._db.insert(
            "finding_name",
            ("name", "finding"),
            (
                (name, first + n)
                for n, (_, finding, _) in enumerate(found)
                for name in _names(finding)
            ),
        )

    def change(self, row: int, finding: Finding, fix_since: str) -> None:
        """Replace what a row says; it is open afterwards."""
        self._db.run(
            "UPDATE finding SET flaw = ?, severity = ?, urgency = ?, is_fixable = ?, "
            "is_exploited = ?, counts = ?, fix_since = ?, document = ?, resolved = '', "
            "resolved_by = '' WHERE id = ?",
            (*_values(finding, fix_since), row),
        )
        self._db.run_many(
            "INSERT INTO finding_name VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(name, row) for name in _names(finding)],
        )

    def resolve(self, rows: Mapping[int, str], at: str) -> None:
        """Close findings: row → why."""
        self._db.run_many(
            "UPDATE finding SET resolved = ?, resolved_by = ? WHERE id = ?",
            [(at, why, row) for row, why in rows.items()],
        )

    def set_gaps(self, gaps: Mapping[int, Collection[str]]) -> None:
        """Replace what could not be compared of components."""
        for part in parts(sorted(gaps)):
            self._db.run(f"DELETE FROM gap WHERE component IN ({marks(part)})", part)  # noqa: S608 - marks only
        self._db.insert(
            "gap",
            ("component", "reason"),
            ((row, reason) for row, reasons in gaps.items() for reason in sorted(set(reasons))),
        )

    def gaps(self, components: Collection[int]) -> dict[int, list[str]]:
        """Return what could not be compared of components."""
        found: dict[int, list[str]] = defaultdict(list)
        for part in parts(sorted(components)):
            for row, reason in self._db.rows(
                f"SELECT component, reason FROM gap WHERE component IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            ):
                found[row].append(reason)
        return found

    def _stored(self, row: tuple[Any, ...]) -> StoredFinding:
        try:
            return StoredFinding(
                row[0], row[1], decode(bytes(row[9])), row[8], row[10], row[11], row[12]
            )
        except ValueError as error:
            raise FleetUnusable(f"{self._db.place}: damaged ({error})") from error


def decode(data: bytes) -> Finding:
    """Return what `encode` wrote.

    Raises:
        ValueError: `data` is nothing of it.
    """
    try:
        return unpacked(data, _decoder)
    except ValueError as error:
        raise ValueError(f"not a stored finding: {error}") from error
