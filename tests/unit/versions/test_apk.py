"""Examples of apk-package(5) and of the list of versions apk-tools 3 is tried on."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, apk, compare


@pytest.mark.parametrize(
    "ascending",
    [
        ["0.9", "0.10", "0.11", "1.0", "1.0.1", "1.1", "10", "20050718"],
        # a later number that starts with a zero is text, and below all that do not
        ["8.2.0", "8.2.001", "8.2.0015", "8.2.002", "8.2.01", "8.2.010", "8.2.02", "8.2.1"],
        ["1.0.0", "1.00.0", "1.05", "1.06-r1", "1.19"],
        # the first number is a number
        ["1.06-r6", "006", "013", "014-r1", "087-r1", "103", "021109-r3", "20060512"],
        # what may follow: pre-releases, the end, a revision, a commit, later states, a letter
        [
            "1.0_alpha_pre2",
            "1.0_alpha",
            "1.0_alpha0",
            "1.0_alpha2",
            "1.0_beta1",
            "1.0_pre20191002222144",
            "1.0_pre20210530193627",
            "1.0_rc1",
            "1.0",
            "1.0-r0",
            "1.0-r9",
            "1.0-r10",
            "1.0~abc",
            "1.0~abcd",
            "1.0~abd",
            "1.0~abd-r1",
            "1.0_cvs",
            "1.0_svn",
            "1.0_git20240101",
            "1.0_hg",
            "1.0_p",
            "1.0_p0",
            "1.0_p9-r0",
            "1.0_p10-r0",
            "1.0a",
            "1.0b-r1",
            "1.0.0",
        ],
        ["1.0~1234-r1", "1.0~2345-r0"],
        ["6.0_pre1", "6.0", "6.0_p1", "6.1_pre1", "6.1", "6.1_p1"],
        ["2.12r-r4", "2.12r-r5"],
    ],
)
def test_versions_sort_as_apk_tools_says(ascending: list[str]) -> None:
    assert all(apk.key(lower) < apk.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"), [("01.0", "1.0"), ("1.0-r01", "1.0-r1"), ("1.0_p01", "1.0_p1"), ("00", "0")]
)
def test_leading_zeros_do_not_count_elsewhere(a: str, b: str) -> None:
    assert compare("apk", a, b) == 0


@pytest.mark.parametrize(
    "version",
    [
        "1.0bc",
        "0.1a1",
        "1.0_foo",
        "1.0_post1",
        "1.0_prealpha",
        "1.0_",
        "1.0~",
        "1.0~ABC",
        "1.0~ghi",
        "1.0-r",
        "1.0-r1-r2",
        "1.0-r2.1",
        "1.0-1",
        "1.0-r1~abc",
        "1..0",
        "1.",
        ".1",
        "a1",
        "1.0A",
        "1.0 ",
        "1.0\n",
        # typing errors in Alpine's own lists of fixed versions; apk-tools 2 did not mind
        "0.12.5.-r0",
        "10.2.22.r0",
        "1.11-20-r0",
    ],
    ids=ascii,
)
def test_what_apk_tools_3_does_not_allow_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not"):
        apk.key(version)


def test_a_key_is_short() -> None:
    assert apk.key("1.2.3-r4").hex(" ") == "11 12 13 06 14 05"
    assert apk.key("1.0").hex(" ") == "11 0f 30 00 05"
