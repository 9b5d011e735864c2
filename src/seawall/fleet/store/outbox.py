"""Notices on their way: written together with what they tell, kept until every sink has them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from seawall.errors import FleetUnusable
from seawall.fleet.databases import Database
from seawall.fleet.notifying.delivery import Due
from seawall.fleet.notifying.notice import Notice, decode, encode
from seawall.fleet.store.notes import Notes
from seawall.moments import stamp

# A sink that is new gets what was found just now, by the update that brought it in.
_LATELY = timedelta(minutes=10)
_KEPT = timedelta(days=14)  # then a notice goes, once every sink has it
_MOST = 100_000  # notices; the oldest of more go
_WAITS, _DONE, _DEAD, _SKIPPED = "waits", "done", "dead", "skipped"
_COLUMNS = "o.document, coalesce(d.attempts, 0), coalesce(d.message, '')"
_JOINED = "FROM outbox AS o LEFT JOIN delivery AS d ON d.notice = o.id AND d.sink = ?"


class Outbox:
    """Notices that were found; see `seawall.fleet.notifying.delivery.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, *notices: Notice) -> int:
        """Keep notices; one that is there already is the same. Return how many were given."""
        self._db.run_many(
            "INSERT INTO outbox VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(notice.id, notice.at, encode(notice)) for notice in notices],
        )
        return len(notices)

    def due(self, sink: str, now: datetime, limit: int) -> Sequence[Due]:
        """Return at most `limit` notices that wait and whose time has come, the oldest first."""
        since = self._since(sink, now)
        rows = self._db.rows(
            f"SELECT {_COLUMNS} {_JOINED} WHERE (d.notice IS NULL AND o.created >= ?) "
            "OR (d.state = ? AND d.due <= ?) "
            "ORDER BY coalesce(d.message, '') = '', o.created, o.id LIMIT ?",
            (sink, since, _WAITS, stamp(now), limit),
        )
        return [self._due(row) for row in rows]

    def members(self, sink: str, message: str) -> Sequence[Due]:
        """Return all notices that wait and were assigned to a message."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} {_JOINED} WHERE d.message = ? AND d.state = ? "
            "ORDER BY o.created, o.id",
            (sink, message, _WAITS),
        )
        return [self._due(row) for row in rows]

    def assign(self, sink: str, messages: Mapping[str, str]) -> None:
        """Remember for each notice's id the id of the message it goes in."""
        with self._db.writing():
            for notice, message in messages.items():
                self._run(notice, sink, "message = excluded.message", message=message)

    def done(self, sink: str, ids: Collection[str]) -> None:
        """The sink has got these."""
        self._settle(sink, ids, _DONE, "")

    def later(self, sink: str, ids: Collection[str], until: datetime, error: str) -> None:
        """They are due again at `until`."""
        with self._db.writing():
            for notice in ids:
                self._run(
                    notice,
                    sink,
                    "due = excluded.due, error = excluded.error, "
                    "attempts = delivery.attempts + excluded.attempts",
                    attempts=int(bool(error)),
                    due=stamp(until),
                    error=error,
                )

    def dead(self, sink: str, ids: Collection[str], error: str) -> None:
        """These will not be sent any more."""
        self._settle(sink, ids, _DEAD, error)

    def skip(self, sink: str, ids: Collection[str], why: str) -> None:
        """The sink does not want these."""
        self._settle(sink, ids, _SKIPPED, why)

    def waiting(self, sinks: Iterable[str], now: datetime) -> dict[str, int]:
        """Return how many notices each sink has not got yet."""
        return {
            sink: int(
                next(
                    self._db.rows(
                        f"SELECT count(*) {_JOINED} WHERE (d.notice IS NULL AND o.created >= ?) "
                        "OR d.state = ?",
                        (sink, self._since(sink, now, note=False), _WAITS),
                    )
                )[0]
            )
            for sink in sinks
        }

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many notices are in each state at each sink."""
        rows = self._db.rows("SELECT sink, state, count(*) FROM delivery GROUP BY sink, state")
        return {(sink, state): count for sink, state, count in rows}

    def prune(self, now: datetime, sinks: Collection[str], most: int = _MOST) -> int:
        """Let go of old notices that each of these sinks has, or will never get.

        What a sink still waits for stays, however old it is; but of more than `most` notices the
        oldest go all the same. Return how many of those some sink had not got.
        """
        before = stamp(now - _KEPT)
        lost = 0
        with self._db.writing():
            waiting = [
                f"id IN (SELECT o.id {_JOINED} WHERE (d.notice IS NULL AND o.created >= ?) "
                "OR d.state = ?)"
                for _ in sinks
            ]
            waits = f"({' OR '.join(waiting) or '1 = 0'})"
            values = [
                value
                for sink in sinks
                for value in (sink, self._since(sink, now, note=False), _WAITS)
            ]
            self._db.run(
                f"DELETE FROM outbox WHERE created < ? AND NOT {waits}",  # noqa: S608 - our own words
                (before, *values),
            )
            count = int(next(self._db.rows("SELECT count(*) FROM outbox"))[0])
            if count > most:
                oldest = "id IN (SELECT id FROM outbox ORDER BY created, id LIMIT ?)"
                sql = f"SELECT count(*) FROM outbox WHERE {oldest} AND {waits}"  # noqa: S608 - our own words
                lost = int(next(self._db.rows(sql, (count - most, *values)))[0])
                self._db.run(f"DELETE FROM outbox WHERE {oldest}", (count - most,))  # noqa: S608 - our own words
            self._db.run("DELETE FROM delivery WHERE notice NOT IN (SELECT id FROM outbox)")
        return lost

    def _since(self, sink: str, now: datetime, *, note: bool = True) -> str:
        notes = Notes(self._db)
        since = notes.get(f"sink:{sink}")
        if not since:
            since = stamp(now - _LATELY)
            if note:
                with self._db.writing():
                    notes.set(f"sink:{sink}", since)
        return since

    def _settle(self, sink: str, ids: Collection[str], state: str, error: str) -> None:
        with self._db.writing():
            for notice in ids:
                what = "state = excluded.state, error = excluded.error"
                self._run(notice, sink, what, state=state, error=error)

    def _run(
        self,
        notice: str,
        sink: str,
        what: str,
        *,
        state: str = _WAITS,
        attempts: int = 0,
        due: str = "",
        message: str = "",
        error: str = "",
    ) -> None:
        """Note something of a notice at a sink; `what` is changed where there is a row."""
        self._db.run(
            "INSERT INTO delivery (notice, sink, state, attempts, due, message, error) "  # noqa: S608 - our own words
            "SELECT id, ?, ?, ?, ?, ?, ? FROM outbox WHERE id = ? "
            f"ON CONFLICT (notice, sink) DO UPDATE SET {what}",
            (sink, state, attempts, due, message, error, notice),
        )

    def _due(self, row: tuple[Any, ...]) -> Due:
        try:
            return Due(decode(bytes(row[0])), row[1], row[2])
        except ValueError as error:
            raise FleetUnusable(f"{self._db.place}: damaged ({error})") from error
