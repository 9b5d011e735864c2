from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.versions.encoding import NATURALS, natural, text

naturals = st.integers(min_value=0) | st.integers(0, 10**80) | st.integers(0, 400)


@given(naturals, naturals)
def test_naturals_sort_as_numbers(a: int, b: int) -> None:
    assert (natural(str(a)) < natural(str(b))) == (a < b)


@given(naturals, st.integers(0, 5))
def test_leading_zeros_do_not_count(n: int, zeros: int) -> None:
    assert natural("0" * zeros + str(n)) == natural(str(n)) == NATURALS[str(n)]


def test_naturals_keep_their_order_where_the_form_changes() -> None:
    turns = [0, 1, 9, 10, 99, 100, 167, 168, 999, 1000, 9999]
    turns += [10**exponent + step for exponent in range(5, 70) for step in (-1, 0)]
    keys = [natural(str(n)) for n in turns]
    assert keys == sorted(set(keys))
    assert not any(after.startswith(before) for before, after in pairwise(keys))


@pytest.mark.parametrize(
    ("digits", "encoded"),
    [
        ("0", "10"),
        ("167", "b7"),
        ("168", "b80168"),
        ("20240131", "ba20240131"),
        ("1" * 32, "c6" + "11" * 16),
        ("1" * 33, "c70011" + "01" + "11" * 16),
    ],
)
def test_the_form_of_a_natural_is_fixed(digits: str, encoded: str) -> None:
    assert natural(digits).hex() == encoded


@given(st.text("-09AZaz"), st.text("-09AZaz"))
def test_texts_sort_as_ascii(a: str, b: str) -> None:
    assert (text(a) < text(b)) == (a < b)


def test_the_table_of_naturals_does_not_grow() -> None:
    before = len(NATURALS)
    assert NATURALS["123456789"]
    assert len(NATURALS) == before
