"""Who sends, and what becomes of what is on its way when the settings change."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seawall.fleet import Fleet
from seawall.fleet.notifying import Notice, Recipient
from seawall.fleet.notifying import test_notice as notice_of_a_test
from seawall.fleet.service.posting import Posting


@dataclass
class Slow:
    """A sink that answers when it is let go."""

    name: str
    got: list[Notice] = field(default_factory=list)
    free: threading.Event = field(default_factory=threading.Event)

    def send(self, notice: Notice) -> None:
        self.got.append(notice)
        self.free.wait(60)


def goes_on(posting: Posting, until: Callable[[], bool]) -> bool:
    """Go round until something holds, for as long as that may take on a busy machine."""
    end = time.monotonic() + 60
    while not until() and time.monotonic() < end:
        posting.round(0.01)
    return until()


@pytest.fixture
def notice(fleet: Fleet) -> Notice:
    found = notice_of_a_test(datetime.now(UTC))
    with fleet.writing():
        fleet.outbox.put(found)
    return found


@pytest.fixture
def posting(fleet: Fleet, tmp_path: Path) -> Iterator[Posting]:
    found = Posting(fleet, (), tmp_path / "dead", lambda _: None)
    yield found
    found.close()


def test_what_is_on_its_way_when_the_settings_change_is_not_sent_again(
    posting: Posting, fleet: Fleet, notice: Notice
) -> None:
    before, now, other = Slow("hook"), Slow("hook"), Slow("other")
    now.free.set()
    other.free.set()
    posting.replace((Recipient(before),))
    assert goes_on(posting, lambda: before.got == [notice])
    posting.replace((Recipient(now), Recipient(other)))
    posting.replace((Recipient(now), Recipient(other)))
    assert posting.is_busy
    assert goes_on(posting, lambda: other.got == [notice])
    for _ in range(3):
        posting.round(0.01)
    assert now.got == []
    before.free.set()
    assert goes_on(posting, lambda: not posting.is_busy)
    assert fleet.outbox.waiting(["hook", "other"], datetime.now(UTC)) == {"hook": 0, "other": 0}
    assert posting.sinks["hook"].sent == 1
    later = notice_of_a_test(datetime.now(UTC))
    with fleet.writing():
        fleet.outbox.put(later)
    assert goes_on(posting, lambda: now.got == [later])
    assert before.got == [notice]


def test_a_sink_that_left_the_settings_still_settles_what_it_began(
    posting: Posting, fleet: Fleet, notice: Notice
) -> None:
    before = Slow("hook")
    posting.replace((Recipient(before),))
    posting.round(0.0)
    posting.replace(())
    before.free.set()
    assert goes_on(posting, lambda: not posting.is_busy)
    assert fleet.outbox.counts() == {("hook", "done"): 1}
    assert posting.sinks == {}


def test_at_the_end_nothing_new_is_sent(posting: Posting, fleet: Fleet, notice: Notice) -> None:
    sink = Slow("hook")
    posting.replace((Recipient(sink),))
    posting.settle()
    assert sink.got == []
    assert fleet.outbox.waiting(["hook"], datetime.now(UTC)) == {"hook": 1}
