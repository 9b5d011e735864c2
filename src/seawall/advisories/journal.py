"""What changed between two states of the advisory store: the nouns, and how records are compared.

A store keeps a journal beside its content (`seawall.advisories.store_writer` writes it), so that
whoever judged something by an earlier state can ask what to judge again:
`AdvisoryStore.changes_since`. Two records are the same where their fingerprints are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from seawall.advisories.feeds.osv import Parsed

_FINGERPRINT_BYTES = 12  # a change goes unseen by chance once in 10^28


class ChangeKind(StrEnum):
    """What became of an advisory."""

    NEW = "new"
    CHANGED = "changed"  # other content; whatever its feed says of the time
    WITHDRAWN = "withdrawn"  # its publisher took it back
    RESTORED = "restored"  # it was withdrawn and stands again
    REMOVED = "removed"  # its feed no longer has it


@dataclass(frozen=True, slots=True)
class StoreState:
    """Which content a store had: equal states mean equal judgements."""

    lineage: str  # 32 hex digits that a new store gets and its updates keep; "snapshot-…" of one
    serial: int  # counts the updates that could change a judgement
    token: str = ""  # tells updates with one serial apart, of copies that went on by themselves


@dataclass(frozen=True, slots=True)
class Touched:
    """Versions of a product that an advisory speaks of, or spoke of before it changed."""

    ecosystem: str  # with release: "Debian:12"
    name: str
    low: bytes
    high: bytes | None  # the first key above; None: open


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one advisory of a feed."""

    advisory: str
    feed: str  # "osv/Debian"
    kind: ChangeKind


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two states of a store.

    Its findings may differ, and those of nothing else, for a package

    * whose key `AdvisoryStore.touched` holds, or whose name it has where the version has no key;
    * whose owner's name is touched, with whatever versions: "fixed in" decides there as well;
    * that had a finding with one of `names`: others may rate it now;
    * that an ecosystem in `whole` speaks of, or of whose owner.

    What it has is what `subject_of` says with the ecosystems of the store as it is now: a release
    may be among them for the first time.

    With `scores_changed` the ratings by KEV and EPSS of any finding may differ, nothing else of it.
    The gaps of a result are not covered: they tell of the store as it is.
    """

    since: StoreState
    until: StoreState
    changes: tuple[Change, ...]  # by feed and id; what came and went in between is left out
    # All ids, aliases and upstream ids, before and after, of advisories that changed. Of feeds
    # that are all new: those of advisories that can rate others.
    names: frozenset[str]
    whole: frozenset[str]  # ecosystems without release ("Debian") whose advisories are all new
    scores_changed: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What two states of a record are compared by."""

    row: int  # in its store
    fingerprint: bytes
    is_withdrawn: bool


def fingerprint(parsed: Parsed) -> bytes:
    """Return 12 bytes that differ where a judgement by the record could.

    The order of names, ranges and versions has no part in it, nor has the time of modification:
    feeds renew it without touching the content.
    """
    advisory = parsed.advisory
    ranges = sorted(
        (
            limits.ecosystem,
            limits.name,
            interval.low,
            interval.high is None,
            interval.high or b"",
            limits.introduced,
            limits.fixed,
            limits.last_affected,
            limits.state.value,
            interval.module,
            interval.channel,
            interval.notice,
        )
        for interval in parsed.intervals
        for limits in (interval.range,)
    )
    content = (
        sorted(advisory.aliases),
        sorted(advisory.upstream),
        int(advisory.severity),
        advisory.score,
        advisory.summary,
        advisory.published,
        advisory.withdrawn,
        ranges,
        sorted((u.ecosystem, u.name, u.text, u.reason, u.is_exact) for u in parsed.unparsable),
    )
    # Unambiguous, unlike joined texts, and the same for ever, unlike repr() of newer characters.
    return blake2b(ascii(content).encode("ascii"), digest_size=_FINGERPRINT_BYTES).digest()


def differences(
    before: Mapping[str, Mark], after: Mapping[str, Mark]
) -> Iterator[tuple[str, ChangeKind]]:
    """Yield each record (by its id) that is not the same in both states of a feed."""
    for name, mark in after.items():
        earlier = before.get(name)
        if earlier is None:
            yield name, ChangeKind.NEW
        elif earlier.fingerprint != mark.fingerprint:
            yield name, _kind(earlier, mark)
    yield from ((name, ChangeKind.REMOVED) for name in before if name not in after)


def _kind(before: Mark, after: Mark) -> ChangeKind:
    if before.is_withdrawn == after.is_withdrawn:
        return ChangeKind.CHANGED
    return ChangeKind.WITHDRAWN if after.is_withdrawn else ChangeKind.RESTORED


def summed_up(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return one change for each advisory of several that follow each other, by feed and id.

    It is the last one, as seen from before the first: what is new and then changes is new, what
    goes and returns has changed, and what comes and goes was nothing.
    """
    first: dict[tuple[str, str], ChangeKind] = {}
    last: dict[tuple[str, str], Change] = {}
    for change in changes:
        place = (change.feed, change.advisory)
        first.setdefault(place, change.kind)
        last[place] = change
    found = []
    for (feed, advisory), change in sorted(last.items()):
        was_there = first[feed, advisory] is not ChangeKind.NEW
        match change.kind:
            case ChangeKind.REMOVED if not was_there:
                continue
            case ChangeKind.CHANGED | ChangeKind.RESTORED if not was_there:
                found.append(Change(advisory, feed, ChangeKind.NEW))
            case ChangeKind.NEW if was_there:
                found.append(Change(advisory, feed, ChangeKind.CHANGED))
            case _:
                found.append(change)
    return tuple(found)
