"""From the outbox to the sinks: nothing is lost, and nothing is told twice that need not be.

A notice is sent, then marked as done. Who dies between the two sends it once more with the same id,
by which receivers know it; files look for themselves. In which message a notice goes is written
down before anything is sent, so a message that is sent again holds the same notices.

Each sink has a thread of its own, so one that hangs holds up no other. The outbox is only touched
by the thread that calls `Post.deliver`.
"""

import queue
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import msgspec

from seawall.errors import DeliveryFailed, DeliveryRefused, NotificationError
from seawall.fleet.notifying.bundling import bundled, plan, rank
from seawall.fleet.notifying.filtering import held_until, wanted
from seawall.fleet.notifying.json_lines import append_once
from seawall.fleet.notifying.notice import Notice, encode
from seawall.fleet.notifying.settings import Filter
from seawall.fleet.notifying.sinks.contract import Sink

FIRST_S, LONGEST_S = 30.0, 3600.0  # to wait after the first failure, and at most
GIVEN_UP_S = 24 * 3600.0  # of waiting in all; then a notice is a dead letter
AT_ONCE = 1000  # notices that are looked at in one go, for one sink
_PATIENCE_S = 60.0
_IN_A_ROW = 3  # failures, after which a sink is left alone for a while


@dataclass(frozen=True, slots=True)
class Due:
    """A notice that one sink has not got yet, and whose time has come."""

    notice: Notice
    attempts: int = 0  # that failed
    message: str = ""  # id of the message it goes in, once that is planned


class Outbox(Protocol):
    """What is to be told to whom. A sink is named by its name in the settings.

    Every method is one transaction, and on the disk when it returns. An id or a sink that it does
    not know any more is no error.
    """

    def due(self, sink: str, now: datetime, limit: int) -> Sequence[Due]:
        """Return at most `limit` notices that wait and whose time has come, the oldest first.

        Those with a `message` come before those without.
        """

    def members(self, sink: str, message: str) -> Sequence[Due]:
        """Return all notices that wait and were assigned to a message, whenever they are due."""

    def assign(self, sink: str, messages: Mapping[str, str]) -> None:
        """Remember for each notice's id the id of the message it goes in."""

    def done(self, sink: str, ids: Collection[str]) -> None:
        """The sink has got these."""

    def later(self, sink: str, ids: Collection[str], until: datetime, error: str) -> None:
        """They are due again at `until`. Where `error` is not empty that was a failed attempt."""

    def dead(self, sink: str, ids: Collection[str], error: str) -> None:
        """These will not be sent any more; they are among the dead letters."""

    def skip(self, sink: str, ids: Collection[str], why: str) -> None:
        """The sink does not want these."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A sink, and what it wants."""

    sink: Sink
    filter: Filter = field(default_factory=Filter)

    @property
    def name(self) -> str:
        """The sink's name."""
        return self.sink.name


@dataclass(slots=True)
class SinkReport:
    """What became of one sink's notices in one round."""

    sent: int = 0  # messages
    notices: int = 0  # that went in them
    held: int = 0  # by quiet hours
    skipped: int = 0  # not wanted
    failed: int = 0  # to be sent again
    dead: int = 0
    busy: bool = False  # it still sends; the next round says how that ended
    error: str = ""  # the last one


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of all notices that were due."""

    sinks: Mapping[str, SinkReport]

    @property
    def is_clean(self) -> bool:
        """Whether nothing failed and no sink still sends."""
        return not any(s.failed or s.dead or s.busy for s in self.sinks.values())


@dataclass(frozen=True, slots=True)
class _Message:
    notice: Notice  # as it is sent
    members: tuple[Notice, ...]  # what goes in it
    attempts: int

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(member.id for member in self.members)


@dataclass(frozen=True, slots=True)
class _Sent:
    """One message was tried; `error` is None when the receiver has it."""

    sink: str
    message: _Message
    error: Exception | None


@dataclass(frozen=True, slots=True)
class _Ended:
    """A sink has no more to send. What is left over was not tried, because too much failed."""

    sink: str
    rest: tuple[_Message, ...]
    answers: bool  # whether it took anything
    error: Exception | None  # the last one


@dataclass(slots=True)
class _Sorting:
    """Which notices one sink gets now, and what becomes of the others."""

    choice: Filter
    now: datetime
    unwanted: list[str] = field(default_factory=list)
    held: dict[datetime, list[str]] = field(default_factory=dict)

    def wanted_now(self, dues: Sequence[Due]) -> list[Notice]:
        """Return what the sink wants of one message; nothing while all of that has to wait."""
        notices: list[Notice] = []
        for due in dues:
            notice = wanted(due.notice, self.choice)
            if notice is None:
                self.unwanted.append(due.notice.id)
            else:
                notices.append(notice)
        ends = [held_until(n, self.choice.quiet_hours, self.now) for n in notices]
        waits = [end for end in ends if end is not None]
        if notices and len(waits) == len(notices):
            self.held.setdefault(max(waits), []).extend(notice.id for notice in notices)
            return []
        return notices


def deliver(
    outbox: Outbox,
    recipients: Iterable[Recipient],
    now: datetime,
    dead_letters: Path,
    patience_s: float = _PATIENCE_S,
) -> DeliveryReport:
    """Send once what is due, for a command that then ends: see `Post.deliver`."""
    return Post(outbox, recipients, dead_letters).deliver(now, patience_s)


class Post:
    """Sends what is due, again and again, as long as a service runs."""

    def __init__(
        self,
        outbox: Outbox,
        recipients: Iterable[Recipient],
        dead_letters: Path,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Keep dead letters in the folder `dead_letters`; `jitter` gives numbers from 0 to 1."""
        self._outbox, self._folder, self._jitter = outbox, dead_letters, jitter
        self._recipients = tuple(recipients)
        self._outcomes: queue.SimpleQueue[_Sent | _Ended] = queue.SimpleQueue()
        self._unsettled: _Sent | _Ended | None = None  # taken, and not yet in the outbox
        self._busy: set[str] = set()

    @property
    def busy(self) -> Set[str]:
        """The sinks to which something is on its way, or was and is not noted yet."""
        return self._busy

    def deliver(self, now: datetime, patience_s: float = _PATIENCE_S) -> DeliveryReport:
        """Send what is due at `now`, wait at most `patience_s` for all sinks, and say what became.

        A sink that needs longer goes on in its thread; it gets nothing new until a later call has
        seen how that ended. `now` has a time zone.

        Raises what the outbox raises; nothing is lost then.
        """
        reports = {recipient.name: SinkReport() for recipient in self._recipients}
        self._settle(reports, now, 0.0)  # what ended since the last round
        for recipient in self._recipients:
            if recipient.name not in self._busy:
                messages = self._messages(recipient, now, reports[recipient.name])
                if messages:
                    self._start(recipient.sink, messages)
        self._settle(reports, now, patience_s)
        for name in self._busy & reports.keys():
            reports[name].busy = True
        return DeliveryReport(reports)

    def _messages(self, recipient: Recipient, now: datetime, report: SinkReport) -> list[_Message]:
        """Return what to send to one sink, in this order; settle what is not sent now."""
        name, sorting = recipient.name, _Sorting(recipient.filter, now)
        fresh: list[Notice] = []
        planned: dict[str, list[Due]] = {}
        for due in self._outbox.due(name, now, AT_ONCE):
            if not due.message:
                fresh += sorting.wanted_now([due])
            elif due.message == due.notice.id:
                planned[due.message] = [due]
            elif due.message not in planned:
                planned[due.message] = list(self._outbox.members(name, due.message))
        again: list[_Message] = []
        for message, dues in planned.items():
            # Quiet hours and a filter that was changed hold for what is sent again, too.
            if members := sorting.wanted_now(dues):
                again.append(_message(message, members, max(due.attempts for due in dues)))
        assigned = plan(fresh)
        if sorting.unwanted:
            self._outbox.skip(name, sorting.unwanted, "the filter of the sink")
        for until, ids in sorting.held.items():
            self._outbox.later(name, ids, until, "")
        if assigned:
            self._outbox.assign(name, assigned)
        report.skipped += len(sorting.unwanted)
        report.held += sum(map(len, sorting.held.values()))
        together: dict[str, list[Notice]] = {}
        for notice in sorted(fresh, key=rank):
            together.setdefault(assigned[notice.id], []).append(notice)
        # In no order: a few that fail each time must not stand before the others each time.
        random.shuffle(again)
        return [_message(message, members, 0) for message, members in together.items()] + again

    def _start(self, sink: Sink, messages: Sequence[_Message]) -> None:
        self._busy.add(sink.name)
        # A daemon: a sink that hangs must not keep the process from ending.
        threading.Thread(
            target=_send, args=(sink, messages, self._outcomes), name=f"to {sink.name}", daemon=True
        ).start()

    def _settle(self, reports: Mapping[str, SinkReport], now: datetime, patience_s: float) -> None:
        """Write down what the sinks' threads report, until all ended or patience is over."""
        end = time.monotonic() + patience_s
        while True:
            # One that could not be written down, because the outbox failed, is not forgotten.
            if self._unsettled is None:
                if not self._busy:
                    return
                try:
                    left = max(0.0, end - time.monotonic())
                    self._unsettled = (
                        self._outcomes.get(timeout=left) if left else (self._outcomes.get_nowait())
                    )
                except queue.Empty:
                    return
            outcome = self._unsettled
            self._record(outcome, reports.get(outcome.sink, SinkReport()), now)
            self._unsettled = None

    def _record(self, outcome: _Sent | _Ended, report: SinkReport, now: datetime) -> None:
        match outcome:
            case _Sent(sink, message, None):
                self._outbox.done(sink, message.ids)
                report.sent += 1
                report.notices += len(message.ids)
            case _Sent(sink, message, error):
                assert error is not None  # noqa: S101 - the other case is above
                self._failed(sink, message, error, report, now)
            case _Ended(sink, rest, answers, error):
                for message in rest:
                    if answers or error is None:  # it lives: they were only not reached
                        until = now + timedelta(seconds=FIRST_S)
                        self._outbox.later(sink, message.ids, until, "")
                    else:
                        self._failed(sink, message, error, report, now)
                self._busy.discard(sink)

    def _failed(
        self, sink: str, message: _Message, error: Exception, report: SinkReport, now: datetime
    ) -> None:
        report.error = str(error)
        delay_s = backoff_s(message.attempts) * (0.75 + self._jitter() / 2)
        if isinstance(error, DeliveryFailed) and error.retry_after_s is not None:
            delay_s = max(delay_s, min(error.retry_after_s, LONGEST_S))
        until = now + timedelta(seconds=delay_s)
        is_final = isinstance(error, DeliveryRefused) or is_given_up(message.attempts)
        if is_final:
            try:
                self._bury(sink, message, str(error), now)
            except OSError as problem:
                report.error = f"{self._folder}: no dead letter written ({problem.strerror})"
                is_final = False
        if is_final:
            self._outbox.dead(sink, message.ids, str(error))
            report.dead += len(message.ids)
        else:
            self._outbox.later(sink, message.ids, until, report.error)
            report.failed += len(message.ids)

    def _bury(self, sink: str, message: _Message, error: str, now: datetime) -> None:
        """Write each notice of a message to the sink's dead letters, once.

        Raises:
            OSError: it cannot be written.
        """
        path = self._folder / dead_letter_name(sink)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for notice in message.members:
            letter = {
                "id": notice.id,
                "sink": sink,
                "at": now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "attempts": message.attempts + 1,
                "error": error,
                "notice": msgspec.Raw(encode(notice)),
            }
            beginning = f'{{"id":"{notice.id}",'.encode()
            append_once(path, beginning, msgspec.json.encode(letter), 0o600)


def dead_letter_name(sink: str) -> str:
    """Return the name of the file with a sink's dead letters; no two sinks have the same."""
    return f"dead-letters-{quote(sink, safe='')}.jsonl"


def backoff_s(attempts: int) -> float:
    """Return how long to wait after so many failures before the one just now: 30 s to an hour."""
    return min(FIRST_S * 2.0 ** min(attempts, 16), LONGEST_S)


def is_given_up(attempts: int) -> bool:
    """Tell whether the waits after so many failures come to a day.

    Not the age counts but the waits: what nobody tried to send, because no service ran, is not old.
    """
    return sum(map(backoff_s, range(min(attempts, 1000)))) >= GIVEN_UP_S


def _message(message: str, members: Sequence[Notice], attempts: int) -> _Message:
    alone = len(members) == 1 and members[0].id == message
    notice = members[0] if alone else bundled(message, members)
    return _Message(notice, tuple(members), attempts)


def _send(
    sink: Sink, messages: Sequence[_Message], outcomes: "queue.SimpleQueue[_Sent | _Ended]"
) -> None:
    """Send messages one after the other; stop after a few failures in a row."""
    in_a_row, answers, last = 0, False, None
    for position, message in enumerate(messages):
        error: Exception | None = None
        try:
            sink.send(message.notice)
        except NotificationError as known:
            error = known
        except Exception as unknown:  # a fault of ours must not stop other sinks
            error = DeliveryFailed(f"{type(unknown).__name__}: {unknown}")
        answers = answers or error is None or isinstance(error, DeliveryRefused)
        in_a_row = in_a_row + 1 if isinstance(error, DeliveryFailed) else 0
        last = error or last
        outcomes.put(_Sent(sink.name, message, error))
        if in_a_row == _IN_A_ROW:
            outcomes.put(_Ended(sink.name, tuple(messages[position + 1 :]), answers, last))
            return
    outcomes.put(_Ended(sink.name, (), answers, last))
