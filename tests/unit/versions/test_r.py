"""What R's numeric_version and compareVersion say; examples from their documentation and CRAN."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, compare, r


@pytest.mark.parametrize(
    "ascending",
    [
        ["1.2-3", "1.2-4", "1.4-2.3", "2.1"],
        ["7.3-9", "7.3-23", "7.3-58.2", "7.3-60"],
        ["1.0", "1.0.0", "1.0.0.9000", "1.0.1"],
        ["3.98-1.4", "3.99-0.16"],
        ["0.99.9", "0.99.10", "1.0.10", "1.0.12.4.0"],
        ["1", "1.0", "2"],
    ],
)
def test_versions_sort_as_r_says(ascending: list[str]) -> None:
    assert all(r.key(lower) < r.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(("a", "b"), [("1.0-1", "1.0.1"), ("1-0-1", "1.0.1"), ("1.01", "1.1")])
def test_hyphens_are_dots_and_leading_zeros_do_not_count(a: str, b: str) -> None:
    assert compare("r", a, b) == 0


def test_numbers_have_31_bits() -> None:
    assert r.key("1.2147483646") < r.key("1.2147483647")
    assert compare("r", "1." + "0" * 4000 + "7", "1.7") == 0
    for version in ("1.2147483648", "9" * 4000, "1." + "0" * 50 + "2147483648"):
        with pytest.raises(VersionSyntaxError, match="a number is above 2147483647"):
            r.key(version)


@pytest.mark.parametrize(
    "version", ["1.", ".1", "1..2", "1.-2", "-1.0", "1_0", "1.0a", "v1.0", " 1.0", "1.0\n", "R 4.2"]
)
def test_what_r_does_not_accept_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not numbers"):
        r.key(version)


def test_a_key_is_short() -> None:
    assert r.key("1.2-3").hex(" ") == "11 12 13 00"
