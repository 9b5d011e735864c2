import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import DeliveryFailed, DeliveryRefused
from seawall.fleet.notifying import Notice, Post, Recipient, decode, deliver
from seawall.fleet.notifying.delivery import backoff_s, dead_letter_name, is_given_up
from seawall.fleet.notifying.notice import bounded
from seawall.fleet.notifying.settings import Filter, QuietHours
from seawall.model import Severity
from tests.unit.fleet.notifying.outbox import MemoryOutbox
from tests.unit.fleet.notifying.samples import NOW, flaw, notice


class Receiver:
    """Keeps what it gets; `fault` is asked first, and what it returns is raised."""

    def __init__(self, name: str = "sink") -> None:
        self.name = name
        self.got: list[Notice] = []
        self.tried: list[str] = []
        self.fault: Callable[[Notice], Exception | None] = lambda _: None

    def send(self, notice: Notice) -> None:
        self.tried.append(notice.id)
        if error := self.fault(notice):
            raise error
        self.got.append(notice)

    @property
    def ids(self) -> list[str]:
        return [notice.id for notice in self.got]


def some(count: int, first: int = 0) -> list[Notice]:
    return [notice(flaw(f"CVE-2026-{n}")) for n in range(first, first + count)]


def post(outbox: MemoryOutbox, folder: Path, *receivers: Receiver, jitter: float = 0.5) -> Post:
    return Post(outbox, map(Recipient, receivers), folder, jitter=lambda: jitter)


def failing(retry_after_s: float | None = None) -> Callable[[Notice], Exception | None]:
    return lambda _: DeliveryFailed("host: no answer", retry_after_s)


def test_each_sink_gets_each_notice_once(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(3), ("one", "two"))
    one, two = Receiver("one"), Receiver("two")
    service = post(outbox, tmp_path, one, two)
    report = service.deliver(NOW)
    assert report.is_clean
    assert report.sinks["one"].sent == report.sinks["two"].notices == 3
    service.deliver(NOW)
    assert sorted(one.ids) == sorted(two.ids) == sorted(n.id for n in some(3))
    assert set(outbox.states("one").values()) == {"done"}


def test_the_most_pressing_is_sent_first(tmp_path: Path) -> None:
    low = notice(flaw("CVE-1", exploited_since="", severity=Severity.HIGH))
    receiver = Receiver()
    deliver(MemoryOutbox([low, notice()]), [Recipient(receiver)], NOW, tmp_path)
    assert receiver.ids == [notice().id, low.id]


def test_what_is_not_wanted_is_skipped_and_what_is_narrowed_arrives_so(tmp_path: Path) -> None:
    low = flaw("CVE-1", exploited_since="", severity=Severity.LOW)
    outbox = MemoryOutbox([notice(low), notice(flaw(), low)])
    receiver = Receiver()
    report = deliver(outbox, [Recipient(receiver)], NOW, tmp_path)
    assert [f.id for f in receiver.got[0].flaws] == [flaw().id]
    assert report.sinks["sink"].skipped == 1
    assert sorted(outbox.states().values()) == ["done", "skipped"]


def test_quiet_hours_hold_back_and_count_as_no_attempt(tmp_path: Path) -> None:
    quiet = QuietHours(time(22), time(7), ZoneInfo("UTC"))
    high = notice(flaw("CVE-1", exploited_since="", severity=Severity.HIGH))
    outbox = MemoryOutbox([notice(), high])
    receiver = Receiver()
    service = Post(outbox, [Recipient(receiver, Filter(quiet_hours=quiet))], tmp_path)
    night = datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert service.deliver(night).sinks["sink"].held == 1
    assert receiver.ids == [notice().id]
    assert outbox.rows["sink", high.id].until == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert outbox.rows["sink", high.id].attempts == 0
    service.deliver(night + timedelta(hours=8))
    assert receiver.ids == [notice().id, high.id]


def test_a_retry_that_falls_into_quiet_hours_waits_for_their_end(tmp_path: Path) -> None:
    quiet = QuietHours(time(22), time(7), ZoneInfo("UTC"))
    outbox = MemoryOutbox([notice(flaw("CVE-1", exploited_since="", severity=Severity.HIGH))])
    receiver = Receiver()
    receiver.fault = failing()
    service = Post(outbox, [Recipient(receiver, Filter(quiet_hours=quiet))], tmp_path)
    evening = datetime(2026, 11, 22, 21, 59, 50, tzinfo=UTC)
    service.deliver(evening)
    service.deliver(evening + timedelta(minutes=2))
    assert len(receiver.tried) == 1


def test_failures_are_tried_again_after_longer_and_longer_waits(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(1))
    receiver = Receiver()
    receiver.fault = failing()
    service, now, waits = post(outbox, tmp_path, receiver), NOW, []
    [row] = outbox.rows.values()
    for _ in range(9):
        service.deliver(now)
        assert row.until is not None
        waits.append((row.until - now).total_seconds())
        now = row.until
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert row.attempts == 9
    receiver.fault = lambda _: None
    service.deliver(now - timedelta(seconds=1))
    assert not receiver.got
    service.deliver(now)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("said", "expected"), [(None, 30), (5, 30), (600, 600), (1e9, 3600), (0, 30)]
)
def test_a_receiver_may_ask_for_up_to_an_hour(
    tmp_path: Path, said: float | None, expected: float
) -> None:
    outbox = MemoryOutbox(some(1))
    receiver = Receiver()
    receiver.fault = failing(said)
    post(outbox, tmp_path, receiver).deliver(NOW)
    [row] = outbox.rows.values()
    assert row.until == NOW + timedelta(seconds=expected)


@pytest.mark.parametrize(("jitter", "expected"), [(0.0, 22.5), (1.0, 37.5)])
def test_waits_are_scattered(tmp_path: Path, jitter: float, expected: float) -> None:
    outbox = MemoryOutbox(some(1))
    receiver = Receiver()
    receiver.fault = failing()
    post(outbox, tmp_path, receiver, jitter=jitter).deliver(NOW)
    [row] = outbox.rows.values()
    assert row.until == NOW + timedelta(seconds=expected)


def test_after_a_day_of_waits_it_is_given_up() -> None:
    tries = next(n for n in range(1000) if is_given_up(n))
    waited = sum(map(backoff_s, range(tries)))
    assert 24 * 3600 <= waited <= 25 * 3600
    assert is_given_up(10**9)


def test_a_sink_that_is_down_for_a_day_has_all_its_notices_as_dead_letters(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(12))
    receiver = Receiver()
    receiver.fault = failing()
    service, now = post(outbox, tmp_path, receiver), NOW
    for _ in range(26 * 60):
        service.deliver(now)
        now += timedelta(minutes=1)
    assert set(outbox.states().values()) == {"dead"}
    lines = (tmp_path / dead_letter_name("sink")).read_text().splitlines()
    assert sorted(json.loads(line)["id"] for line in lines) == sorted(outbox.states())


def test_what_is_refused_is_a_dead_letter_at_once(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(2))
    receiver = Receiver("so c/")
    outbox.rows = {("so c/", known): row for (_, known), row in outbox.rows.items()}
    receiver.fault = lambda _: DeliveryRefused("host answers 404")
    report = post(outbox, tmp_path / "new", receiver).deliver(NOW)
    assert report.sinks["so c/"].dead == 2
    path = tmp_path / "new" / "dead-letters-so%20c%2F.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    for line in path.read_bytes().splitlines():
        letter = json.loads(line)
        assert (letter["sink"], letter["error"]) == ("so c/", "host answers 404")
        assert letter["attempts"] == 1
        kept = line[line.index(b'"notice":') + 9 : -1]
        assert decode(kept).id == letter["id"]


def test_a_dead_letter_that_cannot_be_written_is_not_dead(tmp_path: Path) -> None:
    (tmp_path / dead_letter_name("sink")).mkdir()
    outbox = MemoryOutbox(some(1))
    receiver = Receiver()
    receiver.fault = lambda _: DeliveryRefused("no")
    report = post(outbox, tmp_path, receiver).deliver(NOW)
    assert set(outbox.states().values()) == {"waiting"}
    assert "no dead letter written" in report.sinks["sink"].error


def test_one_that_dies_between_letter_and_outbox_leaves_one_letter(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(1))
    receiver = Receiver()
    receiver.fault = lambda _: DeliveryRefused("no")
    outbox.crash_before = "dead"
    with pytest.raises(RuntimeError, match="killed"):
        post(outbox, tmp_path, receiver).deliver(NOW)
    post(outbox, tmp_path, receiver).deliver(NOW)
    assert len((tmp_path / dead_letter_name("sink")).read_text().splitlines()) == 1
    assert set(outbox.states().values()) == {"dead"}


def test_a_fault_of_a_sink_is_tried_again_like_no_answer(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(1))
    receiver = Receiver()
    receiver.fault = lambda _: ZeroDivisionError("oops")
    report = post(outbox, tmp_path, receiver).deliver(NOW)
    assert report.sinks["sink"].error == "ZeroDivisionError: oops"
    assert set(outbox.states().values()) == {"waiting"}


def test_those_that_always_fail_do_not_stand_before_the_others(tmp_path: Path) -> None:
    # The first three as they are ranked, and the first three as they were found.
    bad = {n.id for n in some(40) if n.flaws[0].id[9:] in ("0", "1", "2", "10")}
    outbox = MemoryOutbox(some(40))
    receiver = Receiver()
    receiver.fault = lambda n: DeliveryFailed("no") if n.id in bad else None
    service, now = post(outbox, tmp_path, receiver), NOW
    for _ in range(12):
        service.deliver(now)
        now += timedelta(hours=1)
    waiting = {known for known, state in outbox.states().items() if state == "waiting"}
    assert waiting == bad


def test_a_sink_that_is_down_is_tried_three_times_a_round(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(15))
    receiver = Receiver()
    receiver.fault = failing()
    report = post(outbox, tmp_path, receiver).deliver(NOW)
    assert len(receiver.tried) == 3
    assert report.sinks["sink"].failed == 15
    assert {row.attempts for row in outbox.rows.values()} == {1}


def test_a_sink_that_hangs_holds_up_no_other_and_sends_once(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(2), ("slow", "quick"))
    slow, quick, gate = Receiver("slow"), Receiver("quick"), threading.Event()

    def hang(_notice: Notice) -> None:
        gate.wait(60)

    slow.fault = hang
    service = post(outbox, tmp_path, slow, quick)
    report = service.deliver(NOW, patience_s=0.2)
    assert report.sinks["slow"].busy
    assert not report.is_clean
    assert report.sinks["quick"].sent == 2
    again = service.deliver(NOW, patience_s=0.05)  # it is not asked to send the same beside
    assert again.sinks["slow"].busy
    gate.set()
    done = service.deliver(NOW, patience_s=20)
    assert not done.sinks["slow"].busy
    assert len(slow.tried) == 2
    assert set(outbox.states("slow").values()) == {"done"}


def test_more_than_twenty_go_as_twenty_and_one_that_sums_up(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(53))
    receiver = Receiver()
    report = post(outbox, tmp_path, receiver).deliver(NOW)
    assert (report.sinks["sink"].sent, report.sinks["sink"].notices) == (21, 53)
    assert len(receiver.got) == 21
    [many] = [n for n in receiver.got if len(n.flaws) > 1]
    assert many.flaws_total == 33
    assert set(outbox.states().values()) == {"done"}
    told = {f.id for n in receiver.got for f in n.flaws}
    assert told == {n.flaws[0].id for n in some(53)}


def test_a_bundle_is_sent_again_as_it_was_whatever_came_since(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(53))
    receiver = Receiver()
    receiver.fault = failing()
    post(outbox, tmp_path, receiver).deliver(NOW)
    for fresh in some(40, first=100):
        outbox.put(fresh)
    bundles: dict[str, Notice] = {}

    def once_not(sent: Notice) -> Exception | None:
        if len(sent.flaws) > 1 and sent.id not in bundles:
            bundles[sent.id] = sent
            return DeliveryFailed("no")
        return None

    receiver.fault = once_not
    now = NOW
    for _ in range(5):
        now += timedelta(hours=1)
        post(outbox, tmp_path, receiver).deliver(now)
    again = {n.id: n for n in receiver.got if len(n.flaws) > 1}
    assert sorted(n.flaws_total for n in again.values()) == [20, 33]
    assert again == bundles
    assert set(outbox.states().values()) == {"done"}


def test_an_outbox_that_fails_after_sending_leaves_the_outcome_for_later(tmp_path: Path) -> None:
    outbox = MemoryOutbox(some(3))
    receiver = Receiver()
    service = post(outbox, tmp_path, receiver)
    outbox.crash_before = "done"
    with pytest.raises(RuntimeError, match="killed"):
        service.deliver(NOW)
    service.deliver(NOW)
    assert len(receiver.got) == 3
    assert set(outbox.states().values()) == {"done"}


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_nothing_is_lost_and_a_repetition_has_the_same_id_and_content(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A service that is killed anywhere, failing receivers, and news in between."""
    folder = tmp_path_factory.mktemp("state")
    outbox, receiver, now = MemoryOutbox(some(data.draw(st.integers(0, 60)))), Receiver(), NOW
    made = len(outbox.rows)
    for _ in range(data.draw(st.integers(1, 6))):
        faults = data.draw(st.lists(st.booleans(), max_size=6))
        receiver.fault = lambda _, f=faults: DeliveryFailed("no") if f and f.pop() else None  # type: ignore[misc]  # a default that binds
        outbox.crash_before = data.draw(st.sampled_from(["", "done", "assign", "due"]))
        service = post(outbox, folder, receiver)  # a new process
        try:
            service.deliver(now, patience_s=20)
        except RuntimeError:
            _wait_for(service)
        news = data.draw(st.integers(0, 30))
        for fresh in some(news, first=made):
            outbox.put(fresh)
        made += news
        now += timedelta(hours=2)
    receiver.fault, outbox.crash_before = (lambda _: None), ""
    for _ in range(3):
        post(outbox, folder, receiver).deliver(now)
        now += timedelta(hours=2)
    assert set(outbox.states().values()) <= {"done"}
    by_id: dict[str, Notice] = {}
    for sent in receiver.got:
        assert bounded(by_id.setdefault(sent.id, sent)) == bounded(sent)
    told = [f.id for n in by_id.values() for f in n.flaws]
    assert sorted(told) == sorted(n.flaws[0].id for n in some(made))


def _wait_for(service: Post) -> None:
    """Let the thread of a service that was killed come to its end, so that it sends no more."""
    for thread in threading.enumerate():
        if thread.name.startswith("to "):
            thread.join(20)
