"""A fleet in a schema of a PostgreSQL database, for more than one machine or for very many images.

Addresses are as libpq has them (PostgreSQL's documentation, "Connection URIs"), and with one option
more: ``schema=NAME``, which is made where it is not there.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import count, islice
from typing import Any, Self, TypeAlias
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import NumericBinaryLoader, NumericLoader

from seawall.errors import FleetUnusable
from seawall.fleet.databases.contract import Row
from seawall.fleet.databases.text import original_rows, plain_rows, plain_values

_Connection: TypeAlias = psycopg.Connection[Row]
_CONNECT_S = 10
_WAIT_S = 300  # for another writer, as long as for one of a file
_WRITERS = 0x5EA3A11  # our lock, beside the schema's name
_TASK = "hashtextextended(format('seawall %%s %%s', current_schema(), %s::text), 0)"
_BATCH = 5_000  # rows taken from the caller before the connection is busy with them
_FEW = 20  # rows
_FETCHED = 5_000  # rows of a large result that are here at once
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_IN_SQL = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[?%]")
_IN_TABLES = re.compile(r"\b(?:INTEGER|BLOB|TEXT)\b|\s*\bWITHOUT ROWID\b|/\* long \*/")
_TEMPORARY = re.compile(r"CREATE TEMP TABLE (?:IF NOT EXISTS )?(\w+)")
_WORDS = {
    "INTEGER": "BIGINT",
    "BLOB": "BYTEA",
    "TEXT": 'TEXT COLLATE "C"',  # sorts as memcmp does
    "/* long */": "USING hash",  # a tree holds nothing above 2,704 bytes
}
_LOST = "nothing half-done was kept; see whether the server runs, then do it again"


class PostgresqlDatabase:
    """A connection to a server; see `Database`.

    After the connection was lost the next use makes another one.
    """

    def __init__(self, connect: Callable[[], _Connection], place: str) -> None:
        self._connect, self.place = connect, place
        self._cursors = count()
        self._temporary: set[str] = set()
        self._tasks: set[str] = set()
        self._is_open = True
        self._is_within = False  # a transaction, also one whose connection was lost
        self._db = self._connected()

    @classmethod
    def open(cls, url: str, password: str = "") -> Self:
        """Connect to the database that a URL names, with this password or what libpq finds.

        Raises:
            FleetUnusable: the URL is none, the server refuses or does not answer, or the database
                is not one for UTF-8.
        """
        libpq, schema, place = _address(url)

        def connect() -> _Connection:
            db = psycopg.Connection.connect(
                libpq,
                autocommit=True,
                connect_timeout=_CONNECT_S,
                client_encoding="utf8",
                application_name="seawall",
                password=password or None,
            )
            try:
                _prepare(db, schema)
            except BaseException:
                db.close()
                raise
            return db

        return cls(connect, place)

    def create(self, schema: Sequence[str]) -> None:
        """Run the statements in the words of PostgreSQL."""
        for statement in schema:
            self.run(statement)

    def tables(self) -> set[str]:
        """Return the names of the tables in our schema."""
        sql = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
        return {name for (name,) in self.rows(sql)}

    def rows(self, sql: str, values: Sequence[Any] = (), *, many: bool = False) -> Iterator[Row]:
        """Yield the rows of a query; where they are `many`, some thousands are here at a time."""
        with self._told():
            if many:
                cursor: Any = self._there().cursor(
                    f"seawall_{next(self._cursors)}",
                    withhold=not self._is_within,
                )
                cursor.itersize = _FETCHED
            else:
                cursor = self._there().cursor(binary=True)
            cursor.execute(_translated(sql), _values(values), **({"binary": True} if many else {}))
        try:
            while True:
                with self._told():
                    found = cursor.fetchmany(_FETCHED) if many else cursor.fetchall()
                yield from original_rows(found)
                if not many or len(found) < _FETCHED:
                    return
        finally:
            if many:
                with suppress(Exception):  # the transaction may have ended, and the cursor with it
                    cursor.close()

    def numbers(self, sql: str, values: Sequence[int] = ()) -> Sequence[Row]:
        """Return the rows of a query all at once."""
        with self._told():
            return self._there().cursor(binary=True).execute(_translated(sql), values).fetchall()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement."""
        if made := _TEMPORARY.match(sql):
            self._temporary.add(made[1])
        with self._told():
            return self._there().execute(_translated(sql), _values(values)).rowcount

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        for batch in _batches(rows):
            with self._told(), self._there().cursor() as cursor:
                cursor.executemany(_translated(sql), [_values(row) for row in batch])

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert new rows."""
        named = f"{table} ({', '.join(columns)})"
        sql = f"COPY {named} FROM STDIN"
        for batch in _batches(rows):
            if len(batch) <= _FEW:  # a COPY takes three turns
                places = f"({', '.join('?' * len(columns))})"
                self.run(
                    f"INSERT INTO {named} VALUES {', '.join([places] * len(batch))}",  # noqa: S608 - our own names
                    [value for row in batch for value in row],
                )
                continue
            with self._told(), self._there().cursor() as cursor, cursor.copy(sql) as copy:
                for row in plain_rows(batch):
                    copy.write_row(row)
        if table in self._temporary:  # nobody else counts its rows, and the planner wants to know
            self.run(f"ANALYZE {table}")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write; within another `writing` it is the outer one's."""
        if self._is_within:
            yield
            return
        # Each statement sees what was committed before it began, so what the writer before did.
        with self._told():
            self._there().execute(
                "BEGIN ISOLATION LEVEL READ COMMITTED; "
                f"SET LOCAL lock_timeout = '{_WAIT_S}s'; "
                f"SELECT pg_advisory_xact_lock({_WRITERS}, hashtext(current_schema())); "
                "SET LOCAL lock_timeout = DEFAULT"
            )
        self._is_within = True
        try:
            yield
            with self._told():
                ended = self._db.execute("COMMIT").statusmessage
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._is_within = False
        if ended != "COMMIT":
            raise FleetUnusable(f"{self.place}: a statement failed, and nothing was kept", _LOST)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let all queries see one state."""
        if self._is_within:
            yield
            return
        with self._told():
            self._there().execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._is_within = True
        try:
            yield
        finally:
            self._is_within = False
            self._roll_back()

    @contextmanager
    def alone(self, task: str) -> Iterator[bool]:
        """Hold a lock of this session in the server."""
        with self._told():
            is_alone = _try_lock(self._there(), task)
        if not is_alone:
            yield False
            return
        self._tasks.add(task)
        try:
            yield True
        finally:
            self._tasks.discard(task)
            if not self._db.closed:
                with self._told():
                    self._db.execute(f"SELECT pg_advisory_unlock({_TASK})", (task,))

    def close(self) -> None:
        """Let go of the connection."""
        self._is_open = False
        self._db.close()

    def _there(self) -> _Connection:
        # Within a transaction another connection would keep half of it.
        if self._db.closed and self._is_open and not self._is_within:
            self._db = self._connected()
        return self._db

    def _connected(self) -> _Connection:
        with self._told():
            db = self._connect()
            for task in self._tasks:  # the lock went with the connection that was lost
                if not _try_lock(db, task):
                    db.close()
                    raise FleetUnusable(
                        f"{self.place}: the connection was lost, and another process does it now",
                        "end this one",
                    )
            return db

    def _roll_back(self) -> None:
        with suppress(Exception):  # a server that is gone has rolled back
            self._db.execute("ROLLBACK")
        if self._db.info.transaction_status is not TransactionStatus.IDLE:
            self._db.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what the server or the library complains of as our own error."""
        try:
            yield
        except psycopg.errors.LockNotAvailable as error:
            raise FleetUnusable(
                f"{self.place}: another process has been writing for {_WAIT_S} s",
                "see what it does, then try again",
            ) from error
        except psycopg.OperationalError as error:
            is_lost = not hasattr(self, "_db") or self._db.closed
            hint = _LOST if is_lost else FleetUnusable.hint
            raise FleetUnusable(f"{self.place}: {_first_line(error)}", hint) from error
        except (psycopg.Error, UnicodeError) as error:
            raise FleetUnusable(f"{self.place}: {_first_line(error)}") from error


def _address(url: str) -> tuple[str, str, str]:
    """Return what libpq understands, our schema (may be empty), and the place without secrets.

    No message has a part of the URL: a password that was quoted badly may be anywhere in it.
    """
    wrong = "the address of the fleet is no postgresql://USER@HOST/DATABASE"
    try:
        parts = urlsplit(url)
        options = parse_qsl(parts.query, keep_blank_values=True)
        if parts.scheme not in {"postgresql", "postgres"} or parts.fragment:
            raise ValueError(parts.scheme)
        if "@" in parts.path:  # what stands before it is part of a password with a slash
            raise ValueError(parts.scheme)
        query = urlencode([o for o in options if o[0] != "schema"], quote_via=quote)
        libpq = urlunsplit(parts._replace(query=query))
        if not parts.netloc:  # urlunsplit would leave out the slashes
            libpq = f"{parts.scheme}://{parts.path}{'?' if query else ''}{query}"
        schema = dict(options).get("schema", "")
        place = _place(libpq, schema)
    except ValueError:
        raise FleetUnusable(wrong) from None
    if schema and not _SCHEMA.fullmatch(schema):
        raise FleetUnusable(f"{place}: no name for a schema", "small letters, digits and _")
    return libpq, schema, place


def _place(libpq: str, schema: str) -> str:
    """Return an address to be shown.

    Raises:
        ValueError: libpq does not understand it.
    """
    try:
        known = {name: str(value) for name, value in conninfo_to_dict(libpq).items()}
    except psycopg.ProgrammingError:
        raise ValueError from None
    user = f"{known['user']}@" if known.get("user") else ""
    host, port = known.get("host", ""), known.get("port", "")
    database = known.get("dbname", "")
    shown = f"postgresql://{user}{host}{f':{port}' if port else ''}/{database}"
    return f"{shown}?schema={schema}" if schema else shown


class _Whole(NumericLoader):
    """What sums of our integers are: numbers without an end."""

    def load(self, data: Any) -> Any:
        """Return them as SQLite has them."""
        return _number(super().load(data))


class _WholeBinary(NumericBinaryLoader):
    """The same, from the other form of results."""

    def load(self, data: Any) -> Any:
        """Return them as SQLite has them."""
        return _number(super().load(data))


def _prepare(db: _Connection, schema: str) -> None:
    db.adapters.register_loader("numeric", _Whole)
    db.adapters.register_loader("numeric", _WholeBinary)
    encoding = db.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise psycopg.errors.FeatureNotSupported(
            f"the database is encoded in {encoding}: make one with ENCODING 'UTF8'"
        )
    if schema:
        if not db.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone():
            # Two processes may do so at once; who comes second has it made as well.
            with suppress(psycopg.errors.UniqueViolation, psycopg.errors.DuplicateSchema):
                db.execute(f'CREATE SCHEMA "{schema}"')
        db.execute(f'SET search_path TO "{schema}"')


def _try_lock(db: _Connection, task: str) -> bool:
    found = db.execute(f"SELECT pg_try_advisory_lock({_TASK})", (task,)).fetchone()
    return found == (True,)


def _number(value: Any) -> int | float:
    return int(value) if value == int(value) else float(value)


@lru_cache(maxsize=2048)
def _translated(sql: str) -> Any:
    """Return a statement as psycopg wants it."""
    if sql.startswith("CREATE "):
        sql = _IN_TABLES.sub(lambda found: _WORDS.get(found[0], ""), sql)
    marks = {"?": "%s", "%": "%%"}
    # In a literal a question mark is one; a percent sign is psycopg's everywhere.
    return _IN_SQL.sub(lambda found: marks.get(found[0], found[0].replace("%", "%%")), sql)


def _values(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return values as columns take them: SQLite takes what is true or false for a number."""
    return tuple(int(v) if isinstance(v, bool) else v for v in plain_values(values))


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """Yield some thousand rows at a time: making them may need the connection."""
    several = iter(rows)
    while batch := list(islice(several, _BATCH)):
        yield batch


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
