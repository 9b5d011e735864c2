"""What the fleet wants of a database."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]


class Database(Protocol):
    """A connection; of one thread.

    SQL is what SQLite (3.38) and PostgreSQL (13) both know, with ``?`` for values. Tables are
    written as SQLite has them; `create` translates the few words that differ: INTEGER is 64 bits,
    BLOB sorts as memcmp does.

    All methods raise `FleetUnusable` when the database does not do what it should.
    """

    @property
    def place(self) -> str:
        """Where it is, without secrets."""

    def create(self, schema: Sequence[str]) -> None:
        """Run statements that make tables and indexes."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """Yield the rows of a query."""

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; return how many rows it changed."""

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row of values."""

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert new rows, in the fastest way there is; none may be there already."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the only right to write; all that is done within happens, or nothing of it.

        Waits for another writer. Readers go on, and see what was there before.
        """

    def reading(self) -> AbstractContextManager[None]:
        """Let all queries within see one state."""

    def close(self) -> None:
        """Let go of it."""
