"""What node-semver 7 accepts loosely; the examples come from its documentation and tests."""

from itertools import pairwise
from pathlib import Path

import pytest

from seawall.versions import VersionSyntaxError, compare, npm, semver
from tests.unit.versions import oracles


@pytest.mark.parametrize(
    "ascending",
    [
        ["0.0.0-foo", "0.0.0", "0.0.1", "0.9.0", "0.10.0", "0.99.0", "1.2.3-asdf", "1.2.3"],
        ["1.2.3-4", "1.2.3-4-foo", "1.2.3-4foo", "1.2.3"],
        ["1.2.3-5", "1.2.3-5-foo", "1.2.3-5foo"],
        ["1.2.3-a.5", "1.2.3-a.10", "1.2.3-a.b", "1.2.3-a.b.c.5.d.100"],
        ["1.2.3-R2", "1.2.3-r100", "1.2.3-r2"],
        ["3.0.0-beta", "v3.0.0"],
    ],
)
def test_versions_sort_as_node_semver_says(ascending: list[str]) -> None:
    assert all(npm.key(lower) < npm.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("v1.2.3", "1.2.3"),
        ("=1.2.3", "1.2.3"),
        ("v 1.2.3", "1.2.3"),
        (" =v= 1.2.3 ", "1.2.3"),
        ("\ufeff1.2.3\u2003", "1.2.3"),
        ("1.2.3beta", "1.2.3-beta"),
        ("1.2.3-beta+build", "1.2.3-beta+otherbuild"),
        ("01.02.03", "1.2.3"),
        ("1.2.3-01", "1.2.3-1"),
        ("1.2.3-", "1.2.3--"),  # the hyphen itself becomes the pre-release
        ("1.2.30.5", "1.2.3-0.5"),  # the patch gives up a digit so that the rest can be one
    ],
    ids=ascii,
)
def test_loose_spellings_have_the_key_of_the_strict_one(a: str, b: str) -> None:
    assert compare("npm", a, b) == 0


@pytest.mark.parametrize("version", ["1.2.3", "0.0.0-0", "10.20.30-rc.1.x-y", "1.0.0+build"])
def test_a_strict_version_has_the_key_of_a_semantic_version(version: str) -> None:
    assert npm.key(version) == semver.key(version)


def test_numbers_go_up_to_what_javascript_counts_exactly() -> None:
    assert npm.key("9007199254740990.0.0") < npm.key("9007199254740991.0.0")
    assert compare("npm", "0" * 200 + "1.0.0", "1.0.0") == 0
    for version in ("9007199254740992.0.0", "0.9007199254740992.0", "0.0." + "9" * 250):
        with pytest.raises(VersionSyntaxError, match="a number is above 9007199254740991"):
            npm.key(version)


LONG = ("1.0.0-9007199254740992.9", "1.0.0-9007199254740993.1", "1.0.0-9007199254740992.1")


def test_long_numbers_in_a_prerelease_are_compared_exactly() -> None:
    assert npm.key(LONG[2]) < npm.key(LONG[0]) < npm.key(LONG[1])


def test_node_semver_has_no_order_for_long_numbers_in_a_prerelease(tmp_path: Path) -> None:
    pairs = [(LONG[0], LONG[1]), (LONG[1], LONG[2]), (LONG[0], LONG[2])]
    assert [verdict.order for verdict in oracles.npm(pairs, tmp_path)] == [0, 0, 1]


def test_a_version_may_have_256_characters() -> None:
    assert npm.key("1.2.3-" + "a" * 250)
    with pytest.raises(VersionSyntaxError, match="257 characters, at most 256"):
        npm.key("1.2.3-" + "a" * 251)


@pytest.mark.parametrize(
    "version",
    [
        "1",
        "1.2",
        "1.2.3.4",
        "hello, world",
        "xyz",
        "V1.2.3",
        "1.2.3 beta",
        "1.2.3-.",
        "1.2.3-a..b",
        "1.2.3+",
        "1.2.3+b+c",
        ">1.2.3",
        "\x1c1.2.3",  # whitespace to Python, not to JavaScript
        "\x851.2.3",
    ],
    ids=ascii,
)
def test_what_node_semver_does_not_accept_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not"):
        npm.key(version)
