"""What every database does."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.errors import FleetUnusable
from seawall.fleet.databases import Database, SqliteDatabase
from tests.unit.fleet.conftest import Opener

TABLE = (
    "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL, data BLOB NOT NULL)",
    "CREATE INDEX thing_by_name ON thing /* long */ (name)",
)
COLUMNS = ("id", "name", "data")
# One example each time, in a table of its own.
EACH = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=8) | st.text(
    st.sampled_from(
        ["\0", "\udce9", "\ud800", "\udc00", "\ufdd0", "0", "\ufffe", "é", "\U0001f40b"]
    ),
    max_size=6,
)


@pytest.fixture
def thing(database: Database) -> Database:
    database.create(TABLE)
    return database


def names(database: Database) -> list[str]:
    return [name for (name,) in database.rows("SELECT name FROM thing ORDER BY id")]


@EACH
@given(texts=st.lists(TEXTS, min_size=1, max_size=5), blob=st.binary(max_size=9))
def test_it_gives_back_what_it_was_given(thing: Database, texts: list[str], blob: bytes) -> None:
    thing.run("DELETE FROM thing")
    several = [(number, text, blob) for number, text in enumerate(texts)]
    thing.insert("thing", COLUMNS, several)
    thing.run("INSERT INTO thing VALUES (?, ?, ?)", (-1, texts[0], blob))
    found = list(thing.rows("SELECT * FROM thing WHERE id >= 0 ORDER BY id"))
    assert found == several
    assert (-1, blob) in list(thing.rows("SELECT id, data FROM thing WHERE name = ?", (texts[0],)))
    same = [number for number, text in enumerate(texts) if text == texts[0]]
    sql = "SELECT id FROM thing WHERE name = ? AND id >= 0 ORDER BY id"
    assert [row for (row,) in thing.rows(sql, (texts[0],))] == same


@EACH
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5)),
    blobs=st.lists(st.binary(max_size=4)),
)
def test_texts_sort_as_utf_8_and_bytes_as_bytes(
    thing: Database, texts: list[str], blobs: list[bytes]
) -> None:
    texts = [text.replace("\0", "").replace("\ufdd0", "") for text in texts]
    thing.run("DELETE FROM thing")
    thing.insert("thing", COLUMNS, ((n, text, b"") for n, text in enumerate(texts)))
    sorted_ = [name for (name,) in thing.rows("SELECT name FROM thing ORDER BY name")]
    assert sorted_ == sorted(texts, key=str.encode)
    thing.run("DELETE FROM thing")
    thing.insert("thing", COLUMNS, ((n, "", blob) for n, blob in enumerate(blobs)))
    found = [bytes(data) for (data,) in thing.rows("SELECT data FROM thing ORDER BY data")]
    assert found == sorted(blobs)


def test_a_question_mark_or_a_percent_sign_in_a_literal_is_itself(thing: Database) -> None:
    thing.run("INSERT INTO thing VALUES (?, '100%? ''%s', ?)", (1, b"%s"))
    assert names(thing) == ["100%? '%s"]
    assert next(thing.rows("SELECT id FROM thing WHERE name LIKE '100%' AND id % 2 = ?", (1,))) == (
        1,
    )


def test_numbers_are_64_bits_and_sums_are_numbers(thing: Database) -> None:
    big = 2**63 - 1
    thing.insert("thing", COLUMNS, [(big, "", b""), (-big, "", b""), (7, "", b"")])
    assert list(thing.rows("SELECT sum(id), count(*) FROM thing WHERE id < 9")) == [(7 - big, 2)]
    assert type(next(thing.rows("SELECT sum(id) FROM thing WHERE id = 7"))[0]) is int
    thing.run("UPDATE thing SET id = ? WHERE id = ?", (True, 7))
    assert next(thing.rows("SELECT max(id) FROM thing WHERE id < 9")) == (1,)


def test_it_says_how_many_rows_a_statement_changed(thing: Database) -> None:
    thing.insert("thing", COLUMNS, ((n, "x", b"") for n in range(5)))
    assert thing.run("UPDATE thing SET name = ? WHERE id < ?", ("y", 3)) == 3
    thing.run_many("DELETE FROM thing WHERE id = ?", ((n,) for n in range(4)))
    assert [row for (row,) in thing.rows("SELECT id FROM thing")] == [4]


def test_a_long_text_is_kept_and_found(thing: Database) -> None:
    long = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(50_000))
    thing.insert("thing", COLUMNS, [(1, long, b"")])
    assert list(thing.rows("SELECT id FROM thing WHERE name = ?", (long,))) == [(1,)]


@pytest.mark.parametrize("many", [False, True])
def test_rows_go_on_while_others_are_asked_for(thing: Database, many: bool) -> None:
    thing.insert("thing", COLUMNS, ((n, str(n), b"") for n in range(12_000)))
    asked = []
    for (row,) in thing.rows("SELECT id FROM thing ORDER BY id", many=many):
        if row % 1_000 == 0:
            asked += list(thing.rows("SELECT name FROM thing WHERE id = ?", (row,), many=many))
    assert asked == [(str(n * 1_000),) for n in range(12)]
    with thing.writing():
        first = next(thing.rows("SELECT id FROM thing ORDER BY id", many=many))
        thing.run("UPDATE thing SET name = ''")
    assert first == (0,)


def test_rows_to_insert_may_need_the_database(thing: Database) -> None:
    def made() -> Iterator[tuple[int, str, bytes]]:
        for number in range(20):
            (found,) = next(thing.rows("SELECT count(*) FROM thing WHERE id < 0"))
            yield number, str(found), b""

    thing.insert("thing", COLUMNS, made())
    assert names(thing) == ["0"] * 20


def test_a_transaction_that_fails_leaves_nothing(thing: Database) -> None:
    def fail() -> None:
        with thing.writing():
            thing.insert("thing", COLUMNS, [(1, "", b"")])
            with thing.writing():
                thing.run("INSERT INTO thing VALUES (2, '', ?)", (b"",))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names(thing) == []
    with thing.writing():
        thing.insert("thing", COLUMNS, [(1, "", b"")])
    assert names(thing) == [""]


def test_a_statement_that_fails_is_told_with_the_place_and_ends_the_transaction(
    thing: Database,
) -> None:

    def write() -> None:
        with thing.writing():
            thing.run("INSERT INTO thing VALUES (1, '', ?)", (b"",))
            list(thing.rows("SELECT * FROM nowhere"))

    with pytest.raises(FleetUnusable, match="nowhere") as told:
        write()
    assert thing.place in str(told.value)
    assert names(thing) == []
    for wrong in (
        lambda: thing.run("SELEC"),
        lambda: thing.run_many("INSERT INTO nowhere VALUES (?)", [(1,)]),
        lambda: thing.insert("thing", COLUMNS, [(1, "", b""), (1, "", b"")]),
        lambda: thing.create(["CREATE TABLE thing (id INTEGER)"]),
    ):
        with pytest.raises(FleetUnusable):
            wrong()


def test_a_failure_that_is_swallowed_within_a_transaction_is_not_taken_for_success(
    thing: Database,
) -> None:
    """SQLite goes on and keeps the rest; PostgreSQL keeps nothing, and so it must say."""
    is_told = False
    try:
        with thing.writing():
            thing.run("INSERT INTO thing VALUES (1, '', ?)", (b"",))
            with suppress(FleetUnusable):
                thing.run("INSERT INTO thing VALUES (1, '', ?)", (b"",))
    except FleetUnusable:
        is_told = True
    assert is_told == (names(thing) == [])


def test_readers_see_one_state_while_another_writes(opener: Opener) -> None:
    with closing(opener()) as one, closing(opener()) as other:
        one.create(TABLE)
        with one.writing():
            one.insert("thing", COLUMNS, [(1, "", b"")])
            assert names(other) == []
        with other.reading():
            assert names(other) == [""]
            with one.writing():
                one.insert("thing", COLUMNS, [(2, "", b"")])
            assert names(other) == [""]
        assert names(other) == ["", ""]


def test_one_writes_at_a_time_and_the_next_sees_what_the_first_wrote(opener: Opener) -> None:
    """Four writers count; none counts from a number that another one has used."""
    with closing(opener()) as database:
        database.create(TABLE)
    failed: list[BaseException] = []

    def count() -> None:
        try:
            with closing(opener()) as database:
                for _ in range(20):
                    with database.writing():
                        sql = "SELECT coalesce(max(id), 0) + 1 FROM thing"
                        (number,) = next(database.rows(sql))
                        database.run("INSERT INTO thing VALUES (?, '', ?)", (number, b""))
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with closing(opener()) as database:
        assert next(database.rows("SELECT count(*), max(id) FROM thing")) == (80, 80)


def test_one_is_alone_at_a_task(opener: Opener) -> None:
    with closing(opener()) as one, closing(opener()) as other:
        with one.alone("service") as first, other.alone("service") as second:
            assert (first, second) == (True, False)
            with other.alone("other") as third:
                assert third
        with other.alone("service") as now:
            assert now


def test_nobody_else_can_hold_the_lock_of_a_task(tmp_path: Path) -> None:
    lock = tmp_path / "fleet.sqlite.deliver.lock"
    with closing(SqliteDatabase.open(tmp_path / "fleet.sqlite")) as database:
        with database.alone("deliver") as is_alone:
            assert is_alone
            assert lock.stat().st_mode & 0o777 == 0o600
        lock.chmod(0o644)  # as an earlier version left it
        with database.alone("deliver"):
            assert lock.stat().st_mode & 0o777 == 0o600
        lock.unlink()
        (tmp_path / "elsewhere").touch()
        lock.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(FleetUnusable), database.alone("deliver"):
            pytest.fail("a link was followed")
        lock.unlink()
        os.mkfifo(lock)
        with pytest.raises(FleetUnusable, match="not a file of ours"), database.alone("deliver"):
            pytest.fail("a pipe was taken for a file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_lock_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "fleet.sqlite.deliver.lock"
    lock.touch(mode=0o666)
    os.chown(lock, 65534, 65534)
    with (
        closing(SqliteDatabase.open(tmp_path / "fleet.sqlite")) as database,
        pytest.raises(FleetUnusable, match="not a file of ours"),
        database.alone("deliver"),
    ):
        pytest.fail("another user could hold the lock")


def test_it_names_its_tables(thing: Database) -> None:
    assert thing.tables() == {"thing"}


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sqlite"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(FleetUnusable, match="not a database"):
        SqliteDatabase.open(path)
    with sqlite3.connect(tmp_path / "open.sqlite"):
        (tmp_path / "open.sqlite").chmod(0o666)
    with pytest.raises(FleetUnusable):
        SqliteDatabase.open(tmp_path / "open.sqlite")
