"""How current advisories are: what judged the image counts, and not the feed that has news."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.advisories import AdvisoryStore, Currency, currencies, of_feeds
from seawall.advisories.store import FeedState
from seawall.advisories.store_writer import StoreWriter
from tests.unit.advisories.records import below, feed_state, parsed, record, store_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TODAY = "2026-11-20T11:00:00Z"


def days_ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("name", "newest", "obtained", "is_old"),
    [
        ("Debian:12", days_ago(1), days_ago(6), False),
        ("Debian:12", days_ago(1), days_ago(8), True),  # nobody asked
        ("Debian:12", days_ago(21), TODAY, False),
        ("Debian:12", days_ago(23), TODAY, True),  # what answers stands still
        ("kev", days_ago(23), TODAY, True),
        ("PyPI", days_ago(51), TODAY, False),
        ("PyPI", days_ago(53), TODAY, True),
        ("Maven:https://maven.google.com", days_ago(51), TODAY, False),
        ("PyPI", "", TODAY, False),
        ("PyPI", days_ago(1), "", True),
        ("PyPI", days_ago(1), "yesterday", True),
        ("PyPI", "yesterday", TODAY, True),
    ],
)
def test_advisories_are_old_when_nobody_asked_or_nothing_came_for_long(
    name: str, newest: str, obtained: str, is_old: bool
) -> None:
    assert Currency(name, newest, obtained).is_old(NOW) is is_old


def test_a_small_ecosystem_may_be_silent_for_years_but_must_be_asked() -> None:
    asked = Currency("CRAN", days_ago(900), TODAY, is_regular=False)
    assert not asked.is_old(NOW)
    assert not asked.is_outdated(NOW)
    assert asked.as_of == TODAY
    assert Currency("CRAN", days_ago(900), days_ago(200), is_regular=False).is_outdated(NOW)


def test_after_half_a_year_advisories_are_outdated() -> None:
    assert not Currency("Alpine:v3.20", days_ago(180), TODAY).is_outdated(NOW)
    assert Currency("Alpine:v3.20", days_ago(190), TODAY).is_outdated(NOW)
    assert Currency("Alpine:v3.20", TODAY, days_ago(190)).is_outdated(NOW)


def test_after_the_end_of_a_release_nothing_more_can_be_missed() -> None:
    complete = Currency("Debian:10", "2024-06-28T00:00:00Z", "2024-08-01T00:00:00Z")
    assert complete.is_outdated(NOW)
    ended = Currency(complete.name, complete.newest, complete.obtained, until="2024-06-30")
    assert not ended.is_old(NOW)
    stopped = Currency("Alpine:v3.11", "2020-06-08T13:44:53Z", TODAY, until="2021-11-01")
    assert stopped.is_outdated(NOW)


@pytest.mark.parametrize(
    ("name", "days"), [("Debian:13", 19), ("Debian:13", 100), ("PyPI", 64), ("PyPI", 400)]
)
def test_a_part_may_be_silent_while_its_feed_is_not(name: str, days: int) -> None:
    one = Currency(name, days_ago(days), TODAY, feed_newest=days_ago(1))
    assert not one.is_old(NOW)
    assert not one.is_outdated(NOW)
    assert one.as_of == days_ago(1)
    silent = Currency(name, days_ago(days + 60), TODAY, feed_newest=days_ago(60))
    assert silent.is_old(NOW)


def test_a_release_is_judged_by_the_newest_record_of_all_releases(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "advisories.sqlite") as writer:
        for name, release, days in (("D-1", "Debian:12", 1), ("D-2", "Debian:13", 30)):
            writer.add("osv/Debian", parsed(dated(name, release, days_ago(days)), "Debian"))
        state = replace(feed_state("osv/Debian", 13_450), newest=days_ago(1), obtained=TODAY)
        writer.note(state)
        writer.publish()
    with AdvisoryStore.open(tmp_path / "advisories.sqlite") as store:
        (one,) = currencies(store, {"Debian:13"})
    assert (one.newest, one.as_of) == (days_ago(30), days_ago(1))
    assert not one.is_old(NOW)


def test_a_feed_that_no_longer_speaks_of_a_release_does_not_keep_it_current() -> None:
    stopped = Currency("Debian:11", days_ago(190), TODAY, feed_newest=days_ago(1))
    assert stopped.is_outdated(NOW)
    assert stopped.as_of == days_ago(190)


def test_what_reaches_the_end_of_its_release_is_as_old_as_its_last_update() -> None:
    def as_of(newest: str, obtained: str = TODAY, until: str = "2024-06-30") -> str:
        feed = min(days_ago(1), obtained)
        return Currency("Debian:10", newest, obtained, until=until, feed_newest=feed).as_of

    assert as_of("2024-06-28T00:00:00Z") == TODAY
    assert as_of("2024-03-01T00:00:00Z") == TODAY  # little happened at its end; the feed went on
    assert as_of("2023-06-28T00:00:00Z") == "2023-06-28T00:00:00Z"
    early = "2024-06-29T00:00:00Z"  # asked before the end: what came on its last day is missing
    assert as_of("2024-06-28T00:00:00Z", early) == early
    assert as_of(days_ago(9), until="2026-11-25") == days_ago(1)  # goes on for some days


def test_the_end_of_a_release_excuses_no_feed_that_stood_still_before_it() -> None:
    still = Currency("Debian:10", "2024-05-01T00:00:00Z", TODAY, until="2024-06-30")
    assert still.is_old(NOW)
    assert still.as_of == "2024-05-01T00:00:00Z"


stamps = st.integers(-1000, 5000).map(lambda days: NOW - timedelta(days=days, hours=1))


@given(stamps, stamps, stamps, st.booleans())
def test_the_older_of_two_dates_tells_unless_the_feed_is_small(
    newest: datetime, obtained: datetime, now: datetime, is_regular: bool
) -> None:
    one = Currency("PyPI", newest.isoformat(), obtained.isoformat(), is_regular)
    assert datetime.fromisoformat(one.as_of) == (min(newest, obtained) if is_regular else obtained)


@given(
    st.builds(
        Currency,
        st.sampled_from(["PyPI", "Debian:12"]),
        stamps.map(datetime.isoformat),
        stamps.map(datetime.isoformat),
        st.booleans(),
        st.one_of(st.just(""), stamps.map(lambda stamp: f"{stamp:%Y-%m-%d}")),
        st.one_of(st.just(""), stamps.map(datetime.isoformat)),
    ),
    stamps,
)
def test_what_is_outdated_is_old_and_what_is_old_stays_so(one: Currency, now: datetime) -> None:
    assert one.is_old(now) >= one.is_outdated(now)
    assert one.is_old(now + timedelta(days=30)) >= one.is_old(now)
    if not one.until and one.is_outdated(now):
        assert now - datetime.fromisoformat(one.as_of) > timedelta(days=183)


def dated(name: str, release: str, modified: str) -> dict[str, object]:
    return record(name, below(release, "x", "2")) | {"modified": modified}


def test_each_release_has_the_date_of_its_own_newest_advisory(tmp_path: Path) -> None:
    records = {
        "Debian": [
            dated("D-1", "Debian:11", "2023-03-29T13:11:07Z"),
            dated("D-2", "Debian:11", "2022-01-01T00:00:00Z"),
            dated("D-3", "Debian:12", "2026-11-18T20:02:04Z"),
        ],
        "PyPI": [
            dated("P-1", "PyPI", "2026-05-01T00:00:00Z"),
            dated("P-2", "PyPI", "2027-07-09T15:54:00Z"),  # occurs in the feed
            dated("P-3", "PyPI", "soon"),
        ],
    }
    with store_of(tmp_path, records) as store:
        assert store.newest(["Debian:11", "Debian:12", "Debian:13", "PyPI"]) == {
            "Debian:11": "2023-03-29T13:11:07Z",
            "Debian:12": "2026-11-18T20:02:04Z",
            "PyPI": "2026-05-01T00:00:00Z",
        }
        found = currencies(store, {"Debian:11", "PyPI"}, until="2026-08-31")
    assert [(one.name, one.newest[:10], one.until) for one in found] == [
        ("Debian:11", "2023-03-29", "2026-08-31"),
        ("PyPI", "2026-05-01", ""),
    ]
    assert {one.obtained for one in found} == {"2026-11-20T12:00:00Z"}
    assert {one.feed_newest for one in found} == {"2026-01-02T03:04:05Z"}
    assert not any(one.is_regular for one in found)


def test_the_many_names_of_one_release_count_as_one(tmp_path: Path) -> None:
    names = [f"Red Hat:enterprise_linux:9::{part}" for part in ("appstream", "baseos")]
    records = {
        "Red Hat": [
            dated("R-1", names[0], "2026-11-01T00:00:00Z"),
            dated("R-2", names[1], "2026-02-01T00:00:00Z"),
        ]
    }
    with store_of(tmp_path, records) as store:
        (one,) = currencies(store, set(names))
    assert (one.name, one.newest) == ("Red Hat", "2026-11-01T00:00:00Z")


def test_the_age_of_a_feed_that_the_store_knows_nothing_of_is_unknown(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "store") as writer:
        writer.add("osv/PyPI", parsed(dated("P-1", "PyPI", TODAY), "PyPI"))
        writer.publish()
    with store_of(tmp_path, {}) as store:
        (one,) = currencies(store, {"PyPI"})
    assert one.as_of == ""
    assert one.is_old(NOW)


def test_a_feed_is_named_without_where_it_comes_from() -> None:
    large = FeedState("kev", "", "", "", TODAY, "2025-08-25", 1404)
    one, small = of_feeds([large, feed_state("osv/CRAN", 14)])
    assert (one.name, one.newest, one.is_regular) == ("kev", "2025-08-25", True)
    assert (small.name, small.is_regular) == ("CRAN", False)
