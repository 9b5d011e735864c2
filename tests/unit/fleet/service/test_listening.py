import queue
import time
from collections.abc import Iterator, Sequence

import pytest

from seawall.errors import SourceUnavailable, UsageError
from seawall.fleet.service import listening
from seawall.fleet.service.listening import Inbox, Listening, Lost, Stock, inbox
from seawall.fleet.workloads import (
    Change,
    Ended,
    ImageGone,
    Missed,
    RuntimeImage,
    Workload,
)

IMAGE = RuntimeImage("sha256:1", ("web:1",), "")
GONE = ImageGone("2026-11-22T12:00:01.000000000Z", "sha256:1")
ENDED = Ended("2026-11-22T12:00:02.000000000Z", "ab")


class Script:
    """A runtime that tells what it is given, stream by stream; then nothing more happens."""

    def __init__(self, *streams: Sequence[Change | Exception | None]) -> None:
        self.streams = list(streams)
        self.since: list[str] = []
        self.listed = 0

    def images(self) -> list[RuntimeImage]:
        self.listed += 1
        return [IMAGE]

    def workloads(self) -> list[Workload]:
        return []

    def changes(self, since: str = "") -> Iterator[Change | None]:
        self.since.append(since)
        for one in self.streams.pop(0) if self.streams else [None]:
            if isinstance(one, Exception):
                raise one
            yield one
        while not self.streams:
            time.sleep(0.01)
            yield None


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_FIRST_S", 0.01)


def heard(script: Script, count: int, since: str = "") -> list[object]:
    to = inbox()
    listens = Listening(script, lambda: "host", since, to)
    found: list[object] = [to.get(timeout=10) for _ in range(count)]
    listens.stop()
    return found


FIRST = Stock("host", [IMAGE], [], True)


def test_all_is_listed_before_changes_are_told_in_order() -> None:
    assert heard(Script([None, GONE, ENDED]), 3) == [FIRST, GONE, ENDED]


def test_what_was_noted_last_is_where_listening_begins() -> None:
    script = Script([None, GONE])
    heard(script, 2, since="2026-11-22T12:00:00.000000000Z")
    assert script.since[0] == "2026-11-22T12:00:00.000000000Z"


def test_a_runtime_that_stops_is_told_and_listened_to_again_from_where_it_was() -> None:
    script = Script([None, GONE, SourceUnavailable("it stopped")], [None, ENDED])
    assert heard(script, 5) == [FIRST, GONE, Lost("it stopped"), FIRST, ENDED]
    assert script.since == ["", GONE.at]


def test_many_missed_changes_are_one_listing() -> None:
    missed = Missed("2026-11-22T12:00:03.000000000Z", "too far back")
    script = Script([None, *[missed] * 50, None, ENDED])
    assert heard(script, 3) == [FIRST, Stock("host", [IMAGE], [], False), ENDED]
    assert script.listed == 2


def test_a_moment_that_means_nothing_is_forgotten() -> None:
    script = Script([UsageError("no moment")], [None])
    assert heard(script, 2, since="nonsense") == [Lost("no moment"), FIRST]
    assert script.since == ["nonsense", ""]


def test_a_fault_of_ours_is_told_and_does_not_end_the_watch() -> None:
    script = Script([None, ZeroDivisionError("oh")], [None])
    assert heard(script, 3) == [FIRST, Lost("ZeroDivisionError: oh"), FIRST]


def test_a_listing_that_fails_is_made_again() -> None:
    class Failing(Script):
        def images(self) -> list[RuntimeImage]:
            if not self.listed:
                self.listed += 1
                raise SourceUnavailable("no answer")
            return super().images()

    assert heard(Failing([None], [None]), 2) == [Lost("no answer"), FIRST]


def test_a_full_inbox_makes_the_runtime_wait() -> None:
    to: Inbox = queue.Queue(2)
    script = Script([None, *[ENDED] * 10])
    listens = Listening(script, lambda: "host", "", to)
    time.sleep(0.2)
    assert to.qsize() == 2
    assert [to.get(timeout=10) for _ in range(11)] == [FIRST, *[ENDED] * 10]
    listens.stop()


def test_who_asks_gets_another_listing_and_it_says_which_kind() -> None:
    to = inbox()
    listens = Listening(Script([None]), lambda: "host", "", to)
    assert to.get(timeout=10) == FIRST
    listens.list_soon()
    assert to.get(timeout=10) == Stock("host", [IMAGE], [], False)
    listens.list_soon(again=True)
    assert to.get(timeout=10) == FIRST
    listens.stop()
