"""What Composer and PHP say; the examples come from composer/semver's documentation and tests."""

from itertools import pairwise
from pathlib import Path

import pytest

from seawall.versions import VersionSyntaxError, compare, composer
from tests.unit.versions import language_oracles


@pytest.mark.parametrize(
    "ascending",
    [
        ["1.0-dev", "1.0-alpha", "1.0-alpha1", "1.0-b2", "1.0-RC1", "1.0", "1.0-p1", "1.0.0.1"],
        ["1.0-beta1-dev", "1.0-beta1", "1.0-beta1.1", "1.0-beta2", "1.0-beta10"],
        ["1.9.9", "1.x-dev", "2.0-dev", "2.0.5", "2.0.x-dev", "2.1.0", "2.x-dev", "3.0"],
        ["2.4.6-p8", "2.4.7", "2.4.7-p3"],
        ["100", "20100102", "20100102.1", "20110102"],
        ["2010.01.02", "2010.1.2.1"],
        ["2010-01-02", "2010.1.2"],  # a date has no fourth number
        ["20230131", "20230131.0.0", "20230131.0.1"],
        # PHP sorts words that it does not know lowest; Composer drops "stable" in lower case only
        ["1.0-STABLE", "1.0-dev", "1.0-stable"],
    ],
)
def test_versions_sort_as_composer_says(ascending: list[str]) -> None:
    assert all(composer.key(lower) < composer.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1.0.0", "1.0.0.0"),
        ("v1.0.0", "V1"),
        ("00.01", "0.1"),
        ("1.0.0RC1dev", "1.0.0.0-RC1-dev"),
        ("1.0.0-rC15-dev", "1.0.0.0-RC15-dev"),
        ("1.0.0.RC.15-dev", "1.0.0.0-RC15-dev"),
        ("1.0.0-rc1", "1.0.0.0-RC1"),
        ("1.0.0.pl3-dev", "1.0.0.0-patch3-dev"),
        ("10.4.13-b5", "10.4.13.0-beta5"),
        ("1.0-stable3", "1.0"),
        ("2010-01-02", "2010:01:02-"),
        ("2010-01-02-10-20-30.5", "2010.01.02.10.20.30.5"),
        ("1.2.3+deadbeef", "1.2.3"),
        ("1.0.0-beta.5+foo", "1.0.0.0-beta5"),
        ("1.x-dev", "1.x.x.x-dev"),
        ("2.X-dev", "2.*.dev"),
        ("1.0.x-dev", "1.0.9999999.9999999-dev"),
        (" 1.0\n", "1.0"),
        ("1.0-", "1.0"),
    ],
    ids=ascii,
)
def test_different_spellings_of_a_version_have_one_key(a: str, b: str) -> None:
    assert compare("composer", a, b) == 0


@pytest.mark.parametrize("version", ["dev-main", "DEV-x", "master", "trunk", "default", "dev-1.0"])
def test_the_name_of_a_branch_has_no_place_in_the_order(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="the name of a branch has no place"):
        composer.key(version)


@pytest.mark.parametrize(
    "version",
    [
        *(
            "a",
            "1.0.0-meh",
            "1.0.0.0.0",
            "1.0.0+foo bar",
            "1.0.0-SNAPSHOT",
            "1000000.1.1.1",
            "<1.0",
        ),
        *("1.0 .2", "foo bar-dev", "1.0-beta-2b", "1.0.0-dev<1.0.5-dev", "~1", "1.x"),
        *("1.0@dev", "1.0 as 2.0", "foo\n1.x-dev"),
    ],
    ids=ascii,
)
def test_what_composer_does_not_accept_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not N"):
        composer.key(version)


LARGE = ("1.9223372036854775808", "1.9223372036854775807")


def test_long_numbers_are_compared_exactly() -> None:
    assert compare("composer", *LARGE) == 1


def test_php_takes_long_numbers_for_the_largest_that_it_has(tmp_path: Path) -> None:
    assert language_oracles.composer([LARGE], tmp_path)[0].order == 0


def test_composer_takes_requirements_and_lines_before_a_branch_for_versions(tmp_path: Path) -> None:
    pairs = [("1.0@dev", "1.0 as 2.0"), ("foo\n1.x-dev", "1.x-dev")]
    assert all(answer == (True, True, 0) for answer in language_oracles.composer(pairs, tmp_path))


def test_a_key_is_short() -> None:
    assert composer.key("1.2.3").hex(" ") == "11 12 13 10 05"
