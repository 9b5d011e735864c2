"""Examples of the POM reference, "Version Order Specification", and the circles in that order."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.versions import (
    MAX_LENGTH,
    SCHEMES,
    VersionSyntaxError,
    after,
    compare,
    is_exact,
    maven,
)
from tests.patience import ends
from tests.unit.versions import oracles
from tests.unit.versions.pairs import corpus, mutated

CIRCLES = [("1", "1.x.1", "1-alpha"), ("1", "1-x", "1.0.alpha.1")]


def lower(a: str, b: str) -> bool:
    return maven.compare(a, b) == -1 and maven.compare(b, a) == 1


@pytest.mark.parametrize(
    "ascending",
    [
        ["1", "1.1", "1.2", "1.10", "2"],
        ["1-alpha2", "1-alpha10", "1-beta", "1-milestone-1", "1-cr", "1-snapshot", "1", "1-sp"],
        ["1-snapshot", "1", "1-sp", "1-foo2", "1-foo10", "1-1", "1.1"],
        ["1.0.0-alpha-1", "1.0.0-a2", "1.0.0-b1", "1.0.0-m3", "1.0.0-RC1", "1.0.0", "1.0.1"],
        ["4.1.0.Alpha1", "4.1.0.Beta1", "4.1.0.Beta10", "4.1.0.CR1", "4.1.0.Final", "4.1.1.Final"],
        ["2.0.0.M1", "2.0.0.RC1", "2.0.0.BUILD-SNAPSHOT", "2.0.1.RELEASE"],
        ["9.4.44", "9.4.44.v20210927", "9.4.45.v20220203"],
        ["42.2.5.jre6", "42.2.5.jre7", "42.2.6"],
        ["30.0-android", "30.0-jre", "30.1-android"],
        ["2.13.4", "2.13.4.1", "2.13.4.2", "2.13.5"],
        ["1.0-20220101.123456-7", "1.0-20220102.010203-8", "1.1-SNAPSHOT", "1.1"],
        ["r03", "r09", "10.0-rc1", "10.0"],
        ["1.9.3", "20040616"],
        ["1.2147483647", "1.2147483648", "1.99999999999999999999"],
    ],
)
def test_versions_compare_as_maven_says(ascending: list[str]) -> None:
    assert all(lower(a, b) for a, b in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1", "1.0.0"),
        ("1", "1-ga"),
        ("1", "1.Final"),
        ("2.0.0.RELEASE", "2"),
        ("1-rc", "1.0-CR"),
        ("1-a1", "1-alpha-1"),
        ("1-m3", "1.0.0-Milestone3"),
        ("1.0.0X1", "1-x1"),
        ("01.002", "1.2"),
        ("1..2", "1.0.2"),
        ("-1", "0-1"),
        ("1.0000000000", "1"),  # Maven keeps these apart, see below
    ],
)
def test_different_spellings_of_a_version_are_equal(a: str, b: str) -> None:
    assert maven.compare(a, b) == maven.compare(b, a) == 0
    assert maven.key(a) == maven.key(b)


@pytest.mark.parametrize("circle", CIRCLES)
def test_the_order_goes_in_circles_that_have_one_key(
    circle: tuple[str, str, str], tmp_path: Path
) -> None:
    steps = [(circle[at], circle[(at + 1) % 3]) for at in range(3)]
    assert [verdict.order for verdict in oracles.maven(steps, tmp_path)] == [-1, -1, -1]
    assert all(lower(a, b) for a, b in steps)
    assert len({maven.key(version) for version in circle}) == 1


def test_maven_takes_ten_zeros_for_more_than_five(tmp_path: Path) -> None:
    (verdict,) = oracles.maven([("1.5.1", "1.0000000000.1")], tmp_path)
    assert verdict.order == -1
    assert maven.compare("1.5.1", "1.0000000000.1") == 1


def test_only_maven_is_not_exact() -> None:
    assert [scheme for scheme in SCHEMES if not is_exact(scheme)] == ["maven"]


def test_a_range_of_keys_loses_no_version_of_the_range() -> None:
    chance = random.Random(3)
    real = corpus("maven")
    pieces = ("0", "1", ".", "-", "x", "-x", ".x", "alpha", "-alpha", ".sp", "rc", "ga")
    versions = {version for version in real if chance.random() < 0.1}
    versions |= {mutated(version, pieces, chance) for version in chance.choices(real, k=600)}
    versions = {version for version in versions if version.strip(".-_")}
    keys = {version: maven.key(version) for version in versions}
    inside = let_through = 0
    for _ in range(150):
        low, high = chance.choices(real, k=2)
        low_key, bound = maven.key(low), after(maven.key(high))
        for version, key in keys.items():
            hit = maven.compare(low, version) <= 0 and maven.compare(version, high) < 0
            assert not hit or low_key <= key < bound, (low, version, high)
            inside += hit
            let_through += low_key <= key < bound
    assert 0 < inside < let_through < 1.1 * inside  # and there is little to confirm


tokens = st.sampled_from(
    ("0", "1", "2", "10", ".", "-", "-alpha", ".beta", "rc", "sp", "x", "ga", "v", "_", ".0")
)
versions = st.lists(tokens, min_size=1, max_size=9).map(lambda found: "1" + "".join(found))


@given(versions, versions)
def test_keys_never_contradict_the_comparison(a: str, b: str) -> None:
    order, key_a, key_b = maven.compare(a, b), maven.key(a), maven.key(b)
    assert maven.compare(b, a) == -order
    assert (key_a > key_b) - (key_a < key_b) in (0, order)


@pytest.mark.parametrize(
    "version",
    ["1 0", "1.0\n", "${project.version}", "$v", "[1.0,2.0)", "1,2", "1/2", "a:1", "-.-", "1.é"],
    ids=ascii,
)
def test_what_cannot_be_a_version_is_refused_by_both(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="is not a maven version"):
        maven.key(version)
    for a, b in ((version, "1"), ("1", version)):
        with pytest.raises(VersionSyntaxError, match="is not a maven version"):
            compare("maven", a, b)


@pytest.mark.parametrize("unit", ["1", "1.", "1-", "a1", "1a", "-", "a.", "a-", "0.", "."])
def test_long_versions_are_compared_to_their_ends(unit: str) -> None:
    version = unit * ((MAX_LENGTH - 1) // len(unit))
    with ends():  # lists in lists, each looked through for each list around it, take for ever
        assert lower(version + "1", version + "2")
        assert maven.compare(version + "1", version + "1") == 0


def test_a_key_is_short() -> None:
    assert maven.key("1.2.3").hex(" ") == "11 12 13 01"
    assert maven.key("2.0.0.RELEASE").hex(" ") == "12 01"
    assert maven.key("r09").hex(" ") == "01"
