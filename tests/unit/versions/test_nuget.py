"""What NuGet.Versioning says; the examples come from its documentation and tests."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, compare, nuget


@pytest.mark.parametrize(
    "ascending",
    [
        ["0.0.0", "1.0.0-BETA", "1.0.0-beta.1+AA", "1.0.0-beta2", "1.0.0", "1.0.1", "1.1.0"],
        ["1.999.9999", "2.1.1"],
        ["1.0.0-BETA.X.y.5.77.0+AA", "1.0.0-beta.x.y.5.79.0+aa", "1.0.0-beta.x.y.5.790.0+abc"],
        ["1.4.5.6", "1.4.5.60", "1.45.6"],
        ["1.01-RC-1", "1.01", "1.2-preview", "1.10-alpha", "1.10"],
        ["1.0.0", "1.0.0.1-alpha", "1.0.0.1", "1.0.1-alpha"],
        # a label of 32 bits is a number, with its sign; a larger one is a text
        ["1.0--2147483648", "1.0--5", "1.0-0", "1.0-5", "1.0-2147483647", "1.0-10000000000"],
        ["1.0-10000000000", "1.0-2147483648", "1.0-99999999999", "1.0-a"],
        ["8.0.0-preview.7.23375.6", "8.0.0-rc.1.23419.4", "8.0.0-rc.2.23479.6", "8.0.0"],
    ],
)
def test_versions_sort_as_nuget_says(ascending: list[str]) -> None:
    assert all(nuget.key(lower) < nuget.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1.0", "1.0.0.0"),
        ("1", "1.0"),
        ("1.23.01", "1.23.1"),
        ("1.45.6-Alpha", "1.45.6-ALPHA"),
        ("1.6.2-BeTa", "1.6.02-beta"),
        ("22.3.07     ", "22.3.07"),
        ("\u00a01.0\n", "1.0"),
        ("1 . 0\t-rc", "1.0-rc"),
        ("1.0+A", "1.0+b.2"),
        ("1.0.0009.01-1.1+A", "1.0.9.1-1.1"),
        ("1.0--0", "1.0-0"),
    ],
    ids=ascii,
)
def test_different_spellings_of_a_version_have_one_key(a: str, b: str) -> None:
    assert compare("nuget", a, b) == 0


@pytest.mark.parametrize(
    "version",
    [
        *("1beta", "$version$", "1.2Av^c", "1.2..", "1.2.3.4.5", "1.2.3.Beta", "So.is.this"),
        *("1.34.2Alpha", "1.34.2Release Candidate", "1.4.7-", "1.4.7-*", "1.4.7+*", "1.4.7-A^A"),
        *("1.4.7-AA.01^", "1.4.7-01", "1.4.7-a..b", "1.4.7+a+b", "v1.0", "+1.0", "1. .2", "1 2"),
    ],
)
def test_what_nuget_does_not_accept_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not"):
        nuget.key(version)


def test_numbers_have_31_bits() -> None:
    assert nuget.key("1.2147483646") < nuget.key("1.2147483647")
    for version in ("1.2147483648", "9" * 4000, "1.0.0." + "0" * 50 + "2147483648"):
        with pytest.raises(VersionSyntaxError, match="a number is above 2147483647"):
            nuget.key(version)


def test_a_key_is_short() -> None:
    assert nuget.key("1.2.3").hex(" ") == "11 12 13 10 ff"
