"""Judge the fleet again after its advisories changed: only what they speak of, and no image.

What the advisory store's journal names is joined with the versions of all components, in one
statement; what may differ is judged with the code that scans images; what does differ is written,
together with the notices about it, in one transaction. A process that is killed leaves the fleet as
it was, and the next one does the same again.
"""

import gc
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from seawall.advisories import AdvisoryStore, Changes, StoreState, currencies, subject_of
from seawall.fleet.databases import Database
from seawall.fleet.databases.parts import parts
from seawall.fleet.judging import judged
from seawall.fleet.news import FlawNews, notices_of
from seawall.fleet.notifying.notice import NoticeKind
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import StoredFinding, counts
from seawall.model import Finding, FixState, Package
from seawall.scanning.end_of_life import supported_until

# A finding that comes back so soon after it went is no news: a feed had a bad day.
_RETURNED = timedelta(days=7)
_AT_ONCE = 5_000  # components
_HIGHEST = b"\xff" * 64  # above every version key
_TOUCHED = ("ecosystem", "name", "low", "high")
_AS_OF = "as-of:"

Progress = Callable[[str, int, int | None], None]  # what, done, of how many


@dataclass(slots=True)
class Delta:
    """What judging again found."""

    at: str  # RFC 3339
    why_all: str = ""  # why every component was judged; empty where only those that were touched
    judged: int = 0  # components
    new: list[FlawNews] = field(default_factory=list)  # most pressing first; only what counts
    resolved: list[FlawNews] = field(default_factory=list)
    images_new: int = 0  # that are there, and have a flaw that was not known of them
    running_new: int = 0  # of these, how many run
    images_resolved: int = 0
    notices: int = 0  # put into the outbox


@dataclass(slots=True)
class _Differences:
    """What is different, by flaw: component, finding, and why it is gone or what rose."""

    new: dict[str, list[tuple[int, Finding, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    resolved: dict[str, list[tuple[int, Finding, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )


def rejudge(
    fleet: Fleet,
    advisories: AdvisoryStore,
    now: datetime,
    *,
    code: str = "",
    anew: bool = False,
    progress: Progress = lambda *_: None,
) -> Delta:
    """Bring the findings of all components up to date; return what changed.

    Judged is what the advisories' changes since the last time touch, and what was added since. All
    of it is with `anew`, or where `code` (a fingerprint of what judges) or the lineage of the
    advisory store is another than the last time. Components that are new to the fleet make no news:
    their images do.

    Raises:
        FleetUnusable: the fleet cannot be read or written; then nothing has changed.
        StoreUnusable: the advisory store is damaged; then nothing has changed, either.
    """
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    delta = Delta(at)
    with _collector_at_rest(), fleet.writing():
        state = advisories.state()
        if code != fleet.notes.get("code"):
            fleet.images.watch_anew()
        changes, delta.why_all = _changes(fleet, advisories, code, anew)
        moved = _speaking(fleet, advisories)
        pending = {row for (row,) in fleet.database.rows("SELECT component FROM pending")}
        if changes is None:
            rows = fleet.database.rows("SELECT id FROM component")
            touched = {row for (row,) in rows} - pending
        else:
            touched = _touched(fleet, advisories, changes, moved) - pending
        differences = _Differences()
        total = len(touched) + len(pending)
        for components, is_news in ((sorted(pending), False), (sorted(touched), True)):
            for part in parts(components, _AT_ONCE):
                # Of what is new to the fleet nothing is collected: it may be all there is.
                _judge(fleet, advisories, part, delta, differences if is_news else _Differences())
                progress("judging again", delta.judged, total)
        fleet.database.run("DELETE FROM pending")
        _tell(fleet, differences, delta, _data_as_of(fleet, advisories))
        fleet.notes.set("lineage", state.lineage)
        fleet.notes.set("serial", str(state.serial))
        fleet.notes.set("code", code)
        fleet.notes.set("judged", at)
    return delta


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep Python from looking for circles of objects again and again.

    Judging makes hundreds of thousands of values that stay, and none in circles: to walk through
    them would take a fifth of the time.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _changes(
    fleet: Fleet, advisories: AdvisoryStore, code: str, anew: bool
) -> tuple[Changes | None, str]:
    """Return what changed since the last time; None, and why, where all is to be judged."""
    lineage, serial = fleet.notes.get("lineage"), fleet.notes.get("serial")
    if anew:
        return None, "asked for"
    if not lineage:
        return None, "it was never judged"
    if code != fleet.notes.get("code"):
        return None, "another version of Seawall judges"
    changes = advisories.changes_since(StoreState(lineage, int(serial or 0)))
    return changes, "" if changes else "the advisory store is another one"


def _speaking(fleet: Fleet, advisories: AdvisoryStore) -> list[int]:
    """Note which ecosystems speak of which components now; return where they are others."""
    known = advisories.ecosystems()
    before = fleet.notes.speaking()
    now: dict[int, frozenset[str]] = {}
    for row, namespace in fleet.images.namespaces():
        subject = subject_of(Package(namespace.type, "x", "1"), namespace.distribution, known)
        now[row] = frozenset(subject.ecosystems if subject else ())
    moved = [row for row, names in now.items() if names != before.get(row, frozenset())]
    fleet.notes.set_speaking({row: now[row] for row in moved})
    return moved


def _touched(
    fleet: Fleet, advisories: AdvisoryStore, changes: Changes, moved: Collection[int]
) -> set[int]:
    """Return the components whose judgement may be another one."""
    whole = {
        row
        for row, names in fleet.notes.speaking().items()
        if any(name.partition(":")[0] in changes.whole for name in names)
    }
    found = set(fleet.notes.of_namespaces(whole.union(moved)))
    found |= _holding(
        fleet.database,
        (
            (t.ecosystem, t.name, t.low, _HIGHEST if t.high is None else t.high)
            for t in advisories.touched(changes)
        ),
    )
    found |= fleet.findings.components_named(changes.names)
    if changes.scores_changed:
        found |= set(_rescored(fleet, advisories))
    return found


def _holding(database: Database, touched: Iterable[tuple[str, str, bytes, bytes]]) -> set[int]:
    """Return the components that one of the ranges holds, or that watch its name.

    CROSS JOIN keeps SQLite to the order in which the tables stand: few ranges, then an index.
    """
    database.create(
        [
            "CREATE TEMP TABLE IF NOT EXISTS touched "
            "(ecosystem TEXT NOT NULL, name TEXT NOT NULL, low BLOB NOT NULL, high BLOB NOT NULL)"
        ]
    )
    database.run("DELETE FROM touched")
    database.insert("touched", _TOUCHED, touched)
    names = "k.ecosystem = t.ecosystem AND s.namespace = k.namespace AND s.name = t.name"
    rows = database.rows(
        "SELECT s.component FROM touched AS t CROSS JOIN speaks AS k CROSS JOIN subject AS s "  # noqa: S608 - our own words
        f"WHERE {names} AND s.key >= t.low AND s.key < t.high UNION "
        "SELECT s.component FROM touched AS t CROSS JOIN speaks AS k CROSS JOIN watched AS s "
        f"WHERE {names}"
    )
    return {row for (row,) in rows}


def _rescored(fleet: Fleet, advisories: AdvisoryStore) -> Iterator[int]:
    """Yield the components with findings that KEV or EPSS rate otherwise now."""
    known = {name: advisories.likelihood(name) for name in fleet.findings.flaws()}
    for stored in fleet.findings.open():
        finding = stored.finding
        rated = [known[n] for n in (finding.id, *finding.aliases) if n in known]
        since = min((r.exploited_since for r in rated if r.exploited_since), default="")
        epss = max((r.probability for r in rated if r.probability is not None), default=None)
        if (since, epss) != (finding.exploited_since, finding.epss):
            yield stored.component


def _judge(
    fleet: Fleet,
    advisories: AdvisoryStore,
    rows: Sequence[int],
    delta: Delta,
    differences: _Differences,
) -> None:
    """Judge components and write what is different."""
    known = fleet.findings.of(rows, also_resolved=True)
    ledger = _Ledger(fleet, advisories, delta.at, differences)
    gaps: dict[int, list[str]] = {}
    for batch in judged(fleet.images.components(rows), advisories):
        delta.judged += len(batch)
        for row, judgement in batch.items():
            gaps[row] = judgement.gaps
            ledger.compare(row, judgement.findings, known.get(row, []))
    fleet.findings.add(ledger.new, delta.at)
    fleet.findings.resolve(ledger.gone, delta.at)
    before = fleet.findings.gaps(rows)
    fleet.findings.set_gaps(
        {row: told for row, told in gaps.items() if set(told) != set(before.get(row, ()))}
    )


class _Ledger:
    """Compares what components have with what they had, and notes every difference."""

    def __init__(
        self, fleet: Fleet, advisories: AdvisoryStore, at: str, differences: _Differences
    ) -> None:
        self._fleet, self._advisories, self._at = fleet, advisories, at
        self._differences = differences
        self.new: list[tuple[int, Finding, str]] = []  # component, finding, fix since
        self.gone: dict[int, str] = {}  # row of a finding → why

    def compare(
        self, row: int, findings: Iterable[Finding], stored: Sequence[StoredFinding]
    ) -> None:
        """Compare the findings of a component with all that it ever had, open ones first."""
        before = {s.finding.id: s for s in reversed(stored)}
        unmatched = []
        for finding in findings:
            same = before.pop(finding.id, None)
            if same is None:
                unmatched.append(finding)
            else:
                self._update(row, finding, same)
        for finding in unmatched:
            # The flaw may have got another name: a CVE for what was a GHSA.
            names = {finding.id, *finding.aliases}
            same = next(
                (s for s in before.values() if names & {s.finding.id, *s.finding.aliases}), None
            )
            if same is not None:
                del before[same.finding.id]
                self._update(row, finding, same)
            else:
                self.new.append((row, finding, _fix_since(finding, None, self._at)))
                self._differences.new[finding.id].append((row, finding, ""))
        for left in before.values():
            if not left.resolved:
                self.gone[left.id] = why = _why(left.finding, self._advisories)
                self._differences.resolved[left.finding.id].append((row, left.finding, why))

    def _update(self, row: int, finding: Finding, stored: StoredFinding) -> None:
        old = stored.finding
        if not stored.resolved and old == finding:
            return
        self._fleet.findings.change(stored.id, finding, _fix_since(finding, stored, self._at))
        if stored.resolved:
            away = datetime.fromisoformat(self._at) - datetime.fromisoformat(stored.resolved)
            if away >= _RETURNED:
                self._differences.new[finding.id].append((row, finding, "it is back"))
        elif rise := _rise(old, finding):
            self._differences.new[finding.id].append((row, finding, rise))


def _rise(old: Finding, finding: Finding) -> str:
    """Return what makes a known finding news; empty where nothing does."""
    if counts(finding) and not counts(old):
        return "it counts now"
    if finding.exploited_since and not old.exploited_since:
        return f"exploited in the wild since {finding.exploited_since}"
    if finding.severity > old.severity:
        return f"rated {finding.severity} now, was {old.severity}"
    if finding.state is FixState.FIXED and old.state is not FixState.FIXED:
        return f"a fix is there: {finding.fixed_in}"
    return ""


def _fix_since(finding: Finding, stored: StoredFinding | None, at: str) -> str:
    """Return the date since when a fix is known to exist.

    Where we saw it appear, that day; else the day when the first advisory that names a fix was
    published, though the fix may have come later.
    """
    if finding.state is not FixState.FIXED:
        return ""
    if stored is not None and stored.fix_since:
        return stored.fix_since
    if stored is not None and not stored.resolved:
        return at[:10]
    return min(finding.fix_published[:10] or at[:10], at[:10])


def _why(finding: Finding, advisories: AdvisoryStore) -> str:
    """Say why a finding is gone."""
    rows: dict[int, tuple[str, str]] = {}
    for name in (finding.id, *finding.aliases):
        for number, advisory in advisories.named(name).items():
            rows[number] = (advisory.id, advisory.withdrawn)
    if not rows:
        return f"{finding.id} is no longer among the advisories"
    if all(withdrawn for _, withdrawn in rows.values()):
        return f"withdrawn: {', '.join(sorted({name for name, _ in rows.values()}))}"
    standing = sorted({name for name, withdrawn in rows.values() if not withdrawn})
    return f"{', '.join(standing[:3])} no longer names {finding.name} {finding.installed}"


def _tell(fleet: Fleet, differences: _Differences, delta: Delta, data_as_of: str) -> None:
    """Find the images that it is about, and put notices into the outbox."""
    running = _running(fleet)
    gone = {row for (row,) in fleet.database.rows("SELECT id FROM image WHERE gone != ''")}
    for kind, by_flaw, kept in (
        (NoticeKind.NEW, differences.new, delta.new),
        (NoticeKind.RESOLVED, differences.resolved, delta.resolved),
    ):
        told = {
            flaw: [entry for entry in entries if counts(entry[1])]
            for flaw, entries in by_flaw.items()
        }
        components = {row for entries in told.values() for row, _, _ in entries}
        images = fleet.images.with_components(components)
        everywhere: set[int] = set()
        for entries in told.values():
            if not entries:
                continue
            there = set().union(*(images[row] for row, _, _ in entries))
            if gone:  # of most fleets none is, and copies of large sets cost
                there -= gone & there
            if kind is NoticeKind.RESOLVED or any(not rise for _, _, rise in entries):
                everywhere |= there
            kept.append(FlawNews.of(entries, there, there & running.keys()))
        kept.sort(key=FlawNews.order)
        if kind is NoticeKind.NEW:
            delta.images_new, delta.running_new = len(everywhere), len(everywhere & running.keys())
        else:
            delta.images_resolved = len(everywhere)
        delta.notices += fleet.outbox.put(
            *notices_of(kind, kept, fleet.images, running, at=delta.at, data_as_of=data_as_of)
        )


def _running(fleet: Fleet) -> Mapping[int, tuple[str, ...]]:
    """Return the images that run, with the names of their containers."""
    workloads = list(fleet.workloads.running())
    images = fleet.images.rows_of(workload.image for workload in workloads)
    found: dict[int, list[str]] = defaultdict(list)
    for workload in workloads:
        if workload.image in images:
            found[images[workload.image]].append(workload.name)
    return {row: tuple(names) for row, names in found.items()}


def _data_as_of(fleet: Fleet, advisories: AdvisoryStore) -> str:
    """Note how current each ecosystem is that the fleet is judged by; return the oldest."""
    speaking = fleet.notes.speaking()
    until: dict[str, str] = {}  # the end of the release that an ecosystem speaks of
    for row, namespace in fleet.images.namespaces():
        end = supported_until(namespace.distribution)
        for name in speaking.get(row, ()):
            until[name] = end.isoformat() if end else until.get(name, "")
    dates = []
    for name in sorted(until):
        for one in currencies(advisories, [name], until[name]):
            fleet.notes.set(_AS_OF + name, one.as_of)
            dates.append(one.as_of)
    return min(filter(None, dates), default="")
