import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.rpmdb import Header
from seawall.inventory.rpmdb.header import Tag
from tests.unit.inventory.rpmdb.writing import header

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(texts, st.lists(texts, min_size=1), st.lists(st.integers(0, 2**32 - 1), min_size=1))
def test_a_header_says_what_was_written_into_it(
    name: str, names: list[str], numbers: list[int]
) -> None:
    found = Header(header({"NAME": name, "BASENAMES": names, "FOLDER_OF": numbers}))
    assert found.text(Tag.NAME) == name
    assert found.texts(Tag.BASENAMES) == [text.encode() for text in names]
    assert found.numbers(Tag.FOLDER_OF) == tuple(numbers)


def test_a_tag_that_is_not_there_is_empty() -> None:
    found = Header(header({"NAME": "a"}))
    assert (found.text(Tag.MODULE), found.texts(Tag.FOLDERS), found.numbers(Tag.EPOCH)) == (
        "",
        [],
        (),
    )
    assert Tag.NAME in found
    assert Tag.EPOCH not in found


def test_what_was_added_at_installation_replaces_what_was_built_in() -> None:
    entries = struct.pack(">IIII", Tag.NAME, 6, 0, 1) + struct.pack(">IIII", Tag.NAME, 6, 2, 1)
    assert Header(struct.pack(">II", 2, 4) + entries + b"a\0b\0").text(Tag.NAME) == "b"


def test_a_text_of_another_kind_is_empty() -> None:
    assert Header(header({"NAME": [1]})).text(Tag.NAME) == ""
    assert Header(header({"EPOCH": "1"})).numbers(Tag.EPOCH) == ()


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"\0" * 7,
        struct.pack(">II", 0, 0),
        struct.pack(">II", 1, 0),
        struct.pack(">II", 0x10000, 0) + bytes(16 * 0x10000),
        struct.pack(">II", 1, 2**31) + bytes(16),
    ],
)
def test_what_is_no_header_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match="header"):
        Header(blob)


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 8])
def test_a_list_longer_than_the_header_is_refused(kind: int) -> None:
    blob = struct.pack(">II", 1, 4) + struct.pack(">IIII", Tag.FLAGS, kind, 0, 2**32 - 1) + bytes(4)
    with pytest.raises(ValueError, match="too early"):
        Header(blob).texts(Tag.FLAGS) if kind == 8 else Header(blob).numbers(Tag.FLAGS)


def test_a_text_without_an_end_is_refused() -> None:
    blob = struct.pack(">II", 1, 1) + struct.pack(">IIII", Tag.NAME, 6, 0, 1) + b"a"
    with pytest.raises(ValueError, match="too early"):
        Header(blob).text(Tag.NAME)
