"""Notices on their way, in both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from seawall.fleet.notifying import Notice, NoticeKind, identity
from seawall.fleet.notifying.delivery import Due
from seawall.fleet.notifying.notice import bounded
from seawall.fleet.store import Fleet
from tests.unit.fleet.conftest import Opener
from tests.unit.fleet.notifying.samples import NOW, flaw

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def notice(number: int, age: timedelta = MINUTE) -> Notice:
    at = (NOW - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    return bounded(Notice(identity(str(number)), NoticeKind.NEW, at, (flaw(f"CVE-2026-{number}"),)))


def ids(due: Sequence[Due]) -> list[str]:
    return [one.notice.id for one in due]


def test_a_notice_waits_for_each_sink_until_that_one_has_it(fleet: Fleet) -> None:
    one, two = notice(1, 2 * MINUTE), notice(2)
    for each in (one, two, one):
        fleet.outbox.put(each)
    assert ids(fleet.outbox.due("a", NOW, 10)) == [one.id, two.id]
    fleet.outbox.done("a", [one.id])
    fleet.outbox.skip("a", [two.id], "too mild")
    assert fleet.outbox.due("a", NOW, 10) == []
    assert ids(fleet.outbox.due("b", NOW, 1)) == [one.id]
    assert fleet.outbox.waiting(["a", "b", "new"], NOW) == {"a": 0, "b": 2, "new": 2}


def test_what_failed_waits_for_its_time_and_counts_attempts(fleet: Fleet) -> None:
    one = notice(1)
    fleet.outbox.put(one)
    fleet.outbox.later("a", [one.id], NOW + MINUTE, "no answer")
    assert fleet.outbox.due("a", NOW, 10) == []
    assert fleet.outbox.due("a", NOW + MINUTE, 10) == [Due(one, attempts=1)]
    fleet.outbox.later("a", [one.id], NOW + 2 * MINUTE, "")  # held back, no failure
    assert fleet.outbox.due("a", NOW + 2 * MINUTE, 10) == [Due(one, attempts=1)]
    fleet.outbox.dead("a", [one.id], "refused")
    assert fleet.outbox.due("a", NOW + DAY, 10) == []


def test_members_of_a_message_stay_together_and_come_first(fleet: Fleet) -> None:
    several = [notice(number, number * MINUTE) for number in (1, 2, 3, 4)]
    for each in several:
        fleet.outbox.put(each)
    message = identity("message")
    fleet.outbox.assign("a", {several[0].id: message, several[1].id: message})
    assert [one.message for one in fleet.outbox.due("a", NOW, 10)] == [message, message, "", ""]
    assert ids(fleet.outbox.members("a", message)) == [several[1].id, several[0].id]
    fleet.outbox.done("a", [several[0].id])
    assert ids(fleet.outbox.members("a", message)) == [several[1].id]


def test_a_sink_that_is_new_gets_what_was_found_lately(fleet: Fleet) -> None:
    old, recent = notice(1, 11 * MINUTE), notice(2, 9 * MINUTE)
    fleet.outbox.put(old)
    fleet.outbox.put(recent)
    assert ids(fleet.outbox.due("a", NOW, 10)) == [recent.id]
    later = notice(3, -DAY)
    fleet.outbox.put(later)
    assert ids(fleet.outbox.due("a", NOW + 3 * DAY, 10)) == [recent.id, later.id]


def test_old_notices_go_unless_a_sink_waits_for_them(fleet: Fleet) -> None:
    told, waits = notice(1, 20 * DAY), notice(2, 20 * DAY)
    for each in (told, waits):
        fleet.outbox.put(each)
    fleet.outbox.done("a", [told.id])
    fleet.outbox.later("a", [waits.id], NOW, "no answer")
    assert fleet.outbox.prune(NOW, ["a"]) == 0
    assert ids(fleet.outbox.due("a", NOW, 10)) == [waits.id]
    assert fleet.outbox.counts() == {("a", "waits"): 1}
    fleet.outbox.prune(NOW, ["b"])  # nobody writes to the first one any more
    assert fleet.outbox.counts() == {}


def test_an_old_notice_that_a_sink_never_looked_at_stays(fleet: Fleet) -> None:
    assert fleet.outbox.due("a", NOW - 21 * DAY, 10) == []  # it was there before the notices
    assert fleet.outbox.due("b", NOW, 10) == []  # it was not
    unseen, told = notice(1, 20 * DAY), notice(2, 20 * DAY)
    for each in (unseen, told):
        fleet.outbox.put(each)
    fleet.outbox.done("a", [told.id])
    fleet.outbox.prune(NOW, ["a", "b", "new"])
    assert ids(fleet.outbox.due("a", NOW, 10)) == [unseen.id]
    assert fleet.outbox.waiting(["a", "b"], NOW) == {"a": 1, "b": 0}
    fleet.outbox.done("a", [unseen.id])
    fleet.outbox.prune(NOW, ["a", "b", "new"])
    assert list(fleet.database.rows("SELECT id FROM outbox")) == []


def test_of_too_many_notices_the_oldest_go_and_those_not_sent_are_counted(fleet: Fleet) -> None:
    assert fleet.outbox.due("a", NOW - DAY, 10) == []
    several = [notice(number, number * MINUTE) for number in range(5)]
    for each in several:
        fleet.outbox.put(each)
    fleet.outbox.done("a", [several[4].id])
    assert fleet.outbox.prune(NOW, ["a"], most=2) == 2
    assert ids(fleet.outbox.due("a", NOW, 10)) == [several[1].id, several[0].id]
    assert fleet.outbox.prune(NOW, ["a"], most=2) == 0


def test_a_notice_is_there_after_the_store_was_closed(opener: Opener) -> None:
    one = notice(1)
    with Fleet(opener()) as fleet:
        fleet.outbox.put(one)
    with Fleet(opener()) as fleet:
        assert fleet.outbox.due("a", NOW, 10) == [Due(one)]


def test_what_is_rolled_back_is_not_told(fleet: Fleet) -> None:
    def fail() -> None:
        with fleet.writing():
            fleet.outbox.put(notice(1))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert fleet.outbox.due("a", NOW, 10) == []


def test_an_id_that_is_not_known_is_no_error(fleet: Fleet) -> None:
    fleet.outbox.done("a", ["nothing"])
    fleet.outbox.later("a", ["nothing"], NOW, "x")
    assert fleet.outbox.counts() == {}


def test_the_same_notice_keeps_its_first_form(fleet: Fleet) -> None:
    one = notice(1)
    fleet.outbox.put(one)
    fleet.outbox.put(replace(one, note="other"))
    assert fleet.outbox.due("a", NOW, 10) == [Due(one)]
