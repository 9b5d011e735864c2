"""Which notices a sink wants, and until when one waits: pure, from `Filter` and a clock's time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from seawall.fleet.notifying.notice import Because, FoundFlaw, Notice, NoticeKind
from seawall.fleet.notifying.settings import Filter, QuietHours
from seawall.model import Urgency

_MINUTE = timedelta(minutes=1)


def wanted(notice: Notice, choice: Filter) -> Notice | None:
    """Return the notice with the flaws that count for this sink; None when nothing is left.

    A flaw counts from the minimum severity on, or because it is exploited or likely to be; one that
    was known and only became more likely, where the sink's minimum was passed. What
    its publisher judged to need no action (`Urgency.HIDDEN`) never does, as in a scan. What is
    resolved is told whether or not anything still runs or can be updated: mostly nothing does.
    An indicator is told whatever its severity, because somebody asked for it. A test is always
    wanted. That an image started is wanted where only what runs is: all others know its flaws.
    """
    if notice.kind is NoticeKind.TEST:
        return notice
    if notice.kind.value not in choice.tell:
        return None
    if notice.because is Because.STARTED and not choice.only_running:
        return None
    runs = bool(notice.image and notice.image.running)
    counting = tuple(f for f in notice.flaws if _counts(f, notice.kind, choice, runs))
    if counting == notice.flaws:
        return notice if counting else None
    if not counting:
        return None
    # What was cut off a long list is less pressing than what is there; it is not known to count.
    return replace(notice, flaws=counting, flaws_total=len(counting))


def _counts(flaw: FoundFlaw, kind: NoticeKind, choice: Filter, runs: bool) -> bool:
    if choice.only_running and kind is not NoticeKind.RESOLVED and not (flaw.running_total or runs):
        return False
    if kind is NoticeKind.INDICATOR:
        return True
    if flaw.urgency is Urgency.HIDDEN:
        return False
    if flaw.is_return and NoticeKind.RESOLVED.value not in choice.tell:
        return False
    is_fixable = any(package.fixed_in for package in flaw.packages)
    if choice.only_fixable and kind is not NoticeKind.RESOLVED and not is_fixable:
        return False
    if flaw.was_epss is not None:
        least = choice.minimum_epss
        return least is not None and flaw.was_epss < least <= (flaw.epss or 0.0)
    return (
        flaw.severity >= choice.minimum_severity
        or (choice.exploited and bool(flaw.exploited_since))
        or (choice.minimum_epss is not None and (flaw.epss or 0.0) >= choice.minimum_epss)
    )


def held_until(notice: Notice, quiet: QuietHours | None, now: datetime) -> datetime | None:
    """Return when the quiet hours end that hold this notice back, in UTC; None: send it now.

    It is quiet exactly while the clock on the wall in `quiet.zone` shows a time from `begin` up
    to `end`. So the hour that a clock shows twice in autumn counts twice, and of an hour that it
    leaves out in spring nothing counts. Hours that begin when they end are none.
    """
    if quiet is None or notice.kind is NoticeKind.TEST or _breaks(notice, quiet):
        return None
    now = now.astimezone(UTC)
    if not _is_quiet(quiet, now):
        return None
    today = now.astimezone(quiet.zone).date()
    ends = (
        datetime.combine(today + timedelta(days=days), quiet.end, quiet.zone).replace(fold=fold)
        for days in (0, 1, 2)
        for fold in (0, 1)
    )
    end = min(
        e for e in (end.astimezone(UTC) for end in ends) if e > now and not _is_quiet(quiet, e)
    )
    # An end that the clock leaves out: the quiet ends where the clock jumps, up to hours before.
    while end - _MINUTE > now and not _is_quiet(quiet, end - _MINUTE):
        end -= _MINUTE
    return end


def _breaks(notice: Notice, quiet: QuietHours) -> bool:
    return any(
        (quiet.except_exploited and flaw.exploited_since)
        or (quiet.except_from is not None and flaw.severity >= quiet.except_from)
        for flaw in notice.flaws
    )


def _is_quiet(quiet: QuietHours, moment: datetime) -> bool:
    shown = moment.astimezone(quiet.zone).time()
    if quiet.begin <= quiet.end:
        return quiet.begin <= shown < quiet.end
    return shown >= quiet.begin or shown < quiet.end
