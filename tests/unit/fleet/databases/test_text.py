"""Texts that no database keeps."""

from hypothesis import given
from hypothesis import strategies as st

from seawall.fleet.databases.text import original, original_rows, plain, plain_rows, plain_values

ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=10) | st.text(
    st.sampled_from(["\0", "\udce9", "\ud800", "\udc00", "\ufdd0", "0", "d", "e", "9"]), max_size=9
)


@given(ANY)
def test_every_text_comes_back_from_its_plain_form(text: str) -> None:
    assert original(plain(text)) == text


@given(ANY, ANY)
def test_no_two_texts_have_the_same_plain_form(one: str, other: str) -> None:
    assert (plain(one) == plain(other)) == (one == other)


@given(ANY)
def test_a_plain_form_is_utf_8_without_nul(text: str) -> None:
    assert b"\0" not in plain(text).encode()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufdd0")))
def test_most_texts_are_their_own_plain_form(text: str) -> None:
    assert plain(text) is text
    assert original(text) is text


ROWS = st.lists(st.tuples(st.integers(), ANY, st.binary(max_size=3), ANY), max_size=4)


@given(ROWS)
def test_rows_come_back_and_only_texts_in_them_change(rows: list[tuple[object, ...]]) -> None:
    changed = [tuple(row) for row in plain_rows(rows)]
    assert changed == [plain_values(row) for row in rows]
    assert [(row[0], row[2]) for row in changed] == [(row[0], row[2]) for row in rows]
    assert list(original_rows(changed)) == rows


def test_rows_of_numbers_are_handed_on() -> None:
    rows = [(1, 2), (3, 4)]
    assert all(one is other for one, other in zip(rows, plain_rows(rows), strict=True))
    assert list(original_rows([])) == []
