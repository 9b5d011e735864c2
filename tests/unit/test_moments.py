from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from seawall.moments import stamp

seconds = st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1)).map(  # noqa: DTZ001 - made aware here
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


def test_a_moment_is_told_in_utc_to_the_second() -> None:
    zone = timezone(timedelta(hours=2))
    assert stamp(datetime(2026, 11, 22, 11, 30, 5, 999_999, zone)) == "2026-11-22T09:30:05Z"


@given(seconds, seconds)
def test_moments_sort_as_text(a: datetime, b: datetime) -> None:
    assert (stamp(a) < stamp(b)) == (a < b)
    assert datetime.fromisoformat(stamp(a)) == a
