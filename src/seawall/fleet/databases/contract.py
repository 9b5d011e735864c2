"""What the fleet wants of a database."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]


class Database(Protocol):
    """A connection; of one thread.

    SQL is what SQLite (3.38) and PostgreSQL (13) both know, with ``?`` for values. Tables are
    written as SQLite has them, and what begins with CREATE is translated: INTEGER is 64 bits, BLOB
    sorts as memcmp does, TEXT as its UTF-8. A text may hold anything that Python's
    can. ``/* long */`` before the one column of an index says that its values have no bound.

    All methods raise `FleetUnusable` when the database does not do what it should.
    """

    @property
    def place(self) -> str:
        """Where it is, without secrets."""

    def create(self, schema: Sequence[str]) -> None:
        """Run statements that make tables and indexes."""

    def tables(self) -> set[str]:
        """Return the names of the tables there are."""

    def rows(self, sql: str, values: Sequence[Any] = (), *, many: bool = False) -> Iterator[Row]:
        """Yield the rows of a query; where there may be very `many`, they are not all in memory."""

    def numbers(self, sql: str, values: Sequence[int] = ()) -> Sequence[Row]:
        """Return the rows of a query all at once, where they hold nothing but numbers: quicker."""

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

    def alone(self, task: str) -> AbstractContextManager[bool]:
        """Be the only one at a task, in all processes that use this database; False: another is.

        Ends with the process, however that ends.
        """

    def close(self) -> None:
        """Let go of it."""
