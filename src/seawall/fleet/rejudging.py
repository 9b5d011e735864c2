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
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from seawall.advisories import AdvisoryStore, Changes, StoreState, subject_of
from seawall.errors import TooManyFindings
from seawall.fleet.currency_notes import as_of_components, note_currency
from seawall.fleet.databases import Database
from seawall.fleet.databases.parts import parts
from seawall.fleet.judging import judged
from seawall.fleet.news import Entry, FlawNews, notices_of
from seawall.fleet.notifying.notice import NoticeKind
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import StoredFinding, counts
from seawall.model import Finding, FixState, Package
from seawall.moments import stamp

# What comes back so soon is news only for those who were told that it had gone: a feed had a bad
# day, and all others know it.
_RETURNED = timedelta(days=7)
_SNAPSHOT = "snapshot-"  # how lineages of snapshots begin
_AT_ONCE = 5_000  # components
_AT_ONCE_BOUNDED = 50  # each may have some thousands of findings
_HIGHEST = b"\xff" * 64  # above every version key
_TOUCHED = ("ecosystem", "name", "low", "high")

Progress = Callable[[str, int, int | None], None]  # what, done, of how many


@dataclass(slots=True)
class Delta:
    """What judging again found."""

    at: str  # RFC 3339
    why_all: str = ""  # why every component was judged; empty where only those that were touched
    refused: str = ""  # why nothing was judged: the fleet knows newer advisories than these
    judged: int = 0  # components
    new: list[FlawNews] = field(default_factory=list)  # most pressing first; only what counts
    resolved: list[FlawNews] = field(default_factory=list)
    images_new: int = 0  # that are there, and have a flaw that was not known of them
    running_new: int = 0  # of these, how many run
    images_resolved: int = 0
    notices: int = 0  # put into the outbox


@dataclass(slots=True)
class _Differences:
    """What is different, by flaw."""

    new: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    resolved: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))


def rejudge(
    fleet: Fleet,
    advisories: AdvisoryStore,
    now: datetime,
    *,
    code: str = "",
    anew: bool = False,
    at_most: int | None = None,
    progress: Progress = lambda *_: None,
) -> Delta:
    """Bring the findings of all components up to date; return what changed.

    Judged is what the advisories' changes since the last time touch, and what was added since. All
    of it is with `anew`, or where `code` (a fingerprint of what judges) or the lineage of the
    advisory store is another than the last time. Components that are new to the fleet make no news:
    their images do.

    Nothing is judged by advisories that are older than those the fleet was judged by, unless `anew`
    asks for it: findings would go away that are there. What is new to the fleet waits then.

    With `at_most`, components that are new to the fleet may have so many findings.

    Raises:
        TooManyFindings: they have more; then nothing has changed.
        FleetUnusable: the fleet cannot be read or written; then nothing has changed.
        StoreUnusable: the advisory store is damaged; then nothing has changed, either.
    """
    at = stamp(now)
    delta = Delta(at)
    # Whoever waited for the right to write may hold a store that was replaced meanwhile.
    with _collector_at_rest(), fleet.writing(), advisories.latest() as advisories:  # noqa: PLR1704 - the newer one is meant
        state = advisories.state()
        obtained = _obtained(advisories)
        if not anew and (refused := _refusal(fleet, state, obtained)):
            delta.refused = refused
            return delta
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
        brought = 0
        for part in parts(sorted(pending), _AT_ONCE if at_most is None else _AT_ONCE_BOUNDED):
            # Of what is new to the fleet nothing is collected: it may be all there is.
            brought += _judge(fleet, advisories, part, delta, _Differences())
            if at_most is not None and brought > at_most:
                raise TooManyFindings(f"more than {at_most:,} findings")
            progress("judging again", delta.judged, total)
        for part in parts(sorted(touched), _AT_ONCE):
            _judge(fleet, advisories, part, delta, differences)
            progress("judging again", delta.judged, total)
        fleet.database.run("DELETE FROM pending")
        note_currency(fleet, advisories)
        _tell(fleet, differences, delta)
        fleet.notes.set("lineage", state.lineage)
        fleet.notes.set("serial", str(state.serial))
        fleet.notes.set("token", state.token)
        fleet.notes.set("obtained", obtained)
        fleet.notes.set("code", code)
        fleet.notes.set("judged", at)
        if delta.new or delta.resolved:
            fleet.notes.set("news", f"{at}: {_in_words(delta)}")
    return delta


def _in_words(delta: Delta) -> str:
    """Say in one line what was found, for a log."""
    told = [f"{delta.images_new} images newly affected, {delta.running_new} of them running"]
    told += [f"{one.finding.id} ({one.finding.severity})" for one in delta.new[:3]]
    if len(delta.new) > 3:
        told.append(f"and {len(delta.new) - 3} more")
    if delta.resolved:
        told.append(f"resolved: {len(delta.resolved)}, in {delta.images_resolved} images")
    return ", ".join(told)


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
    state = StoreState(lineage, int(serial or 0), fleet.notes.get("token"))
    changes = advisories.changes_since(state)
    return changes, "" if changes else "the advisory store is another one"


def _obtained(advisories: AdvisoryStore) -> str:
    """Return when the store last heard of any feed, RFC 3339."""
    return max((feed.obtained for feed in advisories.feeds()), default="")


def _refusal(fleet: Fleet, state: StoreState, obtained: str) -> str:
    """Return why advisories must not judge the fleet; empty where they may."""
    known, since = fleet.notes.get("lineage"), fleet.notes.get("obtained")
    if not known or known == state.lineage:
        is_older = bool(known) and state.serial < int(fleet.notes.get("serial") or 0)
        # A store that was restored and went on by itself has heard of the feeds since.
        return f"this advisory store is of {obtained}" if is_older and obtained <= since else ""
    if state.lineage.startswith(_SNAPSHOT) and not known.startswith(_SNAPSHOT):
        return "there is no advisory store here, only the snapshot of the package"
    return f"this advisory store is of {obtained}" if obtained < since else ""


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
) -> int:
    """Judge components and write what is different; return how many findings are new."""
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
    return len(ledger.new)


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
        self, row: int, findings: Sequence[Finding], stored: Sequence[StoredFinding]
    ) -> None:
        """Compare the findings of a component with all that it ever had."""
        left = list(findings)
        there = [s for s in stored if not s.resolved]
        past = [s for s in stored if s.resolved]
        # The flaw may have got another name: a CVE for what was a GHSA.
        for before, is_same in (
            (there, _has_id),
            (there, _shares_a_name),
            (past, _has_id),
            (past, _shares_a_name),
        ):
            unmatched = []
            for finding in left:
                same = next((s for s in before if is_same(s.finding, finding)), None)
                if same is None:
                    unmatched.append(finding)
                else:
                    before.remove(same)
                    self._update(row, finding, same)
            left = unmatched
        for finding in left:
            self.new.append((row, finding, _fix_since(finding, None, self._at)))
            self._differences.new[finding.id].append(Entry(row, finding))
        for old in there:
            self._resolve(row, old, findings)

    def _resolve(self, row: int, old: StoredFinding, findings: Sequence[Finding]) -> None:
        merged = next((f for f in findings if _shares_a_name(old.finding, f)), None)
        if merged is not None:  # it stands, with another one, under that one's name
            self.gone[old.id] = f"the same as {merged.id}"
            return
        self.gone[old.id] = why = self._why(row, old.finding)
        self._differences.resolved[old.finding.id].append(Entry(row, old.finding, why))

    def _why(self, row: int, finding: Finding) -> str:
        """Say why a finding is gone."""
        component = self._fleet.images.components([row])[row]
        if component.owner is not None:
            unowned = {row: replace(component, owner=None)}
            for batch in judged(unowned, self._advisories):
                if any(_shares_a_name(finding, other) for other in batch[row].findings):
                    return f"the distribution says otherwise of {component.owner.name}"
        return _why(finding, self._advisories)

    def _update(self, row: int, finding: Finding, stored: StoredFinding) -> None:
        old = stored.finding
        if not stored.resolved and old == finding:
            return
        self._fleet.findings.change(stored.id, finding, _fix_since(finding, stored, self._at))
        rise, was_epss = _rise(old, finding)
        if stored.resolved and not rise:
            away = datetime.fromisoformat(self._at) - datetime.fromisoformat(stored.resolved)
            entry = Entry(row, finding, "it is back", is_return=away < _RETURNED)
            self._differences.new[finding.id].append(entry)
        elif rise:
            entry = Entry(row, finding, rise, was_epss=was_epss)
            self._differences.new[finding.id].append(entry)


def _has_id(old: Finding, finding: Finding) -> bool:
    return old.id == finding.id


def _shares_a_name(old: Finding, finding: Finding) -> bool:
    return not {old.id, *old.aliases}.isdisjoint((finding.id, *finding.aliases))


def _rise(old: Finding, finding: Finding) -> tuple[str, float | None]:
    """Return what makes a known finding news, empty where nothing does.

    Where that is its likelihood alone, comes with what it was: only those who asked for a minimum
    that it has passed are told.
    """
    if counts(finding) and not counts(old):
        return "it counts now", None
    if finding.exploited_since and not old.exploited_since:
        return f"exploited in the wild since {finding.exploited_since}", None
    if finding.severity > old.severity:
        return f"rated {finding.severity} now, was {old.severity}", None
    if finding.state is FixState.FIXED and old.state is not FixState.FIXED:
        return f"a fix is there: {finding.fixed_in}", None
    if finding.urgency.rank < old.urgency.rank:
        return f"to {finding.urgency} now, was to {old.urgency}", None
    was, likely = old.epss or 0.0, finding.epss or 0.0
    if int(was * 100) < int(likely * 100):
        return f"to be exploited with {likely:.0%} (EPSS), was {was:.1%}", was
    return "", None


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


def _tell(fleet: Fleet, differences: _Differences, delta: Delta) -> None:
    """Find the images that it is about, and put notices into the outbox."""
    running = _running(fleet)
    gone = {row for (row,) in fleet.database.rows("SELECT id FROM image WHERE gone != ''")}
    for kind, by_flaw, kept in (
        (NoticeKind.NEW, differences.new, delta.new),
        (NoticeKind.RESOLVED, differences.resolved, delta.resolved),
    ):
        told = {
            flaw: [entry for entry in entries if counts(entry.finding)]
            for flaw, entries in by_flaw.items()
        }
        components = {entry.component for entries in told.values() for entry in entries}
        images = fleet.images.with_components(components)
        everywhere: set[int] = set()
        for entries in told.values():
            if not entries:
                continue
            there = set().union(*(images[entry.component] for entry in entries))
            if kind is NoticeKind.RESOLVED:
                there -= _still_affected(fleet, entries)
            if gone:  # of most fleets none is, and copies of large sets cost
                there -= gone & there
            if not there:
                continue
            if kind is NoticeKind.RESOLVED or any(not entry.reason for entry in entries):
                everywhere |= there
            kept.append(FlawNews.of(entries, there, there & running.keys()))
        kept.sort(key=FlawNews.order)
        if kind is NoticeKind.NEW:
            delta.images_new, delta.running_new = len(everywhere), len(everywhere & running.keys())
        else:
            delta.images_resolved = len(everywhere)
        delta.notices += fleet.outbox.put(
            *notices_of(
                kind,
                kept,
                fleet.images,
                running,
                at=delta.at,
                as_of=as_of_components(fleet, components),
            )
        )


def _still_affected(fleet: Fleet, entries: Sequence[Entry]) -> set[int]:
    """Return the images that have the flaw in another package."""
    names = {name for e in entries for name in (e.finding.id, *e.finding.aliases)}
    images = fleet.images.with_components(fleet.findings.components_named(names))
    return set().union(*images.values())


def _running(fleet: Fleet) -> Mapping[int, tuple[str, ...]]:
    """Return the images that run, with the names of their containers."""
    workloads = list(fleet.workloads.running())
    images = fleet.images.rows_of(workload.image for workload in workloads)
    found: dict[int, list[str]] = defaultdict(list)
    for workload in workloads:
        if workload.image in images:
            found[images[workload.image]].append(workload.name)
    return {row: tuple(names) for row, names in found.items()}
