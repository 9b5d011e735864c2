"""News of the fleet: what an advisory found, in how many images, told once."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from heapq import nlargest
from typing import NamedTuple, Self

from seawall.fleet.notifying.notice import (
    AffectedImage,
    Because,
    FoundFlaw,
    FoundPackage,
    Notice,
    NoticeKind,
    bounded,
    identity,
)
from seawall.fleet.store.findings import counts
from seawall.fleet.store.images import Images, StoredImage
from seawall.model import Finding, Kind

_IMAGES = 20  # that a notice names; it counts all


class Entry(NamedTuple):
    """A flaw that is new to one component, gone from it, or worse than before."""

    component: int
    finding: Finding
    reason: str = ""  # why it is gone, or what rose; empty: it is new
    is_return: bool = False  # it was away for a few days
    was_epss: float | None = None  # what is news is that EPSS rose, and from there


@dataclass(frozen=True, slots=True)
class FlawNews:
    """A flaw that is new to components, or gone from them."""

    finding: Finding  # of one component; the most severe
    reason: str  # why it is gone, or what rose; empty: it is new
    components: tuple[int, ...]
    packages: tuple[FoundPackage, ...]
    images: Set[int] = field(repr=False)  # rows of those that are there
    running: Set[int] = field(repr=False)  # of these, those that run
    is_return: bool = False
    was_epss: float | None = None

    @classmethod
    def of(cls, entries: Sequence[Entry], images: Set[int], running: Set[int]) -> Self:
        """Put together what is about one flaw."""
        # What is new of one component outweighs what only rose for another.
        first = min(
            entries,
            key=lambda e: (
                e.is_return,
                e.was_epss is not None,
                bool(e.reason),
                -e.finding.severity,
                e.finding.urgency.rank,
                e.component,
            ),
        )
        findings = [entry.finding for entry in entries]
        packages = sorted({FoundPackage(f.name, f.installed, f.fixed_in) for f in findings})
        return cls(
            min(findings, key=lambda f: (-f.severity, f.urgency.rank)),
            first.reason,
            tuple(entry.component for entry in entries),
            tuple(packages),
            images,
            running,
            is_return=first.is_return,
            was_epss=first.was_epss,
        )

    def order(self) -> tuple[object, ...]:
        """Return a key that sorts what to look at first."""
        f = self.finding
        return (
            f.urgency.rank,
            not f.exploited_since,
            -f.severity,
            -len(self.running),
            -len(self.images),
            f.id,
        )


def notices_of(
    kind: NoticeKind,
    news: Sequence[FlawNews],
    images: Images,
    running: Mapping[int, tuple[str, ...]],
    *,
    at: str,
    as_of: Mapping[int, str],
) -> Iterator[Notice]:
    """Yield one notice for each flaw that is in images that are there, most pressing first.

    `as_of` says for components since when news of them may be missing.
    """
    told = [one for one in news if one.images]
    samples = {one.finding.id: sample(one.images, running) for one in told}
    shown = {row for rows in samples.values() for row in rows}
    affected = {
        row: AffectedImage(image.digest, image.names, running.get(row, ()))
        for row, image in images.by_ids(shown).items()
    }
    for one in told:
        flaw = found_flaw(one, [affected[row] for row in samples[one.finding.id]])
        yield Notice(
            # The same news has the same id: who is killed and judges again tells it once.
            id=identity(
                str(kind), one.finding.id, at, one.reason, *map(str, sorted(one.components))
            ),
            kind=kind,
            at=at,
            flaws=(flaw,),
            data_as_of=min(filter(None, (as_of.get(n, "") for n in one.components)), default=""),
        )


def sample(images: Set[int], running: Mapping[int, tuple[str, ...]]) -> list[int]:
    """Return some of the images: those that run first, then those that came last."""
    first = nlargest(_IMAGES, images & running.keys())
    # Large sets are walked through once, not copied: those that run are few.
    last = nlargest(_IMAGES + len(first), images)
    return first + [row for row in last if row not in running][: _IMAGES - len(first)]


def found_flaw(one: FlawNews, images: Sequence[AffectedImage]) -> FoundFlaw:
    """Return a flaw as notices tell it."""
    f = one.finding
    return FoundFlaw(
        id=f.id,
        severity=f.severity,
        urgency=f.urgency,
        aliases=f.aliases,
        score=f.score,
        exploited_since=f.exploited_since,
        epss=f.epss,
        summary=f.summary,
        packages=one.packages,
        packages_total=len(one.packages),
        reason=one.reason,
        is_return=one.is_return,
        was_epss=one.was_epss,
        images_total=len(one.images),
        running_total=len(one.running),
        images=tuple(images),
    )


def image_notice(
    image: StoredImage,
    findings: Sequence[Finding],
    running: tuple[str, ...],
    *,
    at: str,
    data_as_of: str,
    because: Because = Because.NEW,
    is_claimed: bool = False,
) -> Notice:
    """Return the notice of an image, with those of these findings that count.

    An image that was not known is told once, whenever and however often it is found; that it is
    back, or started, once for each moment. What a bill of materials claims of it is another thing.
    """
    by_flaw: dict[str, list[Entry]] = defaultdict(list)
    others: Counter[str] = Counter()
    for finding in findings:
        if finding.kind is not Kind.VULNERABILITY:
            others[str(finding.kind)] += 1
        elif counts(finding):
            by_flaw[finding.id].append(Entry(0, finding))
    place, there = frozenset({image.id}), frozenset({image.id} if running else ())
    news = sorted((FlawNews.of(e, place, there) for e in by_flaw.values()), key=FlawNews.order)
    about = ["claimed"] if is_claimed else []
    about += [str(because), at] if because is not Because.NEW else []
    told = [f"{count} of kind {kind}" for kind, count in sorted(others.items())]
    return bounded(
        Notice(
            id=identity(str(NoticeKind.IMAGE), image.digest, *about),
            kind=NoticeKind.IMAGE,
            at=at,
            flaws=tuple(found_flaw(one, ()) for one in news),
            image=AffectedImage(image.digest, image.names, running),
            because=because,
            data_as_of=data_as_of,
            note=f"besides flaws of packages: {', '.join(told)}" if told else "",
        )
    )
