from hypothesis import example, given
from hypothesis import strategies as st

from seawall.fleet.service.timetable import WAITS_S, Reads, Recurring

ONE, TWO = "sha256:1", "sha256:2"


def test_a_task_is_due_at_once_and_then_after_its_interval() -> None:
    task = Recurring(900.0, due=5.0)
    assert task.is_due(5.0)
    task.done(6.0)
    assert not task.is_due(905.9)
    assert task.is_due(906.0)


@example(130072.06995901348, 14)
@given(st.floats(10, 604_800), st.integers(1, 60))
def test_after_failures_a_task_is_due_ever_later_but_never_later_than_usual(
    every_s: float, failures: int
) -> None:
    task, before = Recurring(every_s, due=0.0), 1000.0
    for _ in range(failures):
        task.failed(1000.0)
        assert before <= task.due <= 1000.0 + every_s
        before = task.due
    task.done(1000.0)
    assert (task.due, task.failures) == (1000.0 + every_s, 0)


def test_another_interval_counts_from_the_last_time() -> None:
    task = Recurring(900.0, due=0.0)
    task.done(100.0)
    task.set_every(60.0)
    assert task.due == 160.0


def test_an_image_that_is_wanted_twice_is_read_once_with_all_names() -> None:
    reads = Reads()
    reads.want(ONE, ("web:1",), "docker:host")
    reads.want(ONE, ("web:latest", "web:1"), "docker:host")
    assert [read.names for read in reads.waiting.values()] == [("web:1", "web:latest")]


def test_a_failed_read_is_tried_three_times_and_the_others_meanwhile() -> None:
    reads, now = Reads(), 0.0
    reads.want(ONE, (), "p")
    reads.want(TWO, (), "p")
    assert (first := reads.next(now)) is not None
    assert first.digest == ONE
    assert reads.failed(ONE, "torn", now)
    assert (second := reads.next(now)) is not None
    assert second.digest == TWO
    reads.forget(TWO)
    assert reads.next(now) is None
    now += WAITS_S[0]
    assert reads.next(now) is first
    assert reads.failed(ONE, "torn", now)
    now += WAITS_S[1]
    assert reads.next(now) is first
    assert not reads.failed(ONE, "torn again", now)
    assert reads.next(now + 1e9) is None
    assert reads.given_up[ONE].reason == "torn again"
    assert reads.failures == 3


def test_what_was_given_up_is_tried_again_when_all_is_listed_anew() -> None:
    reads = Reads()
    reads.want(ONE, (), "p")
    for _ in range(3):
        reads.failed(ONE, "torn", 0.0)
    reads.restock({ONE: ("web:1",)}, "p", again=False)
    assert reads.next(1e9) is None
    reads.restock({ONE: ("web:1",)}, "p", again=True)
    assert reads.next(0.0) is not None


def test_what_would_always_fail_is_tried_once() -> None:
    reads = Reads()
    reads.want(ONE, (), "p")
    assert not reads.failed(ONE, "too many findings", 0.0, is_final=True)
    reads.restock({ONE: ("web:1",)}, "p", again=True)
    assert reads.next(1e9) is None
    assert reads.given_up[ONE].reason == "too many findings"
    reads.restock({}, "p", again=True)
    assert not reads.given_up


def test_what_a_listing_does_not_have_is_not_read_any_more() -> None:
    reads = Reads()
    reads.want(ONE, (), "p")
    reads.want(TWO, (), "p")
    reads.restock({TWO: ()}, "p", again=False)
    assert list(reads.waiting) == [TWO]


def test_an_image_that_went_while_it_was_read_is_not_read_again() -> None:
    reads = Reads()
    reads.want(ONE, (), "p")
    reads.forget(ONE)
    assert not reads.failed(ONE, "no such image", 0.0)
    assert not reads.waiting
    assert not reads.given_up
