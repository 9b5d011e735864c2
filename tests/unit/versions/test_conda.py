"""What conda's VersionOrder says; the examples come from its documentation."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, compare, conda


@pytest.mark.parametrize(
    "ascending",
    [
        ["0.4", "0.4.1.rc", "0.4.1", "0.5a1", "0.5b3", "0.5C1", "0.5", "0.9.6", "0.960923", "1.0"],
        ["1.1dev1", "1.1_", "1.1a1", "1.1.0dev1", "1.1.a1", "1.1.0rc1", "1.1.0", "1.1.post1"],
        ["1.1.post1", "1.1post1", "1996.07.12", "1!0.4.1", "1!3.1.1.6", "2!0.4.1"],
        ["1.0.1_", "1.0.1a", "1.0.1b", "1.0.1w", "1.0.1", "1.0.2_"],
        # what follows zeros decides whether they are above or below the end
        ["1.a", "1.0.a", "1.0.0.a", "1", "1.0.0.1", "1.0.1", "1.1"],
        ["1.0a", "1.0a1", "1.0a1.1", "1.0"],
        ["1.00a", "1.0.1", "1.0post"],
        ["0.a", "0", "0.0.1", "0.1"],
        ["2.1.0", "2.1.0+1", "2.1.0+1.1"],
        ["2.1.0+dev", "2.1.0+cpu", "2.1.0+cu121.dev", "2.1.0+cu121", "2.1.0", "2.1.0+1"],
        ["1.9", "1.10", "1.99999999999999999999", "1.100000000000000000000"],
    ],
)
def test_versions_sort_as_conda_says(ascending: list[str]) -> None:
    assert all(conda.key(lower) < conda.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("0.4", "0.4.0"),
        ("0.4.1.rc", "0.4.1.RC"),
        ("1.1.0dev1", "1.1.dev1"),
        ("1.1.0post1", "1.1.post1"),
        ("1.0-1", "1.0_1"),
        ("1.0-1", "1.0.1"),
        ("1", "0!1.0.0.0"),
        ("1.0a0", "1.0a"),
        ("1.0+0", "1.0"),
        ("01.010", "1.10"),
        (" 1.0\n", "1.0"),
    ],
    ids=ascii,
)
def test_different_spellings_of_a_version_have_one_key(a: str, b: str) -> None:
    assert compare("conda", a, b) == 0


@pytest.mark.parametrize(
    "version",
    [
        *("", " ", "1..0", ".1", "1.", "_1", "1__0.1", "1.0-1_2", "1!2!3", "a!1", "!1", "1!"),
        *("+1", "1+", "1+2+3", "1+_", "1+2_", "3.5&1", "5.5++", "5.5..mw", "1.0\u212a"),
        *("1.*", "*", "1.0 .1", "2,1", "1.0=py27"),
    ],
    ids=ascii,
)
def test_what_conda_does_not_accept_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not"):
        conda.key(version)


def test_a_key_is_short() -> None:
    assert conda.key("1.2.3").hex(" ") == "10 11 05 12 05 13 04 04"
