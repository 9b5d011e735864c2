"""Examples of Debian Policy 5.6.12, deb-version(7) and what dpkg --validate-version says."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, compare, dpkg


@pytest.mark.parametrize(
    "ascending",
    [
        # "sorted parts from earliest to latest: ~~, ~~a, ~, the empty part, a"
        ["1~~", "1~~a", "1~", "1", "1a"],
        # "1.0~beta1~svn1245 sorts earlier than 1.0~beta1, which sorts earlier than 1.0"
        ["1.0~beta1~svn1245", "1.0~beta1", "1.0"],
        # an absent revision is earlier than any but 0
        ["1.0", "1.0-1", "1.0-1.1", "1.0-2"],
        # letters sort before what is no letter
        ["1~-1", "1-1", "1A-1", "1Z-1", "1a-1", "1z-1", "1+-1", "1--1", "1.-1"],
        # the epoch decides first
        ["9", "1:1", "2:0", "10:0", "2147483647:0"],
        # numbers, not texts
        ["1.9", "1.10", "1.99", "1.100", "1.20240131"],
        # stable updates and backports, as Debian names them
        [
            "1.1.1n-0+deb11u5",
            "3.0.11-1~bpo11+1",
            "3.0.11-1~deb12u1",
            "3.0.11-1~deb12u2",
            "3.0.11-1",
        ],
        # the last hyphen begins the revision
        ["1-1-1", "1-1-2", "1-2-1"],
        # a colon may follow the epoch
        ["1:1:1", "1:1:2"],
    ],
)
def test_versions_sort_as_policy_says(ascending: list[str]) -> None:
    assert all(dpkg.key(lower) < dpkg.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1.0", "0:1.0"),
        ("1.0", "1.0-0"),
        ("1.0", "1.00"),
        ("1.", "1.0"),
        ("1a", "1a0"),
        ("1.0-a", "1.0-a0"),
        ("1.0", " 1.0\t"),
        ("1:1", "01:1"),
        ("1:1", "+1:1"),
        ("0:1", "-0:1"),
        ("1:1", "\n1:1"),
    ],
)
def test_different_spellings_of_a_version_have_one_key(a: str, b: str) -> None:
    assert compare("dpkg", a, b) == 0


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("", "it is empty"),
        (" \t ", "it is empty"),
        ("1:", "it is empty"),
        ("-1", "it is empty"),
        ("1:-1", "it is empty"),
        ("1.0-", "the revision is empty"),
        ("1.0-1-", "the revision is empty"),
        ("a1", "does not start with a digit"),
        ("~1", "does not start with a digit"),
        ("1:.1", "does not start with a digit"),
        ("\u0663", "does not start with a digit"),
        ("1 0", "' ' is not allowed"),
        ("1.0\n", r"'\\n' is not allowed"),
        ("1.0^1", r"'\^' is not allowed"),
        ("1.0_1", "'_' is not allowed"),
        ("1.0-1_2", "'_' is not allowed"),
        ("1.0\u00e9", "'\u00e9' is not allowed"),
        ("1.\u0663", "'\u0663' is not allowed"),
        ("1:1-2:3", "':' is not allowed in a revision"),
        ("1-2:3", "the epoch is not a number"),
        (":1", "the epoch is not a number"),
        ("a:1", "the epoch is not a number"),
        ("1 :1", "the epoch is not a number"),
        ("0x1:1", "the epoch is not a number"),
        ("\u0663:1", "the epoch is not a number"),
        ("-1:1", "the epoch is negative"),
        ("2147483648:1", "the epoch is above 2147483647"),
        ("1" * 4000 + ":1", "the epoch is above 2147483647"),
    ],
    ids=lambda argument: ascii(argument)[:30],
)
def test_what_dpkg_does_not_accept_is_refused(version: str, why: str) -> None:
    with pytest.raises(VersionSyntaxError, match=why):
        dpkg.key(version)


def test_a_key_is_short() -> None:
    assert dpkg.key("1.2.3-4").hex(" ") == "10 11 fe 12 fe 13 02 14 02"
