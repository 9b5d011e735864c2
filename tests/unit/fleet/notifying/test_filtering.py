from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seawall.fleet.notifying import FoundFlaw, NoticeKind
from seawall.fleet.notifying import notice as notices
from seawall.fleet.notifying.filtering import held_until, wanted
from seawall.fleet.notifying.settings import Filter, QuietHours
from seawall.model import Severity, Urgency
from tests.unit.fleet.notifying.samples import JOBS, NOW, WEB, brought, flaw, notice

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN: dict[str, Any] = {"severity": Severity.HIGH, "exploited_since": "", "epss": None}
NIGHT = QuietHours(time(22), time(7), BERLIN)


def high(**changes: Any) -> FoundFlaw:
    return flaw(**PLAIN | changes)


@pytest.mark.parametrize(
    ("found", "choice", "is_wanted"),
    [
        (high(), Filter(), True),
        (high(severity=Severity.MEDIUM), Filter(), False),
        (high(severity=Severity.UNKNOWN), Filter(), False),
        (high(severity=Severity.LOW, exploited_since="2026-01-01"), Filter(), True),
        (high(severity=Severity.LOW, exploited_since="2026-01-01"), Filter(exploited=False), False),
        (high(severity=Severity.LOW, epss=0.5), Filter(minimum_epss=0.5), True),
        (high(severity=Severity.LOW, epss=0.499), Filter(minimum_epss=0.5), False),
        (high(severity=Severity.LOW, epss=None), Filter(minimum_epss=0.5), False),
        (high(severity=Severity.LOW, epss=0.9), Filter(), False),
        (high(running_total=0), Filter(only_running=True), False),
        (high(running_total=1), Filter(only_running=True), True),
        (high(packages=()), Filter(only_fixable=True), False),
        (high(), Filter(only_fixable=True), True),
        (high(urgency=Urgency.HIDDEN), Filter(), False),
        (high(), Filter(tell=frozenset(("image",))), False),
    ],
)
def test_a_flaw_is_wanted_as_the_filter_says(
    found: FoundFlaw, choice: Filter, is_wanted: bool
) -> None:
    assert wanted(notice(found), choice) == (notice(found) if is_wanted else None)


def test_that_an_image_started_is_wanted_only_where_only_what_runs_is() -> None:
    started = brought(because=notices.Because.STARTED)
    assert wanted(started, Filter()) is None
    assert wanted(started, Filter(only_running=True)) is not None
    back = brought(because=notices.Because.BACK)
    assert wanted(back, Filter()) is not None


def test_an_image_loses_the_flaws_below_the_threshold_and_then_vanishes() -> None:
    whole = brought(6)
    some = wanted(whole, Filter())
    assert some is not None
    assert {f.severity for f in some.flaws} == {Severity.CRITICAL, Severity.HIGH}
    assert (some.flaws_total, some.id, some.image) == (4, whole.id, whole.image)
    only_medium = notice(*(f for f in whole.flaws if f.severity is Severity.MEDIUM))
    assert wanted(only_medium, Filter()) is None


def test_flaws_of_an_image_that_runs_count_as_running() -> None:
    choice = Filter(only_running=True)
    assert wanted(notice(high(running_total=0), kind=NoticeKind.IMAGE, image=WEB), choice)
    assert not wanted(notice(high(running_total=0), kind=NoticeKind.IMAGE, image=JOBS), choice)


def test_what_is_resolved_need_not_run_or_have_a_fix() -> None:
    gone = notice(high(running_total=0, packages=()), kind=NoticeKind.RESOLVED)
    choice = Filter(only_running=True, only_fixable=True, tell=frozenset(("resolved",)))
    assert wanted(gone, choice) == gone
    assert wanted(gone, Filter()) is None


def test_an_indicator_is_told_whatever_its_severity() -> None:
    seen = notice(high(severity=Severity.UNKNOWN), kind=NoticeKind.INDICATOR)
    assert wanted(seen, Filter()) == seen


def test_a_test_is_always_wanted_and_never_held() -> None:
    test = notices.test_notice(NOW)
    choice = Filter(Severity.CRITICAL, tell=frozenset(), only_running=True)
    assert wanted(test, choice) == test
    always = QuietHours(time(0), time(23, 59), ZoneInfo("UTC"))
    assert held_until(test, always, NOW) is None


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-22 21:59", None),
        ("2026-11-22 22:00", "2026-11-23 07:00"),
        ("2026-11-23 00:00", "2026-11-23 07:00"),
        ("2026-11-23 06:59", "2026-11-23 07:00"),
        ("2026-11-23 07:00", None),
        ("2026-03-28 23:00", "2026-03-29 07:00"),  # the night an hour is missing
        ("2026-10-24 23:00", "2026-10-25 07:00"),  # the night an hour comes twice
    ],
)
def test_quiet_hours_go_across_midnight_and_changes_of_the_clock(now: str, end: str | None) -> None:
    assert held_until(notice(high()), NIGHT, at(now)) == (at(end).astimezone(UTC) if end else None)


def test_an_end_that_the_clock_leaves_out_is_when_it_jumps() -> None:
    quiet = QuietHours(time(22), time(2, 30), BERLIN)
    jump = at("2026-03-29 03:00").astimezone(UTC)
    assert held_until(notice(high()), quiet, at("2026-03-29 01:30")) == jump


def test_an_hour_that_comes_twice_is_quiet_twice() -> None:
    quiet = QuietHours(time(22), time(2, 30), BERLIN)
    first, second = (at("2026-10-25 02:10", fold=fold) for fold in (0, 1))
    ends = [at("2026-10-25 02:30", fold=fold).astimezone(UTC) for fold in (0, 1)]
    assert [held_until(notice(high()), quiet, now) for now in (first, second)] == ends
    assert held_until(notice(high()), quiet, at("2026-10-25 02:45", fold=0)) is None


_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
_zones = st.sampled_from(["Europe/Berlin", "UTC", "Australia/Lord_Howe", "America/St_Johns"])
_days = st.sampled_from([date(2026, 3, 28), date(2026, 10, 24), date(2026, 4, 4), date(2026, 7, 1)])


@settings(max_examples=60, deadline=None)
@given(_times, _times, _zones, _days, st.integers(0, 48 * 60))
@example(time(2, 15), time(2, 45), "Europe/Berlin", date(2026, 3, 29), 0)
def test_until_is_the_first_minute_at_which_the_clock_shows_no_quiet_time(
    begin: time, end: time, zone: str, day: date, minutes: int
) -> None:
    now = datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes)
    expected = now
    while True:  # minute for minute, as somebody would who looks at the wall
        shown = expected.astimezone(ZoneInfo(zone)).time()
        inside = begin <= shown < end if begin <= end else shown >= begin or shown < end
        if not inside:
            break
        expected += timedelta(minutes=1)
    quiet = QuietHours(begin, end, ZoneInfo(zone))
    assert held_until(notice(high()), quiet, now) == (None if expected == now else expected)


@pytest.mark.parametrize(
    ("found", "quiet", "is_held"),
    [
        (high(exploited_since="2026-01-01"), NIGHT, False),
        (high(severity=Severity.CRITICAL), NIGHT, False),
        (high(), NIGHT, True),
        (
            high(severity=Severity.CRITICAL, exploited_since="2026-01-01"),
            QuietHours(time(22), time(7), BERLIN, except_exploited=False, except_from=None),
            True,
        ),
    ],
)
def test_exceptions_break_the_quiet(found: FoundFlaw, quiet: QuietHours, is_held: bool) -> None:
    assert (held_until(notice(found), quiet, at("2026-11-22 23:00")) is not None) == is_held
