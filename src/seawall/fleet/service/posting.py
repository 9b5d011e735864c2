"""The post of the service: one deliverer among all processes, and counts of what it did."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from seawall.fleet.notifying import DeliveryReport, Due, Post, Recipient
from seawall.fleet.service.condition import SinkCondition
from seawall.fleet.service.settings import Say
from seawall.fleet.store import Fleet

_SETTLING_S = 8.0  # what is on its way when the service ends
_ROUND_S = 0.2  # sinks have threads of their own: they go on between two rounds


class _Gate:
    """An outbox from which nothing comes any more once it is shut; what was sent is noted.

    Nor does anything come for a sink to which something `is_under_way` by other hands.
    """

    def __init__(self, fleet: Fleet, is_under_way: Callable[[str], bool]) -> None:
        self._outbox, self.is_shut = fleet.outbox, False
        self._is_under_way = is_under_way

    def due(self, sink: str, now: datetime, limit: int) -> Sequence[Due]:
        if self.is_shut or self._is_under_way(sink):
            return []
        return self._outbox.due(sink, now, limit)

    def members(self, sink: str, message: str) -> Sequence[Due]:
        return self._outbox.members(sink, message)

    def assign(self, sink: str, messages: Mapping[str, str]) -> None:
        self._outbox.assign(sink, messages)

    def done(self, sink: str, ids: Collection[str]) -> None:
        self._outbox.done(sink, ids)

    def later(self, sink: str, ids: Collection[str], until: datetime, error: str) -> None:
        self._outbox.later(sink, ids, until, error)

    def dead(self, sink: str, ids: Collection[str], error: str) -> None:
        self._outbox.dead(sink, ids, error)

    def skip(self, sink: str, ids: Collection[str], why: str) -> None:
        self._outbox.skip(sink, ids, why)


class Posting:
    """Sends what is due, round by round, while no other process does."""

    def __init__(
        self, fleet: Fleet, recipients: Sequence[Recipient], dead_letters: Path, say: Say
    ) -> None:
        self._fleet, self._folder, self._say = fleet, dead_letters, say
        self._lock = ExitStack()
        self.is_alone = False
        self.sinks: dict[str, SinkCondition] = {}
        self._former: list[Post] = []  # with settings of before; they still send what they began
        self._take(recipients)

    def _take(self, recipients: Sequence[Recipient]) -> None:
        self._gate = _Gate(
            self._fleet, lambda sink: any(sink in post.busy for post in self._former)
        )
        self._post = Post(self._gate, recipients, self._folder)
        # What a sink did is still true when its settings change.
        names = [recipient.name for recipient in recipients]
        self.sinks = {name: self.sinks.get(name, SinkCondition()) for name in names}

    def round(self, patience_s: float = _ROUND_S) -> None:
        """Send what is due, note what went.

        Raises what the outbox raises; nothing is lost then.
        """
        if not self.is_alone:
            # For as long as the service runs: what is on its way must not be sent by another.
            self.is_alone = self._lock.enter_context(self._fleet.database.alone("deliver"))
            if not self.is_alone:
                self._lock.close()
                return
        until = time.monotonic() + patience_s
        for post in (*self._former, self._post):
            left_s = max(0.0, until - time.monotonic())
            self._note(post.deliver(datetime.now(UTC), left_s))
        self._former = [post for post in self._former if post.busy]

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way."""
        return bool(self._former or self._post.busy)

    def _note(self, report: DeliveryReport) -> None:
        for name, sink in report.sinks.items():
            tried = sink.notices or sink.failed or sink.dead
            if before := self.sinks.get(name):  # else it is no longer in the settings
                self.sinks[name] = replace(
                    before,
                    sent=before.sent + sink.notices,
                    failed=before.failed + sink.failed,
                    dead=before.dead + sink.dead,
                    skipped=before.skipped + sink.skipped,
                    error=sink.error if tried else before.error,
                )
            if sink.notices:
                self._say(f"told {name}: {sink.notices} notices in {sink.sent} messages")
            if sink.failed or sink.dead:
                what = f"{sink.failed} to be sent again, {sink.dead} dead letters"
                self._say(f"could not tell {name}: {what}: {sink.error}")

    def replace(self, recipients: Sequence[Recipient]) -> None:
        """Send to others from now on.

        What is on its way to the former ones is noted when it ends. Until then such a sink gets
        nothing else: its notices would go twice.
        """
        self._gate.is_shut = True
        if self._post.busy:
            self._former.append(self._post)
        self._take(recipients)

    def settle(self) -> None:
        """Send nothing new; note what becomes of that which is on its way, if it is soon."""
        self._gate.is_shut = True
        if self.is_busy:
            self.round(_SETTLING_S)

    def close(self) -> None:
        """Let others send."""
        self._lock.close()
        self.is_alone = False
