"""The outbox in memory, as its Protocol says."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from seawall.fleet.notifying import Due, Notice


@dataclass
class Row:
    notice: Notice
    state: str = "waiting"  # done, dead, skipped
    attempts: int = 0
    until: datetime | None = None
    message: str = ""
    said: str = ""


class MemoryOutbox:
    """`crash_before` names a method that fails once, before it does anything."""

    def __init__(self, notices: Sequence[Notice] = (), sinks: Sequence[str] = ("sink",)) -> None:
        self.rows = {(s, n.id): Row(n) for s in sinks for n in notices}
        self.crash_before = ""

    def put(self, notice: Notice, sink: str = "sink") -> None:
        self.rows.setdefault((sink, notice.id), Row(notice))

    def states(self, sink: str = "sink") -> dict[str, str]:
        return {known: row.state for (s, known), row in self.rows.items() if s == sink}

    def due(self, sink: str, now: datetime, limit: int) -> Sequence[Due]:
        self._crash("due")
        found = self._waiting(sink, lambda row: row.until is None or row.until <= now)
        return sorted(found, key=lambda due: not due.message)[:limit]

    def members(self, sink: str, message: str) -> Sequence[Due]:
        return self._waiting(sink, lambda row: row.message == message)

    def assign(self, sink: str, messages: Mapping[str, str]) -> None:
        self._crash("assign")
        for known, message in messages.items():
            self.rows[sink, known].message = message

    def done(self, sink: str, ids: Collection[str]) -> None:
        self._crash("done")
        self._settle(sink, ids, "done", "")

    def later(self, sink: str, ids: Collection[str], until: datetime, error: str) -> None:
        for known in ids:
            row = self.rows[sink, known]
            row.until, row.said = until, error
            row.attempts += bool(error)

    def dead(self, sink: str, ids: Collection[str], error: str) -> None:
        self._crash("dead")
        self._settle(sink, ids, "dead", error)

    def skip(self, sink: str, ids: Collection[str], why: str) -> None:
        self._settle(sink, ids, "skipped", why)

    def _settle(self, sink: str, ids: Collection[str], state: str, said: str) -> None:
        for known in ids:
            row = self.rows[sink, known]
            row.state, row.said = state, said

    def _waiting(self, sink: str, wanted: Callable[[Row], bool]) -> list[Due]:
        return [
            Due(row.notice, row.attempts, row.message)
            for (s, _), row in self.rows.items()
            if s == sink and row.state == "waiting" and wanted(row)
        ]

    def _crash(self, method: str) -> None:
        if self.crash_before == method:
            self.crash_before = ""
            raise RuntimeError("killed")
