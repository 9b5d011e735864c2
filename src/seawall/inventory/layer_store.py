"""Readings of layers, kept in one SQLite file: what was read once is not read again.

A layer never changes, its diff-id names its content; so a row is right for ever, as long as the
code that read it is the same (`analyser`). Many processes read and write at once: SQLite's
write-ahead log lets readers go on, a writer waits its turn. A store that fails is no reason for a
scan to fail: it is told once, and everything is read anew.

What is kept is believed, so whoever can write it can hide findings: a file or folder that another
user (but root) owns or may write to is refused.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Self, TypeVar

from seawall.errors import CacheDamaged, CacheUnusable
from seawall.own_file import check_own

_T = TypeVar("_T")
_BESIDE = ("-journal", "-wal", "-shm")  # what SQLite keeps next to a database, in safe order to go
_WAIT_S = 30.0  # for another writer, once; then again
_TRIES = 4
_DAY_S = 86_400
_CHECKSUM_BYTES = 16
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# An error of the statement itself: a table of this name has other columns than ours.
_DAMAGED = (
    *(sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT),
    *(sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_CONSTRAINT),
)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
    subject TEXT NOT NULL, part TEXT NOT NULL, analyser TEXT NOT NULL, used INTEGER NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (subject, part, analyser)
);
CREATE INDEX IF NOT EXISTS reading_by_use ON reading (used);
"""
# Rooms whose code decides what a reading says.
_ROOMS = ("images", "inventory", "scanning.content", "model")


def analyser_version(rooms: tuple[str, ...] = _ROOMS) -> str:
    """Return a fingerprint of the code and rules that read layers, 16 hex digits.

    A version number would be forgotten in some change; the files themselves cannot be.
    """
    state = hashlib.sha256()
    for room in rooms:
        for path, content in sorted(_files(resources.files(f"seawall.{room}"))):
            state.update(f"{path} {len(content)}\n".encode() + content)
    return state.hexdigest()[:16]


def _files(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from ((f"{entry.name}/{path}", data) for path, data in _files(entry))
        elif not entry.name.endswith(".pyc"):
            yield entry.name, entry.read_bytes()


def _checksum(subject: str, part: str, data: bytes) -> bytes:
    """Return what tells that a row is as it was written; not who wrote it."""
    state = hashlib.blake2b(f"{subject}\n{part}\n".encode(), digest_size=_CHECKSUM_BYTES)
    state.update(data)
    return state.digest()


@dataclass(frozen=True, slots=True)
class StoreSize:
    """How much a store holds."""

    subjects: int  # layers and images: what has a digest; compiled patterns are kept, too
    size_bytes: int  # of all that is kept; the file may be larger until it is pruned


class LayerStore:
    """Readings by subject (diff-id or image digest) and part ("facts", "content", "image")."""

    def __init__(self, connection: sqlite3.Connection, analyser: str, where: Path) -> None:
        self._connection, self._analyser, self._where = connection, analyser, where
        self._used: set[tuple[str, str]] = set()

    @classmethod
    def open(cls, path: Path, analyser: str) -> Self:
        """Open the store, or make one.

        Raises:
            CacheDamaged: the file is no store, or one that cannot be read.
            CacheUnusable: the file cannot be made or opened, is another program's, or could have
                been written by another user.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if reason := check_own(path, _BESIDE):
                raise CacheUnusable(*reason)
            with suppress(FileExistsError):  # SQLite would make it as the umask says
                path.touch(mode=0o600, exist_ok=False)
            connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        except OSError as error:
            raise CacheUnusable(f"{path}: {error.strerror}") from error
        except sqlite3.Error as error:
            raise CacheUnusable(f"{path}: {error}") from error
        store = cls(connection, analyser, path)
        try:
            store._prepare()
        except BaseException:
            connection.close()
            raise
        return store

    @classmethod
    def replace(cls, path: Path, analyser: str) -> Self:
        """Put an empty store in the place of a file that is no store, or a damaged one.

        Not for a store that others use: SQLite may then remove the new one's files as the old's.

        Raises:
            CacheUnusable: the file cannot be removed, or none can be made.
        """
        try:
            # The database goes last: an old log beside a new one would be written into it.
            for ending in (*_BESIDE, ""):
                path.with_name(path.name + ending).unlink(missing_ok=True)
        except OSError as error:
            raise CacheUnusable(f"{path}: {error.strerror}") from error
        return cls.open(path, analyser)

    def _prepare(self) -> None:
        """Make the table where there is none; leave alone what another program has made."""
        connection = self._connection
        tables = self._patiently(
            lambda: connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            ).fetchall()
        )
        if tables not in ([], [("reading",)]):
            raise CacheUnusable(
                f"{self._where}: another program's database",
                "it is left alone: move it away, or set SEAWALL_HOME to another folder",
            )
        try:
            self._where.chmod(0o600)  # it says what is in private images
        except OSError as error:
            raise CacheUnusable(f"{self._where}: {error.strerror}") from error
        self._patiently(lambda: connection.execute("PRAGMA journal_mode = WAL"))
        self._patiently(lambda: connection.execute("PRAGMA synchronous = NORMAL"))
        self._patiently(lambda: connection.executescript(_SCHEMA))
        self._patiently(
            lambda: connection.execute(
                "SELECT subject, part, analyser, used, data FROM reading LIMIT 0"
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(sqlite3.Error):
            self._touch()
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def get(self, subject: str, part: str) -> bytes | None:
        """Return what was kept; None where there is nothing, or it was read by other code."""
        row = self._patiently(
            lambda: self._connection.execute(
                "SELECT data FROM reading WHERE subject = ? AND part = ? AND analyser = ?",
                (subject, part, self._analyser),
            ).fetchone()
        )
        if row is None:
            return None
        if not isinstance(row[0], bytes):
            return None  # nothing of ours: as good as absent
        checksum, data = row[0][:_CHECKSUM_BYTES], row[0][_CHECKSUM_BYTES:]
        if checksum != _checksum(subject, part, data):
            return None  # a disk's error: a version with one bit flipped is a version, too
        self._used.add((subject, part))
        return data

    def put(self, subject: str, part: str, data: bytes) -> None:
        """Keep `data`; what other code had read of this part is replaced."""
        now = int(time.time())

        def write() -> None:
            with self._transaction():
                self._connection.execute(
                    "DELETE FROM reading WHERE subject = ? AND part = ?", (subject, part)
                )
                self._connection.execute(
                    "INSERT INTO reading VALUES (?, ?, ?, ?, ?)",
                    (subject, part, self._analyser, now, _checksum(subject, part, data) + data),
                )

        self._patiently(write)

    def size(self) -> StoreSize:
        """Return how much is kept."""
        subjects, size = self._patiently(
            lambda: self._connection.execute(
                "SELECT count(DISTINCT subject) FILTER (WHERE subject LIKE '%:%'), "
                "coalesce(sum(length(data)), 0) FROM reading"
            ).fetchone()
        )
        return StoreSize(subjects, size)

    def prune(
        self, unused_days: int, keep_bytes: int | None = None, *, everything: bool = False
    ) -> int:
        """Remove readings not used for so many days, then the longest unused above `keep_bytes`.

        Readings by other code than today's go in any case: it is the first word of `analyser`.
        Returns how many rows went.
        """
        before = int(time.time()) - unused_days * _DAY_S
        code = self._analyser.partition(" ")[0]

        def remove() -> int:
            with self._transaction():
                gone = self._connection.execute(
                    "DELETE FROM reading WHERE ? OR used < ? OR substr(analyser, 1, ?) != ?",
                    (everything, before, len(code), code),
                ).rowcount
                if keep_bytes is not None:
                    gone += self._connection.execute(
                        """DELETE FROM reading WHERE rowid IN (
                             SELECT rowid FROM (
                               SELECT rowid, sum(length(data)) OVER (ORDER BY used DESC, rowid)
                               AS total FROM reading)
                             WHERE total > ?)""",
                        (keep_bytes,),
                    ).rowcount
            return gone

        gone = self._patiently(remove)
        try:
            self._connection.execute("VACUUM")
        except sqlite3.Error as error:
            if _is_damage(error):
                raise CacheDamaged(f"{self._where}: {error}") from error
            # Else somebody is reading: the space is given back another time.
        return gone

    def _touch(self) -> None:
        """Note which readings were used; at most once a day each, so that reading stays reading."""
        now = int(time.time())
        with self._transaction():
            self._connection.executemany(
                "UPDATE reading SET used = ? WHERE subject = ? AND part = ? AND used < ?",
                [(now, subject, part, now - _DAY_S) for subject, part in sorted(self._used)],
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # SQLite ends it itself on some errors
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _patiently(self, work: Callable[[], _T]) -> _T:
        """Do it again while another process has the store.

        Raises:
            CacheDamaged: the store is damaged, or no store of ours.
            CacheUnusable: it cannot be used for another reason.
        """
        for attempt in range(_TRIES):
            try:
                return work()
            except sqlite3.Error as error:
                if _is_damage(error):
                    raise CacheDamaged(f"{self._where}: {error}") from error
                if _code(error) not in _BUSY or attempt == _TRIES - 1:
                    raise CacheUnusable(f"{self._where}: {error}") from error
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("unreachable")


def _is_damage(error: sqlite3.Error) -> bool:
    """Tell whether the file is to blame, not its place or who else uses it."""
    return _code(error) in _DAMAGED


def _code(error: sqlite3.Error) -> int:
    # Python's own errors, as for text that is no UTF-8, have no code.
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)) & 0xFF
