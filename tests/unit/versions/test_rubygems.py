"""Examples of the documentation of Gem::Version and of its tests."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, compare, rubygems


@pytest.mark.parametrize(
    "ascending",
    [
        ["1.0.a", "1.0.b1", "1.0.b2", "1.0.b10", "1.0", "1.0.1", "1.1.rc1", "1.1"],
        ["1.8.2.a9", "1.8.2.a10", "1.8.2.b", "1.8.2", "1.8.2.0.1"],
        ["5.0.0.beta1", "5.0.0.beta1.1", "5.0.0.beta2", "5.0.0.rc1", "5.0.0"],
        # zeros go on without end, text is below them
        ["1.a.b", "1.a.0.b", "1.a.0.0.b", "1.a", "1.a.0.0.1", "1.a.0.1", "1.a.1", "1"],
        ["1.A", "1.a", "1.aa", "1.b"],
        # a hyphen begins a pre-release
        ["1.0-alpha", "1.0-beta", "1.0"],
        ["1.2.3.pre", "1.2.3-1", "1.2.3-4", "1.2.3.rc", "1.2.3"],
        ["0.9", "0.10", "1.20240131", "1.99999999999999999999"],
    ],
)
def test_versions_sort_as_rubygems_says(ascending: list[str]) -> None:
    keys = [rubygems.key(version) for version in ascending]
    assert all(lower < higher for lower, higher in pairwise(keys))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1", "1.0"),
        ("1.0", "1.0.0.0"),
        ("0", "0.0"),
        ("1.2", "01.02"),
        ("1.0.a", "1.a"),
        ("1.a", "1.a.0"),
        ("1.b1", "1.b.1"),
        ("0.beta.1", "0.0.beta.1"),
        ("1.0-a", "1.pre.a"),
        (" 1.0\n", "1.0"),
    ],
    ids=ascii,
)
def test_different_spellings_of_a_version_have_one_key(a: str, b: str) -> None:
    assert compare("rubygems", a, b) == 0


@pytest.mark.parametrize(
    "version",
    [
        "junk",
        "1.0\n2.0",
        "1..2",
        "1.2 3.4",
        "2.3422222.222.222222222.22222.ads0as.dasd0.ddd2222.2.qd3e.",
        "1.",
        ".1",
        "1.0-",
        "1a",
        "v1.0",
        "1.0_1",
        "1.2.3-x86_64-linux",
        "1.0+1",
        "\u20031.0",
    ],
    ids=ascii,
)
def test_what_rubygems_does_not_allow_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not"):
        rubygems.key(version)


def test_a_key_is_short() -> None:
    assert rubygems.key("1.2.3").hex(" ") == "11 12 13 03"
    assert rubygems.key("1.0.2.0").hex(" ") == "11 04 12 03"
    assert rubygems.key("1.0.rc.1").hex(" ") == "11 01 72 63 00 11 03"
