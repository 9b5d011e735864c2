"""What is of PostgreSQL alone: addresses, passwords, lost connections, one memory for results."""

import sys
from contextlib import closing, suppress

import pytest

from seawall.errors import FleetUnusable
from seawall.fleet.databases import Database, open_postgresql
from seawall.fleet.databases.text import plain

psycopg = pytest.importorskip("psycopg")
from seawall.fleet.databases.postgresql import (  # noqa: E402 - needs psycopg
    PostgresqlDatabase,
    _address,
    _translated,
)


@pytest.fixture
def url(postgresql: str, request: pytest.FixtureRequest) -> str:
    return f"{postgresql}&schema=own_{abs(hash(request.node.name))}"


@pytest.mark.parametrize(
    ("url", "libpq", "place"),
    [
        (
            "postgresql://me@db.example:5433/fleet?sslmode=verify-full",
            "postgresql://me@db.example:5433/fleet?sslmode=verify-full",
            "postgresql://me@db.example:5433/fleet",
        ),
        (
            "postgres://me:secret@db.example/fleet?schema=a_1&application_name=x%20y",
            "postgres://me:secret@db.example/fleet?application_name=x%20y",
            "postgresql://me@db.example/fleet?schema=a_1",
        ),
        (
            "postgresql:///fleet?host=%2Frun%2Fpg&password=secret",
            "postgresql:///fleet?host=%2Frun%2Fpg&password=secret",
            "postgresql:///run/pg/fleet",
        ),
    ],
)
def test_an_address_is_libpqs_and_shown_without_secrets(url: str, libpq: str, place: str) -> None:
    assert (_address(url)[0], _address(url)[2]) == (libpq, place)
    assert "secret" not in place


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:se/cret@db.example/fleet",
        "postgresql://me:secret@db.example:port/fleet",
        "postgresql://me:se%zzcret@db.example/fleet",
        "postgresql://me@[db/fleet?password=secret",
        "postgresql://db/fleet?secret=1",
        "mysql://me:secret@db/fleet",
        "postgresql://me:secret@db.example/fleet?schema=A",
        "postgresql://me:secret@db.example/fleet?schema=a;b",
    ],
)
def test_what_is_no_address_is_refused_without_showing_any_of_it(url: str) -> None:
    with pytest.raises(FleetUnusable) as told:
        open_postgresql(url)
    chain: BaseException | None = told.value
    while chain is not None:
        assert "cret" not in str(chain)
        chain = None if chain.__suppress_context__ else chain.__cause__ or chain.__context__


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(FleetUnusable) as told:
        open_postgresql("postgresql://me@127.0.0.1:1/fleet", "secret")
    assert "postgresql://me@127.0.0.1:1/fleet" in str(told.value)
    assert "secret" not in str(told.value)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "seawall.fleet.databases.postgresql")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(FleetUnusable) as told:
        open_postgresql("postgresql:///fleet")
    assert told.value.hint == "pip install 'seawall[postgresql]'"


def test_a_database_that_is_not_for_utf_8_is_refused(postgresql: str) -> None:
    with psycopg.connect(postgresql, autocommit=True) as db:
        db.execute("DROP DATABASE IF EXISTS latin")
        db.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(FleetUnusable, match="ENCODING 'UTF8'"):
        open_postgresql(postgresql.replace("/postgres?", "/latin?"))


def end_others(postgresql: str) -> None:
    """Break all connections but our own, as a server does that is started again."""
    with psycopg.connect(postgresql, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE pid != pg_backend_pid() AND backend_type = 'client backend'"
        )


def test_a_lost_connection_is_told_and_made_again(postgresql: str, url: str) -> None:
    def write() -> None:
        with database.writing():
            database.run("INSERT INTO thing VALUES (1)")
            end_others(postgresql)
            database.run("INSERT INTO thing VALUES (2)")

    with closing(open_postgresql(url)) as database:
        database.create(["CREATE TABLE thing (id INTEGER PRIMARY KEY)"])
        with pytest.raises(FleetUnusable) as told:
            write()
        assert "nothing half-done was kept" in (told.value.hint or "")
        assert list(database.rows("SELECT id FROM thing")) == []
        end_others(postgresql)
        with pytest.raises(FleetUnusable):
            list(database.rows("SELECT id FROM thing"))
        assert list(database.rows("SELECT id FROM thing")) == []


def test_a_transaction_does_not_go_on_with_another_connection(postgresql: str, url: str) -> None:
    def write() -> None:
        with database.writing():
            end_others(postgresql)
            for number in range(3):
                with suppress(FleetUnusable), database.writing():
                    database.run("INSERT INTO thing VALUES (?)", (number,))

    with closing(open_postgresql(url)) as database:
        database.create(["CREATE TABLE thing (id INTEGER PRIMARY KEY)"])
        with pytest.raises(FleetUnusable):
            write()
        assert list(database.rows("SELECT id FROM thing")) == []


def test_whoever_was_alone_is_so_again_or_told(postgresql: str, url: str) -> None:
    def lose(*databases: Database) -> None:
        end_others(postgresql)
        for database in databases:
            with suppress(FleetUnusable):
                database.tables()

    with (
        closing(open_postgresql(url)) as one,
        closing(open_postgresql(url)) as other,
        one.alone("service") as is_alone,
    ):
        assert is_alone
        lose(one, other)
        one.tables()
        with other.alone("service") as second:
            assert not second
        lose(other)
        with other.alone("service") as second:
            assert second
            with suppress(FleetUnusable):
                one.tables()
            with pytest.raises(FleetUnusable, match="another process does it"):
                one.tables()


def test_large_results_are_handed_on_before_they_are_whole(url: str) -> None:
    """Row 50,000 divides by zero: only who fetches part after part sees what is before it."""
    sql = "SELECT 1 / (50000 - n) FROM generate_series(1, 60000) AS n"
    for many in (True, False):
        seen = 0
        with closing(open_postgresql(url)) as database, database.reading():
            try:
                for _ in database.rows(sql, many=many):
                    seen += 1
            except FleetUnusable as error:
                assert "division by zero" in str(error)  # noqa: PT017 - what came before it counts
        assert (seen >= 40_000) == many


@pytest.mark.parametrize(
    ("sql", "translated"),
    [
        ("SELECT ?", "SELECT %s"),
        ("SELECT '?', \"a?\", 'it''s ?', ? % 2", "SELECT '?', \"a?\", 'it''s ?', %s %% 2"),
        ("SELECT name LIKE '5%'", "SELECT name LIKE '5%%'"),
        (
            "CREATE TABLE a (id INTEGER, n TEXT NOT NULL, b BLOB, PRIMARY KEY (id)) WITHOUT ROWID",
            'CREATE TABLE a (id BIGINT, n TEXT COLLATE "C" NOT NULL, b BYTEA, PRIMARY KEY (id))',
        ),
        ("CREATE INDEX i ON a /* long */ (n)", "CREATE INDEX i ON a USING hash (n)"),
        ("SELECT 'TEXT' AS integer", "SELECT 'TEXT' AS integer"),
    ],
)
def test_statements_are_translated(sql: str, translated: str) -> None:
    assert _translated(sql) == translated


def test_what_it_keeps_is_plain_text(url: str) -> None:
    with closing(PostgresqlDatabase.open(url)) as database:
        database.create(["CREATE TABLE thing (name TEXT NOT NULL)"])
        database.insert("thing", ["name"], [("a\0\udce9",)])
        with psycopg.connect(url_of(url)) as db:
            schema = url.rpartition("=")[2]
            found = db.execute(f"SELECT name FROM {schema}.thing").fetchone()  # noqa: S608 - ours
    assert found == (plain("a\0\udce9"),)


def url_of(url: str) -> str:
    return url.partition("&schema=")[0]
