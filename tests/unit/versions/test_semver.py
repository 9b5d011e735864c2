"""Examples of semver.org 2.0.0 and of the list of versions its regular expression is tried on."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.versions import VersionSyntaxError, compare, semver

releases = st.tuples(*[st.integers(0, 10**20) | st.integers(0, 300)] * 3)


def text(release: tuple[int, ...]) -> str:
    return ".".join(map(str, release))


@given(releases, releases)
def test_releases_sort_as_tuples(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    assert (semver.key(text(a)) < semver.key(text(b))) == (a < b)


@pytest.mark.parametrize(
    "ascending",
    [
        ["1.9.0", "1.10.0", "1.11.0"],
        ["1.0.0", "2.0.0", "2.1.0", "2.1.1"],
        [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
        ],
        ["1.0.0-0", "1.0.0-0.0", "1.0.0-99999999999999999999", "1.0.0--", "1.0.0-0a", "1.0.0-A"],
    ],
)
def test_versions_sort_as_the_specification_says(ascending: list[str]) -> None:
    assert all(semver.key(lower) < semver.key(higher) for lower, higher in pairwise(ascending))


def test_build_metadata_is_ignored() -> None:
    assert compare("semver", "1.0.0+20130313144700", "1.0.0+21AF26D3----117B344092BD") == 0
    assert compare("semver", "1.0.0-beta+exp.sha.5114f85", "1.0.0-beta") == 0


@pytest.mark.parametrize(
    "version",
    [
        "0.0.4",
        "1.1.2-prerelease+meta",
        "1.0.0-alpha.0valid",
        "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
        "1.0.0-0.3.7",
        "1.0.0-x.7.z.92",
        "1.0.0-x-y-z.--",
        "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
        "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
        "99999999999999999999999.999999999999999999.99999999999999999",
        "1.0.0-0A.is.legal",
    ],
)
def test_what_the_specification_allows_has_a_key(version: str) -> None:
    assert semver.key(version)


@pytest.mark.parametrize(
    "version",
    [
        "1",
        "1.2",
        "1.2.3-0123",
        "1.2.3-0123.0123",
        "1.1.2+.123",
        "+invalid",
        "-invalid",
        "alpha",
        "alpha.beta.1",
        "1.0.0-alpha_beta",
        "1.0.0-alpha..",
        "1.0.0-alpha..1",
        "01.1.1",
        "1.01.1",
        "1.1.01",
        "1.2.3.DEV",
        "1.2-SNAPSHOT",
        "1.2.31.2.3----RC-SNAPSHOT.12.09.1--..12+788",
        "9.8.7-whatever+meta+meta",
        "1.0.0-",
        "1.0.0+",
        "v1.0.0",
        " 1.0.0",
        "1.0.0\n",
        "1.0.0-\u00e9",
    ],
    ids=ascii,
)
def test_what_the_specification_does_not_allow_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not"):
        semver.key(version)


def test_a_key_is_short() -> None:
    assert semver.key("1.2.3").hex(" ") == "11 12 13 ff"
    assert semver.key("1.2.3-rc.1").hex(" ") == "11 12 13 c8 72 63 00 11 00"
