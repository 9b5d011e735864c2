import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.scanning.stars import fits
from tests.patience import ends


@pytest.mark.parametrize(
    ("text", "pattern", "is_meant"),
    [
        ("", "", True),
        ("", "*", True),
        ("abc", "a*", True),
        ("abc", "*b*", True),
        ("a\nc", "a*c", True),
        ("abc", "A*", False),
        ("abc", "ab", False),
        ("ab", "a?", False),
        ("a?", "a?", True),
        ("[id]", "[id]", True),
        ("i", "[id]", False),
        ("[!x]", "[!*]", True),
    ],
)
def test_only_a_star_means_more_than_itself(text: str, pattern: str, is_meant: bool) -> None:
    assert fits(text, pattern) is is_meant


@given(st.text(alphabet="[]?!-^\\.*a"))
def test_every_text_fits_itself(text: str) -> None:
    assert fits(text, text)


def test_a_pattern_of_many_stars_does_not_try_all_ways() -> None:
    with ends():
        assert not fits("a" * 5_000, "*a" * 50 + "b")
