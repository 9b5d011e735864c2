import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.sbom.columns import (
    aligned,
    cells,
    clipped,
    facts,
    paragraph,
    shortened,
    unbroken,
    visible,
    wrapped,
)

any_text = st.text(st.characters(exclude_categories=()))
shown_text = any_text.map(visible)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("libc6", "libc6"),
        ("größer 漢字", "größer 漢字"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\tc\rd\0", r"a\nb\tc\rd\x00"),
        ("\x9b2J", r"\x9b2J"),
        ("txt.\u202eexe", r"txt.\u202eexe"),
        ("a\u2028b\u00a0c", r"a\u2028b\xa0c"),
        ("\udcff", r"\udcff"),
        ("\U000e0041", r"\U000e0041"),
    ],
    ids=ascii,
)
def test_what_a_terminal_might_obey_is_spelled_out(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(any_text)
def test_visible_text_is_printable_and_stays_as_it_is(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("漢字", 4), ("e\u0301", 1), ("\x1b[1;31mabc\x1b[0m", 3)],
)
def test_width_is_counted_in_cells(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("revoke it, then build", 21, "revoke it, then build"),
        ("revoke it, then build without it", 21, "revoke it, then …"),
        ("revoke it, then build without it", 14, "revoke it …"),
        ("a/very/long/path/without/any/space", 13, "a/very/l…pace"),
        ("a\nb c d e f g h", 10, "a\\nb c d …"),
    ],
)
def test_a_sentence_is_cut_behind_a_word(text: str, limit: int, short: str) -> None:
    assert clipped(text, limit) == short


@given(any_text, st.integers(4, 40))
def test_a_clipped_text_is_within_its_limit(text: str, limit: int) -> None:
    short = clipped(text, limit)
    assert cells(short) <= limit
    assert short == visible(text) or "…" in short


def test_a_list_breaks_between_its_items_only() -> None:
    assert wrapped(unbroken("2 secrets, 1 tampered file"), 16) == ["2 secrets,", "1 tampered file"]


def test_a_long_text_loses_its_middle() -> None:
    assert shortened("abcdefghijklmnopqrstuvwxyz", 10) == "abcdef…xyz"


@given(any_text, st.integers(4, 40))
def test_a_shortened_text_is_within_its_limit(text: str, limit: int) -> None:
    short = shortened(text, limit)
    assert cells(short) <= limit
    assert short == visible(text) or "…" in short


def test_a_megabyte_is_shortened_like_any_long_text() -> None:
    assert shortened("\x1b" * 1_000_000, 40) == shortened("\x1b" * 1_000, 40)
    assert shortened("\x1b" * 1_000_000, 40) == r"\x1b" * 6 + r"\x…b" + r"\x1b" * 3


def test_lines_break_between_words_and_after_a_dot() -> None:
    assert wrapped("one two · three", 9) == ["one two ·", "three"]


def test_facts_are_not_broken_when_they_fit_a_line() -> None:
    assert wrapped(facts(["from layer 1", "EPSS 65 %"]), 16) == ["from layer 1 ·", "EPSS 65 %"]


@given(shown_text, st.integers(2, 60))
def test_wrapping_keeps_every_letter_and_the_width(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_paragraph_hangs() -> None:
    assert list(paragraph("one two", 6, "! ", "  ")) == ["! one", "  two"]


def test_columns_align_whatever_letters_they_hold() -> None:
    table = [("漢", "x", "first"), ("abc", "longer", "second")]
    assert list(aligned(table, 80)) == ["  漢   x       first", "  abc  longer  second"]


def test_prose_wraps_beside_the_columns_or_below_them() -> None:
    table = [("id", "name", "word " * 20)]
    beside, below = list(aligned(table, 60)), list(aligned([("i" * 30, "name", "word " * 20)], 60))
    assert beside[0].startswith("  id  name  word")
    assert beside[1].startswith("            word")
    assert below[0] == "  " + "i" * 30 + "  name"
    assert below[1].startswith("    word word")


def test_one_row_that_is_too_wide_does_not_widen_the_others() -> None:
    table = [("a", "b", ""), ("x" * 70, "y" * 20, ""), ("c", "d", "")]
    lines = list(aligned(table, 80))
    assert (lines[0], lines[-1]) == ("  a  b", "  c  d")
    assert all(cells(line) <= 80 for line in lines)


rows = st.lists(st.tuples(shown_text, shown_text, shown_text), max_size=5)


@given(rows, st.integers(20, 100))
def test_no_row_is_wider_than_asked(table: list[tuple[str, str, str]], width: int) -> None:
    assert all(cells(line) <= width for line in aligned(table, width))
