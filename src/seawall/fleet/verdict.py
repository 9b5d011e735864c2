"""What a gate asks about an image, answered from what is known: no image is opened, nothing judged.

The answer counts findings as a scan lists them: a package that lies in two places counts twice.
What cannot be acted on (hidden, or named by a lock file only) does not count. An image that is not
known, or not judged yet, or known from a bill of materials alone, never looks like one without
findings: it is complete only where a scan of it would be, too.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from seawall.advisories import Currency
from seawall.errors import UsageError
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.gaps import gaps_in
from seawall.fleet.shown import moment
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.model import Finding, Incomplete, Kind, Severity, Urgency
from seawall.scanning.end_of_life import end_of_life, supported_until


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one image; all counts are of findings that count."""

    digest: str  # as it was asked for
    is_known: bool
    image: str = ""  # digest of the image's configuration
    names: tuple[str, ...] = ()  # that stand for it now
    platform: str = ""  # "linux/arm64", as its configuration says; of an index others may exist
    packages: int = 0
    worst: Severity | None = None  # None: no finding counts
    counts: Mapping[Severity, int] = field(default_factory=dict)  # only those that are not 0
    fixable: int = 0
    exploited: int = 0
    fix_now: int = 0
    oldest_fix_days: int | None = None  # since when a fix exists that the image lacks
    oldest_fix: str = ""  # the flaw with that fix
    secrets: int | None = None  # None: nobody looked for them
    malware: int | None = None
    files_looked_at: bool = False  # False: a bill of materials is all that is known
    end_of_life_since: date | None = None  # the first day without support of its release
    data_as_of: str = ""  # since when news may be missing: the oldest of what speaks of the image
    data_age_hours: float | None = None  # None: not known, or nothing speaks of the image
    judged: str = ""  # when the fleet was last judged, RFC 3339; empty: never
    pending: int = 0  # packages not judged yet
    unjudged: int = 0  # packages that the advisory store has nothing about
    incomplete: int = 0  # what else a scan would name: not read, not compared, old advisories
    running: int = 0  # containers
    gaps: tuple[Incomplete, ...] = ()  # all of it, as a scan names it

    @property
    def is_complete(self) -> bool:
        """Whether all that is in the image was read and judged, and looked at in every way."""
        return (
            self.is_known
            and bool(self.judged)
            and not self.gaps
            and self.secrets is not None
            and self.malware is not None
        )


def verdict(fleet: Fleet, digest: str, now: datetime) -> Verdict:
    """Return what is known of the image with this digest: its configuration's, or a manifest's.

    An index's digest stands for one image as long as only one of its platforms was seen.

    Raises:
        FleetUnusable: the fleet cannot be read.
        UsageError: an index's digest, of which several platforms were seen: which would run?
    """
    with fleet.database.reading():
        images = fleet.images.with_digest(digest)
        if not images:
            return Verdict(digest, is_known=False)
        if len(images) > 1:
            raise UsageError(
                f"{digest} is an index with {len(images)} images",
                f"ask for one of them: {', '.join(image.digest for image in images[:_TOLD])}",
            )
        return _verdict(fleet, digest, images[0], now)


def verdict_on(fleet: Fleet, image: StoredImage, now: datetime) -> Verdict:
    """Return what is known of an image.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        return _verdict(fleet, image.digest, image, now)


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as JSON has it; of an image that is not known nothing else is said."""
    if not verdict.is_known:
        return {"digest": verdict.digest, "known": False}
    ended = verdict.end_of_life_since
    return {
        "digest": verdict.digest,
        "known": True,
        "image": verdict.image,
        "names": list(verdict.names),
        "platform": verdict.platform or None,
        "packages": verdict.packages,
        "worst": None if verdict.worst is None else str(verdict.worst),
        "counts": {str(severity): verdict.counts.get(severity, 0) for severity in Severity},
        "fixable": verdict.fixable,
        "exploited": verdict.exploited,
        "fix_now": verdict.fix_now,
        "oldest_fix_days": verdict.oldest_fix_days,
        "oldest_fix": verdict.oldest_fix or None,
        "files_looked_at": verdict.files_looked_at,
        "secrets": verdict.secrets,
        "malware": verdict.malware,
        "end_of_life_since": ended.isoformat() if ended else None,
        "data_as_of": verdict.data_as_of or None,
        "data_age_hours": verdict.data_age_hours,
        "judged": verdict.judged or None,
        "complete": verdict.is_complete,
        "pending": verdict.pending,
        "unjudged": verdict.unjudged,
        "incomplete": verdict.incomplete,
        "gaps": [{"path": one.path, "reason": one.reason} for one in verdict.gaps[:_TOLD]],
        "running": verdict.running,
    }


_TOLD = 20  # gaps; an image may have thousands


@dataclass(slots=True)
class _Tally:
    """Counts of findings, as they come."""

    severities: Counter[Severity] = field(default_factory=Counter)
    fixable: int = 0
    exploited: int = 0
    fix_now: int = 0
    oldest: tuple[str, str] = ("", "")  # date, flaw


def _verdict(fleet: Fleet, digest: str, image: StoredImage, now: datetime) -> Verdict:
    facts = fleet.images.facts(image.id)
    pairs = [pair for pairs in fleet.images.contents(image).values() for pair in pairs]
    times = Counter(row for row, _ in pairs)
    tally = _flaws(fleet, times)
    others = facts.other_findings or ()
    for finding in others:
        # Where it may be exploited or fixed nobody says of a file; how bad it is counts.
        if finding.urgency is not Urgency.HIDDEN and not finding.suppressed:
            tally.severities[finding.severity] += 1
            tally.fix_now += finding.urgency is Urgency.NOW
    today = now.astimezone(UTC).date()
    ended = end_of_life(facts.distribution, today)
    last = supported_until(facts.distribution) if ended else None
    if ended is not None:
        tally.severities[ended.severity] += 1
        tally.fix_now += ended.urgency is Urgency.NOW
    gaps = gaps_in(fleet, facts, pairs, now)
    as_of = _oldest(gaps.currencies)
    is_looked_at = facts.other_findings is not None and not facts.is_claimed
    asked = fleet.images.asked_kinds(facts.asked_rules) if is_looked_at else ()
    fixed_on, flaw = tally.oldest
    return Verdict(
        digest=digest,
        is_known=True,
        image=image.digest,
        names=image.names,
        platform="/".join(filter(None, (facts.os, facts.architecture))),
        packages=times.total(),
        worst=max(tally.severities, default=None),
        counts={s: tally.severities[s] for s in sorted(tally.severities, reverse=True)},
        fixable=tally.fixable,
        exploited=tally.exploited,
        fix_now=tally.fix_now,
        oldest_fix_days=_days(fixed_on, today),
        oldest_fix=flaw,
        secrets=_count(others, Kind.SECRET) if "secrets" in asked else None,
        malware=_count(others, Kind.MALWARE) if "malware" in asked else None,
        files_looked_at=is_looked_at,
        end_of_life_since=date.fromordinal(last.toordinal() + 1) if last else None,
        data_as_of=as_of,
        data_age_hours=_hours(as_of, now),
        judged=fleet.notes.get("judged"),
        pending=gaps.pending,
        unjudged=gaps.unjudged,
        incomplete=gaps.others,
        running=_running(fleet, image),
        gaps=gaps.listed,
    )


def _count(findings: Sequence[Finding], kind: Kind) -> int:
    return sum(one.kind is kind and not one.suppressed for one in findings)


def _flaws(fleet: Fleet, times: Counter[int]) -> _Tally:
    """Count the open findings of components, each as often as the image has it.

    The database adds up, so that no row of a finding has to come out of it.
    """
    tally = _Tally()
    by_count: dict[int, list[int]] = defaultdict(list)
    for component, count in times.items():
        by_count[count].append(component)
    several = [(n, part) for n, ones in by_count.items() for part in parts(sorted(ones))]
    dates: list[tuple[str, Sequence[int]]] = []
    for each, part in several:
        for severity, urgency, fixable, exploited, count, since in fleet.database.rows(
            "SELECT severity, urgency, is_fixable, is_exploited, count(*), "  # noqa: S608 - marks only
            "coalesce(min(CASE WHEN fix_since != '' THEN fix_since END), '') FROM finding "
            f"WHERE component IN ({marks(part)}) AND counts = 1 AND resolved = '' "
            "GROUP BY severity, urgency, is_fixable, is_exploited",
            part,
        ):
            found = each * count
            tally.severities[Severity(severity)] += found
            tally.fix_now += found if urgency == _NOW else 0
            tally.exploited += found if exploited else 0
            if fixable:
                tally.fixable += found
                if since:
                    dates.append((since, part))
    oldest = min((since for since, _ in dates), default="")
    flaws = [
        flaw
        for since, part in dates
        if since == oldest
        for (flaw,) in fleet.database.rows(
            "SELECT DISTINCT flaw FROM finding "  # noqa: S608 - marks only
            f"WHERE component IN ({marks(part)}) AND counts = 1 AND resolved = '' "
            "AND is_fixable = 1 AND fix_since = ?",
            [*part, since],
        )
    ]
    tally.oldest = (oldest, min(flaws, default=""))
    return tally


_NOW = Urgency.NOW.rank


def _oldest(currencies: Sequence[Currency]) -> str:
    """Return since when news may be missing; empty where that of one of them is not known."""
    told = [(moment(one.as_of), one.as_of) for one in currencies]
    known = [(when, text) for when, text in told if when is not None]
    return min(known)[1] if known and len(known) == len(told) else ""


def _hours(text: str, now: datetime) -> float | None:
    known = moment(text)
    return None if known is None else round(max((now - known).total_seconds(), 0) / 3600, 1)


def _days(text: str, today: date) -> int | None:
    known = moment(text)
    return None if known is None else max((today - known.date()).days, 0)


def _running(fleet: Fleet, image: StoredImage) -> int:
    """Count the containers that run an image, by any digest that it is known by."""
    rows = fleet.database.rows(
        "SELECT count(*) FROM workload WHERE ended = '' AND (image = ? OR image IN "
        "(SELECT digest FROM image_digest WHERE image_digest.image = ?))",
        (image.digest, image.id),
    )
    return int(next(rows)[0])
