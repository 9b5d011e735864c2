"""What the semver crate and Cargo say; the order itself is that of test_semver.py."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, cargo, compare, semver


def test_versions_sort_as_semantic_versions() -> None:
    ascending = ["0.14.0-0", "0.14.0-alpha.1", "0.14.0-alpha.10", "0.14.0", "0.14.10", "1.0.0"]
    assert all(cargo.key(lower) < cargo.key(higher) for lower, higher in pairwise(ascending))
    assert [cargo.key(version) for version in ascending] == [semver.key(v) for v in ascending]


def test_build_metadata_does_not_count() -> None:
    assert compare("cargo", "0.9.80+3.2.1", "0.9.80") == 0
    assert compare("cargo", "300.2.1+3.2.0", "300.2.1+3.1.9") == 0


def test_numbers_have_64_bits() -> None:
    assert cargo.key("18446744073709551614.0.0") < cargo.key("18446744073709551615.0.0")
    assert compare("cargo", "1.0.0-18446744073709551616", "1.0.0-18446744073709551617") == -1
    for version in ("18446744073709551616.0.0", "0.99999999999999999999.0", "0.0." + "9" * 4000):
        with pytest.raises(VersionSyntaxError, match="a number is above 18446744073709551615"):
            cargo.key(version)


@pytest.mark.parametrize(
    "version", ["1", "1.2", "v1.2.3", "01.2.3", "1.2.3-01", "1.2.3-", " 1.2.3", "1.2.3.4", "*"]
)
def test_what_cargo_does_not_accept_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="is not a cargo version: it is not"):
        cargo.key(version)
