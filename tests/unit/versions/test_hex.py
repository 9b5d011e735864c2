"""What Elixir's Version says; the examples come from its documentation."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, compare, hex, semver  # noqa: A004  # the scheme


@pytest.mark.parametrize(
    "ascending",
    [
        ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"],
        ["1.7.0-rc.0", "1.7.0-rc.3", "1.7.0", "1.7.14"],
        ["2.0.0-dev", "2.0.0-rc.9", "2.0.0-rc.10", "2.0.0-rc9", "2.0.0"],
    ],
)
def test_versions_sort_as_elixir_says(ascending: list[str]) -> None:
    assert all(hex.key(lower) < hex.key(higher) for lower, higher in pairwise(ascending))
    assert [hex.key(version) for version in ascending] == [semver.key(v) for v in ascending]


def test_build_metadata_does_not_count() -> None:
    assert compare("hex", "2.0.1+build1", "2.0.1") == 0
    assert compare("hex", "1.0.0+build", "1.0.0-beta") == 1


@pytest.mark.parametrize(
    "version", ["2.0.1rc1", "2.0", "2", "v2.0.1", "2.00.1", "2.0.1-01", "2.0.1+a+b", "2.0.1-a..b"]
)
def test_what_elixir_does_not_accept_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="is not a hex version: it is not"):
        hex.key(version)
