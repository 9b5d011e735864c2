"""What Dart's pub_semver says; the examples come from its own tests."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, compare, pub
from tests.unit.versions import pub_oracle

ASCENDING = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0-rc.1+build.1",
    "1.0.0",
    "1.0.0+0.3.7",
    "1.3.7+build",
    "1.3.7+build.2.b8f12d7",
    "1.3.7+build.11.e0f985a",
    "2.0.0",
    "2.1.0",
    "2.2.0",
    "2.11.0",
    "2.11.1",
]
EQUAL = [
    ("01.2.3", "1.2.3"),
    ("1.02.3", "1.2.3"),
    ("1.2.03", "1.2.3"),
    ("1.2.3-01", "1.2.3-1"),
    ("1.2.3+01", "1.2.3+1"),
]
REFUSED = [
    *("1.0", "1.2.3.4", "1234", "-2.3.4", "1.3-pre", "1.3+build", "1.3+bu?!3ild", "v1.2.3"),
    *(" 1.2.3", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.3-a_b", "1.2.3+a+b", "0x1.2.3"),
]


def test_versions_sort_as_pub_says() -> None:
    assert all(pub.key(lower) < pub.key(higher) for lower, higher in pairwise(ASCENDING))


@pytest.mark.parametrize(("a", "b"), EQUAL)
def test_leading_zeros_do_not_count(a: str, b: str) -> None:
    assert compare("pub", a, b) == 0


@pytest.mark.parametrize(
    "ascending",
    [
        # what Dart's int.tryParse reads is a number: signs, hexadecimal digits, up to 64 bits
        ["1.0.0--10", "1.0.0--0x9", "1.0.0-0", "1.0.0-9", "1.0.0-0xA", "1.0.0-11"],
        ["1.0.0-0xFFFFFFFFFFFFFFFE", "1.0.0--1", "1.0.0-0", "1.0.0-9223372036854775807"],
        ["1.0.0-9223372036854775807", "1.0.0--", "1.0.0-0x", "1.0.0-9223372036854775808"],
        ["1.0.0", "1.0.0+-1", "1.0.0+1", "1.0.0+10", "1.0.0+1a", "1.0.1-0"],
    ],
)
def test_identifiers_are_numbers_where_dart_reads_one(ascending: list[str]) -> None:
    assert all(pub.key(lower) < pub.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize("version", REFUSED)
def test_what_pub_does_not_accept_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="is not a pub version: it is not"):
        pub.key(version)


def test_numbers_have_63_bits() -> None:
    assert pub.key("9223372036854775806.0.0") < pub.key("9223372036854775807.0.0")
    for version in ("9223372036854775808.0.0", "0.0." + "9" * 4000):
        with pytest.raises(VersionSyntaxError, match="a number is above 9223372036854775807"):
            pub.key(version)


def test_the_plain_reading_agrees_with_the_same_examples() -> None:
    read = [version for text in ASCENDING if (version := pub_oracle.parsed(text))]
    assert len(read) == len(ASCENDING)
    assert all(pub_oracle.compared(lower, higher) == -1 for lower, higher in pairwise(read))
    assert all(pub_oracle.parsed(a) == pub_oracle.parsed(b) for a, b in EQUAL)
    assert not any(map(pub_oracle.parsed, REFUSED))
    assert pub_oracle.parsed("9223372036854775808.0.0") is None


def test_a_key_is_short() -> None:
    assert pub.key("1.2.3").hex(" ") == "11 12 13 ff 00"
    assert pub.key("1.2.3+4").hex(" ") == "11 12 13 ff 14 00"
