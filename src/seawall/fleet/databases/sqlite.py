"""A fleet in one SQLite file.

Write-ahead logging lets readers go on while one process writes. What is kept is believed by gates,
so a file that another user could have written is refused.
"""

import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self, TypeVar

from seawall.errors import FleetUnusable
from seawall.fleet.databases.contract import Row
from seawall.fleet.databases.text import original_rows, plain_rows, plain_values
from seawall.own_file import check_own

_T = TypeVar("_T")
_WAIT_S = 60.0  # for another writer, once; then again
_TRIES = 5
_CACHE_KIB = 128 << 10
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_BESIDE = ("-journal", "-wal", "-shm")


class SqliteDatabase:
    """A connection to a file; see `Database`."""

    def __init__(self, connection: sqlite3.Connection, place: str) -> None:
        self._db, self.place = connection, place

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the file, or make one.

        Raises:
            FleetUnusable: it cannot be made or opened, is no database, or could have been written
                by another user.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if reason := check_own(path, _BESIDE):
                raise FleetUnusable(*reason)
            with suppress(FileExistsError):  # SQLite would make it as the umask says
                path.touch(mode=0o600, exist_ok=False)
            connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise FleetUnusable(f"{path}: {getattr(error, 'strerror', None) or error}") from error
        database = cls(connection, str(path))
        try:
            for setting in (
                "journal_mode = WAL",
                "synchronous = FULL",  # what was told must be known to be told after a power cut
                f"cache_size = -{_CACHE_KIB}",
                "temp_store = MEMORY",
                "mmap_size = 1073741824",
            ):
                database.run(f"PRAGMA {setting}")
        except BaseException:
            connection.close()
            raise
        return database

    def create(self, schema: Sequence[str]) -> None:
        """Run the statements as they are."""
        for statement in schema:
            self.run(statement)

    def tables(self) -> set[str]:
        """Return the names of the tables there are."""
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        return {name for (name,) in self.rows(sql)}

    def rows(self, sql: str, values: Sequence[Any] = (), *, many: bool = False) -> Iterator[Row]:  # noqa: ARG002 - SQLite yields each row when it has it
        """Yield the rows of a query."""
        given = plain_values(values)
        cursor = self._patiently(lambda: self._db.execute(sql, given))
        try:
            yield from original_rows(cursor)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._unusable(error) from error

    def numbers(self, sql: str, values: Sequence[int] = ()) -> Sequence[Row]:
        """Return the rows of a query all at once."""
        return self._patiently(lambda: self._db.execute(sql, values).fetchall())

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement."""
        given = plain_values(values)
        return self._patiently(lambda: self._db.execute(sql, given)).rowcount

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        try:
            self._db.executemany(sql, plain_rows(rows))
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert new rows."""
        marks = ",".join("?" * len(columns))
        self.run_many(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608 - our own names

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write; within another `writing` it is the outer one's."""
        if self._db.in_transaction:
            yield
            return
        self._patiently(lambda: self._db.execute("BEGIN IMMEDIATE"))
        try:
            yield
        except BaseException:
            if self._db.in_transaction:  # SQLite ends it itself on some errors
                self._db.execute("ROLLBACK")
            raise
        self._patiently(lambda: self._db.execute("COMMIT"))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all queries see one state."""
        if self._db.in_transaction:
            yield
            return
        self._patiently(lambda: self._db.execute("BEGIN"))
        try:
            yield
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    @contextmanager
    def alone(self, task: str) -> Iterator[bool]:
        """Hold a lock on a file beside the database."""
        path = Path(f"{self.place}.{task}.lock")
        with _own_lock(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                is_alone = False
            else:
                is_alone = True
            yield is_alone

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _patiently(self, work: Callable[[], _T]) -> _T:
        for attempt in range(_TRIES):
            try:
                return work()
            except sqlite3.Error as error:
                code = int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF
                if code not in _BUSY or attempt == _TRIES - 1:
                    raise self._unusable(error) from error
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("unreachable")

    def _unusable(self, error: Exception) -> FleetUnusable:
        return FleetUnusable(f"{self.place}: {error}")


def _own_lock(path: Path) -> IO[bytes]:
    """Open a file that nobody else can open: whoever can read one can hold its lock for ever.

    Raises:
        FleetUnusable: it cannot be opened, is no regular file, or another user's.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        file = os.fdopen(os.open(path, flags, 0o600), "rb+", buffering=0)
    except OSError as error:
        raise FleetUnusable(f"{path}: {error.strerror}") from error
    try:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode) or state.st_uid not in (os.geteuid(), 0):
            raise FleetUnusable(f"{path}: not a file of ours", "look who made it, and remove it")
        if state.st_mode & 0o077 and state.st_uid == os.geteuid():
            os.fchmod(file.fileno(), 0o600)
    except BaseException:
        file.close()
        raise
    return file
