"""The journal: what changed since a state, so that nothing else has to be judged again."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.advisories import (
    AdvisoryStore,
    Change,
    ChangeKind,
    Changes,
    Folder,
    Outcome,
    StoreState,
    Touched,
    snapshot_of,
    store_writer,
    subject_of,
    update,
)
from seawall.advisories.feeds.epss import Score
from seawall.advisories.feeds.kev import Exploited
from seawall.advisories.feeds.osv import Parsed
from seawall.advisories.journal import Mark, differences, fingerprint, summed_up
from seawall.advisories.store_writer import StoreWriter
from seawall.errors import StoreUnusable, VersionSyntaxError
from seawall.model import Distribution, Finding, FixState, Package, Urgency
from seawall.scanning.vulnerabilities import judge_packages
from seawall.versions import key
from tests.unit.advisories.records import NOW, Record, affects, below, fill, parsed, real, record
from tests.unit.advisories.server import EPSS, KEV, feeds, lay_out, zipped

NEW, CHANGED, WITHDRAWN, RESTORED, REMOVED = ChangeKind
GONE = "2026-01-05T00:00:00Z"

# --- records and their fingerprints ---------------------------------------------------------------


def test_a_fingerprint_has_no_part_in_time_and_order() -> None:
    content = real("Debian", "DEBIAN-CVE-2023-4911")
    one = parsed(content, "Debian")
    content["modified"] = "2026-11-20T00:00:00Z"
    content["affected"].reverse()
    other = parsed(content, "Debian")
    other.advisory = replace(other.advisory, aliases=("b", "a"))
    one.advisory = replace(one.advisory, aliases=("a", "b"))
    assert one.intervals != other.intervals
    assert fingerprint(one) == fingerprint(other)
    assert len(fingerprint(one)) == 12


def full() -> Parsed:
    versions = ["1", "2.0.0-NA"]
    content = record("X-1", affects("PyPI", "a", {"introduced": "2"}, {"fixed": "3"}))
    content["affected"].append(affects("PyPI", "b", versions=versions))
    content |= {"aliases": ["CVE-2020-1000"], "summary": "s", "published": "2020-01-01T00:00:00Z"}
    return parsed(content, "PyPI")


ADVISORY_FIELDS = {
    "aliases": ("CVE-2020-1000", "CVE-2020-1001"),
    "upstream": ("CVE-2020-1001",),
    "severity": 3,
    "score": 7.5,
    "summary": "other",
    "published": "2020-01-02T00:00:00Z",
    "withdrawn": GONE,
}
INTERVAL_FIELDS = {
    "low": b"",
    "high": None,
    "module": "nodejs:18",
    "channel": "esm",
    "notice": "unsound",
}
RANGE_FIELDS = {
    "ecosystem": "PyPI:x",
    "name": "c",
    "introduced": "2.0",
    "fixed": "3.0",
    "last_affected": "3",
    "state": FixState.WILL_NOT_FIX,
}
UNPARSABLE_FIELDS = {
    "ecosystem": "PyPI:x",
    "name": "c",
    "text": "x",
    "reason": "y",
    "is_exact": False,
}


def test_everything_else_has_a_part_in_a_fingerprint() -> None:
    several = [fingerprint(full())]
    for name, value in ADVISORY_FIELDS.items():
        other = full()
        other.advisory = replace(other.advisory, **{name: value})  # type: ignore[arg-type] # by name
        several.append(fingerprint(other))
    for name, value in INTERVAL_FIELDS.items():
        other = full()
        other.intervals[0] = replace(other.intervals[0], **{name: value})  # type: ignore[arg-type] # by name
        several.append(fingerprint(other))
    for name, value in RANGE_FIELDS.items():
        other = full()
        limits = replace(other.intervals[0].range, **{name: value})  # type: ignore[arg-type] # by name
        other.intervals[0] = replace(other.intervals[0], range=limits)
        several.append(fingerprint(other))
    for name, value in UNPARSABLE_FIELDS.items():
        other = full()
        other.unparsable[0] = replace(other.unparsable[0], **{name: value})  # type: ignore[arg-type] # by name
        several.append(fingerprint(other))
    for part in ("intervals", "unparsable"):
        other = full()
        del getattr(other, part)[0]
        several.append(fingerprint(other))
    assert len(set(several)) == len(several) == 26


def test_an_empty_range_is_no_open_one() -> None:
    one, other = full(), full()
    one.intervals[0] = replace(one.intervals[0], low=b"", high=b"")
    other.intervals[0] = replace(other.intervals[0], low=b"", high=None)
    assert fingerprint(one) != fingerprint(other)


def test_what_became_of_a_record_is_told_by_two_marks() -> None:
    old, new = Mark(1, b"a", is_withdrawn=False), Mark(2, b"b", is_withdrawn=False)
    before = {"same": old, "edited": old, "back": replace(old, is_withdrawn=True), "left": old}
    before["taken"] = old
    after = {"same": replace(old, row=9), "edited": new, "back": new, "came": new}
    after["taken"] = replace(new, is_withdrawn=True)
    assert dict(differences(before, after)) == {
        "edited": CHANGED,
        "back": RESTORED,
        "left": REMOVED,
        "came": NEW,
        "taken": WITHDRAWN,
    }


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ([NEW], NEW),
        ([NEW, CHANGED], NEW),
        ([NEW, WITHDRAWN], WITHDRAWN),
        ([NEW, WITHDRAWN, RESTORED], NEW),
        ([NEW, CHANGED, REMOVED], None),
        ([NEW, REMOVED, NEW, REMOVED], None),
        ([CHANGED, REMOVED], REMOVED),
        ([REMOVED, NEW], CHANGED),
        ([REMOVED, NEW, WITHDRAWN], WITHDRAWN),
        ([WITHDRAWN, RESTORED], RESTORED),
        ([WITHDRAWN, REMOVED], REMOVED),
    ],
)
def test_changes_that_follow_each_other_are_one(
    kinds: list[ChangeKind], told: ChangeKind | None
) -> None:
    changes = [Change("X-1", "osv/PyPI", kind) for kind in kinds]
    expected = (Change("X-1", "osv/PyPI", told),) if told else ()
    assert summed_up(changes) == expected


# --- stores ---------------------------------------------------------------------------------------

Feeds = Mapping[str, Sequence[Record]]


def rewrite(path: Path, records: Feeds, **scores: Any) -> Counter[ChangeKind]:
    """Replace these feeds; leave all others."""
    with StoreWriter(path) as writer:
        for feed, several in records.items():
            writer.forget(f"osv/{feed}")
            for one in sorted(several, key=lambda one: str(one["id"])):
                writer.add(f"osv/{feed}", parsed(one, feed))
        if "exploited" in scores:
            writer.set_exploited(scores["exploited"])
        if "likely" in scores:
            writer.set_likelihoods(scores["likely"])
        return writer.publish()


def state_of(path: Path) -> StoreState:
    with AdvisoryStore.open(path) as store:
        return store.state()


def since(path: Path, state: StoreState) -> tuple[Changes, list[Touched]]:
    with AdvisoryStore.open(path) as store:
        changes = store.changes_since(state)
        assert changes is not None
        assert (changes.since, changes.until) == (state, store.state())
        return changes, list(store.touched(changes))


def kinds(changes: Changes) -> dict[str, ChangeKind]:
    return {change.advisory: change.kind for change in changes.changes}


def span(name: str, low: str, high: str) -> Touched:
    ends = [b"" if end == "0" else key("pep440", end) for end in (low, high)]
    return Touched("PyPI", name, *ends)


def test_each_change_is_told_with_what_was_and_what_is(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    before = [
        record("X-edited", below("PyPI", "a", "2"), aliases=["CVE-2020-1000"]),
        record("X-left", below("PyPI", "b", "3")),
        record("X-taken", below("PyPI", "c", "4")),
        record("X-back", below("PyPI", "d", "5"), withdrawn=GONE),
        record("X-same", below("PyPI", "e", "6"), aliases=["CVE-2020-1009"]),
    ]
    rewrite(path, {"PyPI": before})
    state = state_of(path)
    after = [
        record("X-edited", below("PyPI", "a", "2.5"), aliases=["CVE-2020-1001"]),
        record("X-taken", below("PyPI", "c", "4"), withdrawn=GONE),
        record("X-back", below("PyPI", "d", "5")),
        {**before[4], "modified": "2026-11-20T00:00:00Z"},
        record("X-came", below("PyPI", "f", "7"), upstream=["CVE-2020-1002"]),
    ]
    assert rewrite(path, {"PyPI": after}) == Counter(ChangeKind)
    changes, touched = since(path, state)
    assert kinds(changes) == {
        "X-edited": CHANGED,
        "X-left": REMOVED,
        "X-taken": WITHDRAWN,
        "X-back": RESTORED,
        "X-came": NEW,
    }
    assert {change.feed for change in changes.changes} == {"osv/PyPI"}
    cves = {"CVE-2020-1000", "CVE-2020-1001", "CVE-2020-1002"}
    assert changes.names == {*kinds(changes), *cves}
    assert (changes.whole, changes.scores_changed) == (frozenset(), False)
    assert sorted(touched, key=str) == sorted(
        [
            span("a", "0", "2"),
            span("a", "0", "2.5"),
            span("b", "0", "3"),
            span("c", "0", "4"),
            span("d", "0", "5"),
            span("f", "0", "7"),
        ],
        key=str,
    )


def test_versions_that_cannot_be_compared_touch_all_versions(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    doubtful = record("X-1", affects("PyPI", "a", {"introduced": "0"}, {"fixed": "2.0.0-NA"}))
    rewrite(path, {"PyPI": [record("X-0", below("PyPI", "b", "2"))]})
    states = [state_of(path)]
    rewrite(path, {"PyPI": [record("X-0", below("PyPI", "b", "2")), doubtful]})
    states.append(state_of(path))
    rewrite(path, {"PyPI": [record("X-0", below("PyPI", "b", "2"))]})
    for state in states:
        assert since(path, state)[1] == [Touched("PyPI", "a", b"", None)]


def test_an_update_with_the_same_content_is_none(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    content = {"PyPI": [real("PyPI", "PYSEC-2021-66")]}
    likely = [Score("CVE-2020-1000", 0.5, 0.9)]
    exploited = [Exploited("CVE-2020-1000", "2020-01-02", ransomware=False)]
    rewrite(path, content, likely=likely, exploited=exploited)
    state = state_of(path)
    assert not rewrite(path, content, likely=likely, exploited=exploited)
    assert state_of(path) == state
    changes, touched = since(path, state)
    assert changes == Changes(state, state, (), frozenset(), frozenset(), scores_changed=False)
    assert touched == []


def test_a_feed_that_is_loaded_for_the_first_time_is_all_new(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    rewrite(path, {"PyPI": [record("X-0", below("PyPI", "b", "2"))]})
    state = state_of(path)
    rated = {"database_specific": {"severity": "HIGH"}}
    several = [
        record("D-1", below("Debian:12", "tar", "1"), aliases=["CVE-2020-1000"], **rated),
        record("D-2", below("Debian:12", "tar", "2"), aliases=["CVE-2020-1001"]),
    ]
    assert not rewrite(path, {"Debian": several})
    changes, touched = since(path, state)
    assert changes.whole == {"Debian"}
    assert not changes.changes
    assert not touched
    assert changes.names == {"D-1", "CVE-2020-1000"}  # which others without a rating may now have


def test_a_feed_that_changes_as_a_whole_is_all_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_writer, "_MANY", 2)
    path = tmp_path / "advisories.sqlite"
    alias = "CVE-2020-1000"
    rewrite(path, {"PyPI": [record(f"X-{n}", aliases=[alias]) for n in range(4)]})
    state = state_of(path)
    changed = rewrite(path, {"PyPI": [record(f"X-{n}", summary="x") for n in range(3)]})
    assert changed == {CHANGED: 3, REMOVED: 1}
    changes, _ = since(path, state)
    assert changes.whole == {"PyPI"}
    assert not changes.changes
    assert changes.names == {"X-0", "X-1", "X-2", "X-3", alias}


@pytest.mark.parametrize(
    "scores",
    [
        {"likely": [Score("CVE-2020-1000", 0.6, 0.9)]},
        {"likely": []},
        {"exploited": [Exploited("CVE-2020-1000", "2020-01-03", ransomware=False)]},
        {"exploited": []},
    ],
)
def test_other_scores_are_told(tmp_path: Path, scores: dict[str, Any]) -> None:
    path = tmp_path / "advisories.sqlite"
    likely = [Score("CVE-2020-1000", 0.5, 0.9)]
    exploited = [Exploited("CVE-2020-1000", "2020-01-02", ransomware=False)]
    rewrite(path, {}, likely=likely, exploited=exploited)
    state = state_of(path)
    rewrite(path, {}, **scores)
    changes, touched = since(path, state)
    nothing: frozenset[str] = frozenset()
    assert changes == Changes(state, state_of(path), (), nothing, nothing, scores_changed=True)
    assert touched == []


def flipping(path: Path, times: int) -> list[StoreState]:
    """Change one record again and again; return the state after each time."""
    states = []
    for number in range(times):
        rewrite(path, {"PyPI": [record("X-1", below("PyPI", "a", f"{number + 2}"))]})
        states.append(state_of(path))
    return states


def test_changes_of_several_updates_are_one_answer(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    states = flipping(path, 4)
    assert [state.serial for state in states] == [1, 2, 3, 4]
    for number, state in enumerate(states):
        changes, touched = since(path, state)
        assert len(changes.changes) == (1 if number < 3 else 0)
        ends = range(number + 2, 6) if number < 3 else ()
        assert sorted(touched, key=str) == [span("a", "0", f"{end}") for end in ends]


def test_the_journal_forgets_what_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_writer, "_SERIALS", 2)
    path = tmp_path / "advisories.sqlite"
    states = flipping(path, 6)
    with AdvisoryStore.open(path) as store:
        known = [store.changes_since(state) is not None for state in states]
    assert known == [False, False, False, True, True, True]
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT min(serial) FROM former_range").fetchone() == (5,)


def test_the_journal_forgets_what_is_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_writer, "_JOURNAL_ROWS", 7)  # each time three: change, name, range
    path = tmp_path / "advisories.sqlite"
    states = flipping(path, 6)
    with AdvisoryStore.open(path) as store:
        known = [store.changes_since(state) is not None for state in states]
    assert known == [False, False, False, True, True, True]
    monkeypatch.setattr(store_writer, "_JOURNAL_ROWS", 700)
    flipping(path, 2)  # what is forgotten stays so
    with AdvisoryStore.open(path) as store:
        assert store.journal_from() == 4


@pytest.mark.parametrize("room", [0, 1, 3, 5])
def test_an_update_that_is_too_much_for_the_journal_empties_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    path = tmp_path / "advisories.sqlite"
    states = flipping(path, 2)
    monkeypatch.setattr(store_writer, "_JOURNAL_ROWS", room)
    several = [record(f"X-{n}", below("PyPI", "b", "1")) for n in range(5)]
    assert rewrite(path, {"PyPI": several}) == {NEW: 4, CHANGED: 1}
    with AdvisoryStore.open(path) as store:
        assert [store.changes_since(state) for state in states] == [None, None]
        assert store.changes_since(store.state()) is not None
    with sqlite3.connect(path) as db:
        for table in store_writer._JOURNAL:
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608 - constants


def test_of_another_lineage_and_of_the_future_nothing_is_known(tmp_path: Path) -> None:
    one, other = tmp_path / "one" / "a.sqlite", tmp_path / "other" / "a.sqlite"
    for path in (one, other):
        rewrite(path, {"PyPI": [record("X-1", below("PyPI", "a", "2"))]})
    state = state_of(one)
    with AdvisoryStore.open(other) as store:
        assert store.state().serial == state.serial
        assert store.changes_since(state) is None
    with AdvisoryStore.open(one) as store:
        assert store.changes_since(replace(state, serial=state.serial + 1)) is None


def test_a_store_that_was_damaged_has_another_lineage(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    (state,) = flipping(path, 1)
    path.write_bytes(b"junk")
    (other,) = flipping(path, 1)
    assert other.lineage != state.lineage
    assert other.serial == state.serial


def test_what_is_not_published_changes_no_state(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    (state,) = flipping(path, 1)
    with StoreWriter(path) as writer:
        writer.forget("osv/PyPI")
        writer.add("osv/PyPI", parsed(record("X-2", below("PyPI", "a", "9")), "PyPI"))
    assert since(path, state)[0].changes == ()
    assert flipping(path, 1) == [state]


def test_snapshots_of_the_same_content_have_the_same_state(tmp_path: Path) -> None:
    path, other = tmp_path / "one" / "a.sqlite", tmp_path / "other" / "a.sqlite"
    content = {"PyPI": [real("PyPI", "PYSEC-2021-66")]}
    for place in (path, other):
        fill(place, content)
    assert snapshot_of(path) == snapshot_of(other)
    twice = [AdvisoryStore.from_snapshot(snapshot_of(path), "s") for _ in range(2)]
    with twice[0] as one, twice[1] as again:
        assert one.state() == again.state()
        assert one.state().lineage.startswith("snapshot-")
        assert one.state().serial == 0
        changes = one.changes_since(again.state())
        assert changes is not None
        assert (changes.changes, list(one.touched(changes))) == ((), [])
        assert one.changes_since(state_of(path)) is None
        with AdvisoryStore.from_snapshot(snapshot_of(path, ["npm"]), "s") as part:
            assert part.changes_since(one.state()) is None


def test_a_snapshot_has_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    flipping(path, 3)
    with AdvisoryStore.from_snapshot(snapshot_of(path), "s") as snapshot:
        target = sqlite3.connect(":memory:")
        assert snapshot.copy_to(target)
    for table in store_writer._JOURNAL:
        assert target.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608 - constants
    target.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE meta SET value = 'x' WHERE key = 'lineage'",
        "UPDATE meta SET value = X'00' WHERE key = 'lineage'",
        "DELETE FROM meta WHERE key = 'lineage'",
        "UPDATE meta SET value = '-1' WHERE key = 'serial'",
        "UPDATE meta SET value = '1e9' WHERE key = 'serial'",
        "UPDATE meta SET value = '' WHERE key = 'journal_from'",
        "UPDATE change SET kind = 'vanished'",
        "UPDATE change SET kind = X'ff'",
        "UPDATE former_range SET low = 'x'",
        "UPDATE former_range SET high = 7",
        "UPDATE former_name SET name = X'ff'",
        "DROP TABLE former_range",
        "DROP TABLE whole",
    ],
)
def test_a_damaged_journal_says_so(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "advisories.sqlite"
    states = flipping(path, 3)
    with sqlite3.connect(path) as db:
        db.execute(damage)
    with pytest.raises(StoreUnusable):
        since(path, states[0])


# --- updates --------------------------------------------------------------------------------------


def updated(home: Path, content: Mapping[str, bytes], day: int = 0, **choices: Any) -> Outcome:
    folder = Folder(lay_out(home / "in", content))
    now = NOW + timedelta(days=day)
    return update(home / "advisories.sqlite", folder, lambda *_: None, now, **choices)


def test_an_update_tells_how_many_advisories_became_what(tmp_path: Path) -> None:
    several = [record(f"X-{n}", below("PyPI", "a", f"{n + 1}")) for n in range(20)]
    first = updated(tmp_path, feeds(PyPI=zipped(several)))
    assert not first.changes  # all of a feed is new: its records say how many
    state = state_of(tmp_path / "advisories.sqlite")
    packed_otherwise = {**feeds(PyPI=zipped(several[::-1])), EPSS: feeds()[EPSS] + b"\n"}
    same = updated(tmp_path, packed_otherwise, day=1)
    assert [changed.name for changed in same.changed] == ["osv/PyPI", "epss"]
    assert not same.changes
    assert state_of(tmp_path / "advisories.sqlite") == state
    several[3] = record("X-3", below("PyPI", "a", "99"))
    several[4]["withdrawn"] = GONE
    several[5:6] = [record("X-new", below("PyPI", "a", "3")), record("X-newer")]
    outcome = updated(tmp_path, feeds(PyPI=zipped(several)), day=2)
    assert outcome.changes == {CHANGED: 1, WITHDRAWN: 1, NEW: 2, REMOVED: 1}


def test_a_feed_that_fails_has_not_changed(tmp_path: Path) -> None:
    several = [record(f"X-{n}", below("PyPI", "a", f"{n + 1}")) for n in range(20)]
    updated(tmp_path, feeds(PyPI=zipped(several)))
    state = state_of(tmp_path / "advisories.sqlite")
    outcome = updated(tmp_path, feeds(PyPI=zipped(several[:5])), day=1)
    assert len(outcome.failed) == 1
    assert state_of(tmp_path / "advisories.sqlite") == state
    catalogue = {KEV: json.dumps({"vulnerabilities": []}).encode()}
    assert updated(tmp_path, {**feeds(PyPI=zipped(several)), **catalogue}, day=2).failed
    assert state_of(tmp_path / "advisories.sqlite") == state


# --- what the answer promises ---------------------------------------------------------------------
#
# Whatever happens to feeds, in however many updates: who judges again what the changes name, and
# keeps all other findings, has the findings of a full judgement.

BOOKWORM = Distribution("debian", "12", "bookworm")
VERSIONS = ("1", "1.5", "2", "3")
CVES = ("CVE-2020-1000", "CVE-2020-1001")


@dataclass(frozen=True)
class Component:
    package: Package
    owner: Package | None = None

    def findings(self, store: AdvisoryStore) -> tuple[Finding, ...]:
        found, _ = judge_packages({self.package: self.owner}, BOOKWORM, store)
        return tuple(sorted(found, key=lambda finding: finding.id))

    def is_named(
        self, changes: Changes, touched: Iterable[Touched], findings: Iterable[Finding]
    ) -> bool:
        """Tell whether the changes are about it, as `Changes` says."""
        if any(changes.names & {f.id, *f.aliases} for f in findings):
            return True
        for package in filter(None, (self.package, self.owner)):
            subject = subject_of(package, BOOKWORM)
            assert subject is not None
            if changes.whole & {name.partition(":")[0] for name in subject.ecosystems}:
                return True
            try:
                place = key(subject.scheme, subject.version)
            except VersionSyntaxError:
                place = None
            for span in touched:
                if span.ecosystem not in subject.ecosystems or span.name not in subject.names:
                    continue
                if package is self.owner or place is None:
                    return True
                if span.low <= place and (span.high is None or place < span.high):
                    return True
        return False


def components() -> list[Component]:
    debs = [
        Package("deb", f"lib{name}", version, name, version)
        for name in ("alpha", "beta")
        for version in VERSIONS
    ]
    wheels = [Package("pypi", name, v) for name in ("alpha", "beta") for v in VERSIONS]
    wheels.append(Package("pypi", "alpha", "no version"))
    owned = [Component(replace(w, owner=f"deb:{d.name}"), d) for d in debs[:4] for w in wheels[::3]]
    return [*map(Component, [*debs, *wheels]), *owned]


COMPONENTS = components()
ECOSYSTEMS = {"Debian": ("Debian:12", "Debian:13"), "PyPI": ("PyPI",), "npm": ("npm",)}
Edit = tuple[str, int, Record | None]  # feed, number of a record, its new content


@st.composite
def affected(draw: st.DrawFn, feed: str) -> dict[str, Any]:
    ecosystem = draw(st.sampled_from(ECOSYSTEMS[feed]))
    name = draw(st.sampled_from(["alpha", "beta"]))
    events = [{"introduced": draw(st.sampled_from(["0", "0", *VERSIONS]))}]
    end = draw(st.sampled_from(["", "fixed", "last_affected"]))
    if end:
        odd = "2.0.0-NA" if feed == "PyPI" else "0"
        events.append({end: draw(st.sampled_from([*VERSIONS, odd]))})
    listed = draw(st.lists(st.sampled_from([*VERSIONS, "no version"]), max_size=1))
    return affects(ecosystem, name, *events, versions=listed)


@st.composite
def advisories(draw: st.DrawFn, feed: str, number: int) -> Record:
    more: dict[str, Any] = {
        "aliases": draw(st.lists(st.sampled_from(CVES), min_size=1, max_size=2, unique=True)),
        "modified": draw(st.sampled_from(["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"])),
    }
    if draw(st.booleans()):
        more["database_specific"] = {"severity": draw(st.sampled_from(["LOW", "HIGH"]))}
    if draw(st.integers(0, 3)) == 0:
        more["withdrawn"] = GONE
    places = draw(st.lists(affected(feed), max_size=2))
    return record(f"{feed[0].upper()}-{number}", *places, **more)


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    feed, number = draw(st.sampled_from([*ECOSYSTEMS])), draw(st.integers(0, 2))
    return feed, number, draw(st.none() | advisories(feed, number) | advisories(feed, number))


@dataclass(frozen=True)
class Update:
    edits: list[Edit]
    exploited: frozenset[str] | None
    is_interrupted: bool


# One edit at a time tells most: of several, one may name what another forgot.
updates = st.builds(
    Update,
    st.lists(edits(), max_size=1) | st.lists(edits(), max_size=3),
    st.none() | st.none() | st.frozensets(st.sampled_from(CVES), max_size=1),
    st.sampled_from([False, False, False, True]),
)
starts = st.builds(Update, st.lists(edits(), max_size=8), st.none(), st.just(False))


class World:
    """Feeds that are edited, and the store that is made of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.feeds: dict[str, dict[int, Record]] = {}

    def perform(self, one: Update) -> None:
        feeds = {feed: dict(records) for feed, records in self.feeds.items()}
        with StoreWriter(self.path) as writer:
            for feed, number, content in one.edits:
                records = feeds.setdefault(feed, {})
                records.pop(number, None)
                if content is not None:
                    records[number] = content
            for feed in {feed for feed, _, _ in one.edits}:
                writer.forget(f"osv/{feed}")
                for _, content in sorted(feeds[feed].items()):
                    writer.add(f"osv/{feed}", parsed(content, feed))
            if one.exploited is not None:
                writer.set_exploited(
                    [Exploited(cve, "2020-01-02", ransomware=False) for cve in one.exploited]
                )
            if not one.is_interrupted:
                writer.publish()
                self.feeds = feeds


def without_scores(findings: Iterable[Finding]) -> list[Finding]:
    return [replace(f, exploited_since="", epss=None, urgency=Urgency.WATCH) for f in findings]


@given(starts, st.lists(updates, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_no_finding_differs_that_the_changes_do_not_name(
    start: Update, several: list[Update]
) -> None:
    with TemporaryDirectory() as folder:
        world = World(Path(folder) / "advisories.sqlite")
        history: list[tuple[StoreState, list[tuple[Finding, ...]]]] = []
        for one in (start, *several):
            world.perform(one)
            with AdvisoryStore.open(world.path) as store:
                now = [component.findings(store) for component in COMPONENTS]
                for state, before in history:
                    changes = store.changes_since(state)
                    assert changes is not None
                    if one.is_interrupted and state == history[-1][0]:
                        assert state == store.state()
                    if state == store.state():
                        assert before == now
                    touched = list(store.touched(changes))
                    assert len(touched) == len(set(touched))
                    for component, old, new in zip(COMPONENTS, before, now, strict=True):
                        if changes.scores_changed:
                            same = without_scores(old) == without_scores(new)
                        else:
                            same = old == new
                        assert same or component.is_named(changes, touched, old), component
                history.append((store.state(), now))


def test_what_is_said_of_other_versions_of_an_owner_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    alias = [CVES[0]]
    flaw = record("P-0", below("PyPI", "alpha", "9"), aliases=alias)
    fixed = record("D-0", below("Debian:12", "alpha", "1"), aliases=alias)
    owner = Package("deb", "python3-alpha", "3", "alpha", "3")
    component = Component(Package("pypi", "alpha", "2", owner="deb:python3-alpha"), owner)
    rewrite(path, {"PyPI": [flaw], "Debian": [fixed, record("D-1")]})
    state = state_of(path)
    with AdvisoryStore.open(path) as store:
        before = component.findings(store)
    rewrite(path, {"Debian": [record("D-1")]})
    with AdvisoryStore.open(path) as store:
        after = component.findings(store)
    assert (len(before), len(after)) == (0, 1)  # Debian's package has the fix; then nobody says so
    changes, touched = since(path, state)
    assert touched == [Touched("Debian:12", "alpha", b"", key("dpkg", "1"))]
    assert component.is_named(changes, touched, before)
    assert not Component(component.package).is_named(changes, touched, before)


def content_of(several: Iterable[Record], feed: str) -> dict[str, tuple[Any, ...]]:
    """Return what each record says, compared without fingerprints."""
    found = {}
    for one in several:
        record_ = parsed(one, feed)
        advisory = replace(record_.advisory, modified="", aliases=())
        ranges = frozenset(record_.intervals)
        doubtful = Counter(record_.unparsable)
        found[advisory.id] = (advisory, set(record_.advisory.aliases), ranges, doubtful)
    return found


@given(starts, updates)
@settings(max_examples=100, deadline=None)
def test_only_records_that_differ_are_told(start: Update, one: Update) -> None:
    with TemporaryDirectory() as folder:
        world = World(Path(folder) / "advisories.sqlite")
        stay = [(feed, 9, record(f"{feed[0].upper()}-9")) for feed in ECOSYSTEMS]
        world.perform(replace(start, edits=[*start.edits, *stay], exploited=frozenset()))
        before, state = world.feeds, state_of(world.path)
        world.perform(one)
        changes, _ = since(world.path, state)
        differing = set()
        for feed, records in before.items():
            old, new = (
                content_of(records.values(), feed),
                content_of(world.feeds[feed].values(), feed),
            )
            differing |= {n for n in old.keys() | new.keys() if old.get(n) != new.get(n)}
        assert {change.advisory for change in changes.changes} == differing
        assert changes.scores_changed == bool(one.exploited and not one.is_interrupted)
        assert (state_of(world.path) == state) == (not differing and not changes.scores_changed)
