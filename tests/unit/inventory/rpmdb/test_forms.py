import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.inventory.rpmdb import Damage, berkeley, ndb, sqlite
from tests.unit.inventory.catalogers.databases import rpm
from tests.unit.inventory.rpmdb.writing import own_form

Records = Callable[[bytes], Iterator[bytes | Damage]]
FORMS = [
    ("rpmdb.sqlite", sqlite.records, 3),
    ("Packages", berkeley.records, 3),
    ("Packages-big-endian", berkeley.records, 3),
    ("Packages.db", ndb.records, 2),
]


def whole(found: Iterator[bytes | Damage]) -> list[bytes]:
    return [record for record in found if isinstance(record, bytes)]


@pytest.mark.parametrize(("name", "records", "count"), FORMS)
def test_a_real_database_has_all_its_records_and_no_damage(
    name: str, records: Records, count: int
) -> None:
    found = list(records(rpm(name).content))
    assert [type(record) for record in found] == [bytes] * count


@pytest.mark.parametrize(("name", "records", "count"), FORMS)
def test_a_database_that_ends_too_early_is_said_to_be_damaged(
    name: str, records: Records, count: int
) -> None:
    content = rpm(name).content
    for length in {0, 10, 100, 600, 5_000, len(content) // 2, len(content) - 4_000}:
        found = list(records(content[:length]))
        assert any(isinstance(record, Damage) for record in found), length
        assert len(whole(iter(found))) < count or name == "rpmdb.sqlite"


@pytest.mark.parametrize("records", [sqlite.records, berkeley.records, ndb.records])
@given(st.binary(max_size=600))
def test_other_bytes_are_no_database(records: Records, content: bytes) -> None:
    assert [type(record) for record in records(content)] == [Damage]


def database(path: Path, records: list[bytes], page: int, extra: str = "") -> bytes:
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(f"PRAGMA page_size = {page}; {extra}")
        connection.execute(
            "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"
        )
        connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(r,) for r in records])
    connection.close()
    return path.read_bytes()


@given(
    st.lists(st.integers(0, 40_000), max_size=40),
    st.sampled_from([512, 1024, 4096, 65536]),
    st.sampled_from(["", "CREATE TABLE Name (key TEXT, hnum INTEGER);"]),
)
@settings(max_examples=60, deadline=None)
def test_every_row_that_sqlite_wrote_is_read(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], page: int, extra: str
) -> None:
    rows = [bytes([n % 251]) * length for n, length in enumerate(lengths)]
    path = tmp_path_factory.getbasetemp() / "rows.sqlite"
    assert list(sqlite.records(database(path, rows, page, extra))) == rows


def test_rows_that_were_deleted_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    database(path, [b"x" * 9_000, b"y" * 9_000, b"z" * 9_000], 1024)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM Packages WHERE hnum = 2")
    connection.close()
    assert list(sqlite.records(path.read_bytes())) == [b"x" * 9_000, b"z" * 9_000]


def test_a_view_in_place_of_the_table_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE VIEW Packages AS SELECT 1 AS hnum, x'00' AS blob")
    connection.close()
    assert list(sqlite.records(path.read_bytes())) == [Damage("no table of packages")]


def test_a_tree_that_leads_to_itself_has_an_end(tmp_path: Path) -> None:
    content = bytearray(database(tmp_path / "rows.sqlite", [b"x" * 300] * 60, 512))
    root = next(n for n in range(1, len(content) // 512) if content[n * 512] == 0x05)
    content[root * 512 + 8 : root * 512 + 12] = (root + 1).to_bytes(4)
    assert any(isinstance(record, Damage) for record in sqlite.records(bytes(content)))


@given(st.lists(st.binary(max_size=200), max_size=300))
@settings(max_examples=50, deadline=None)
def test_every_record_in_rpms_own_form_is_read(written: list[bytes]) -> None:
    assert list(ndb.records(own_form(*written))) == written


def test_a_record_that_changed_is_not_believed() -> None:
    content = bytearray(own_form(b"first", b"second"))
    content[content.index(b"first")] ^= 1
    first, second = ndb.records(bytes(content))
    assert isinstance(first, Damage)
    assert second == b"second"


def test_entries_outside_their_page_are_said_to_be_damaged() -> None:
    content = bytearray(rpm("Packages").content)
    size = int.from_bytes(content[20:24], "little")
    page = next(
        n * size
        for n in range(1, len(content) // size)
        if content[n * size + 25] == 13 and content[n * size + 20]
    )
    entries = content[page + 20]
    content[page + 26 : page + 26 + 2 * entries] = b"\xff" * 2 * entries
    found = list(berkeley.records(bytes(content)))
    assert sum(isinstance(record, Damage) for record in found) == entries // 2


def test_a_chain_of_pages_that_leads_to_itself_has_an_end() -> None:
    content = bytearray(rpm("Packages").content)
    size = int.from_bytes(content[20:24], "little")
    chain = next(n for n in range(1, len(content) // size) if content[n * size + 25] == 7) * size
    content[chain + 16 : chain + 20] = (chain // size).to_bytes(4, "little")
    content[chain + 22 : chain + 24] = (100).to_bytes(2, "little")  # so much of it is here
    found = list(berkeley.records(bytes(content)))
    assert sum(isinstance(record, Damage) for record in found) == 1
    assert len(whole(iter(found))) == 2
