"""Examples of the "Version specifiers" specification (PEP 440)."""

from itertools import pairwise

import pytest

from seawall.versions import VersionSyntaxError, compare, pep440

SUMMARY = [  # "the following example covers many of the possible combinations"
    "1.dev0",
    "1.0.dev456",
    "1.0a1",
    "1.0a2.dev456",
    "1.0a12.dev456",
    "1.0a12",
    "1.0b1.dev456",
    "1.0b2",
    "1.0b2.post345.dev456",
    "1.0b2.post345",
    "1.0rc1.dev456",
    "1.0rc1",
    "1.0",
    "1.0+abc.5",
    "1.0+abc.7",
    "1.0+5",
    "1.0.post456.dev34",
    "1.0.post456",
    "1.0.15",
    "1.1.dev1",
]


@pytest.mark.parametrize(
    "ascending",
    [
        SUMMARY,
        ["0.9", "0.9.1", "0.9.2", "0.9.10", "0.9.11", "1.0", "1.0.1", "1.1", "2.0", "2.0.1"],
        ["2012.4", "2012.7", "2012.10", "2013.1", "2013.6", "1!1.0", "1!1.1", "1!2.0"],
        ["1.0+a", "1.0+a.a", "1.0+a.1", "1.0+b", "1.0+0", "1.0+1", "1.0+1.a", "1.0+10"],
        ["1.0.post0.dev0", "1.0.post0", "1.0.post0+local", "1.0.post1"],
    ],
)
def test_versions_sort_as_the_specification_says(ascending: list[str]) -> None:
    assert all(pep440.key(lower) < pep440.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1.1RC1", "1.1rc1"),
        ("1.0", "1.0.0.0"),
        ("0", "0.0"),
        ("00", "0"),
        ("09000", "9000"),
        ("1.0+foo0100", "1.0+FOO0100"),
        ("1.1.a1", "1.1a1"),
        ("1.1-a1", "1.1a1"),
        ("1.0a.1", "1.0a1"),
        ("1.1alpha1", "1.1a1"),
        ("1.1beta2", "1.1b2"),
        ("1.1c3", "1.1rc3"),
        ("1.1pre3", "1.1rc3"),
        ("1.1preview3", "1.1rc3"),
        ("1.2a", "1.2a0"),
        ("1.2-post2", "1.2.post2"),
        ("1.2post2", "1.2.post2"),
        ("1.2.post-2", "1.2.post2"),
        ("1.0-r4", "1.0.post4"),
        ("1.0rev4", "1.0.post4"),
        ("1.2.post", "1.2.post0"),
        ("1.0-1", "1.0.post1"),
        ("1.2-dev2", "1.2.dev2"),
        ("1.2dev2", "1.2.dev2"),
        ("1.2.dev", "1.2.dev0"),
        ("1.0+ubuntu-1", "1.0+ubuntu.1"),
        ("1.0+ubuntu_01", "1.0+ubuntu.1"),
        ("v1.0", "1.0"),
        ("V1.0", "1.0"),
        ("1.0\n", "1.0"),
        ("\u2003 1.0\t", "1.0"),
        ("0!1.0", "1.0"),
    ],
    ids=ascii,
)
def test_different_spellings_of_a_version_have_one_key(a: str, b: str) -> None:
    assert compare("pep440", a, b) == 0


@pytest.mark.parametrize(
    "version",
    [
        "french toast",
        "1.0+a+",
        "1.0++",
        "1.0+_foobar",
        "1.0+foo&asd",
        "1.0+1+1",
        "1..0",
        ".1",
        "1.",
        "1.0-",
        "1.0-alpha-beta",
        "1.0a1b2",
        "1.0.dev1.post1",
        "!1.0",
        "1!",
        "vv1",
        "1 .0",
        "2004d",
        "1.0po\u017ft1",  # a letter whose upper case is S
        "1.0+\u212a",  # a letter whose lower case is k
    ],
    ids=ascii,
)
def test_what_the_specification_does_not_allow_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not"):
        pep440.key(version)


def test_a_key_is_short() -> None:
    assert pep440.key("1.2.3").hex(" ") == "10 11 12 13 05 00"
