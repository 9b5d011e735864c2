"""Examples of rpm-version(7), of rpm's own list of comparisons, and what rpmbuild says."""

import random
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from seawall.versions import VersionSyntaxError, compare, rpm
from tests.unit.versions.pairs import corpus, mutated

QUESTIONS = 150  # to rpmspec, one process each


@pytest.mark.parametrize(
    "ascending",
    [
        # numbers, not texts
        ["1.9", "1.10", "1.99", "1.100", "1.20240131"],
        ["1.0", "1.0.1", "1.0.2", "1.1", "2.0"],
        # text is below a number, and above the end
        ["1.0", "1.0a", "1.0aa", "1.0b", "1.0.1"],
        ["1.0.Z", "1.0.a", "1.0.b", "1.0.0"],
        # "~ sorts lower than anything, even the end of the version"
        ["1.0~~", "1.0~beta", "1.0~beta2", "1.0~rc1", "1.0~rc1^git1", "1.0", "1.0^"],
        # "^ sorts higher than the end, lower than any other text"
        ["1.0", "1.0^", "1.0^20160101", "1.0^20160102", "1.0^20160102^git1", "1.0.1"],
        # the epoch decides first
        ["9-9", "1:1-1", "2:0-1", "10:0-1", "4294967296:0-1"],
        # the release decides last, and having none is lowest
        ["1.2.3", "1.2.3-0", "1.2.3-4.el9", "1.2.3-4.el9_2", "1.2.3-4.el9_10", "1.2.3-10.el8"],
        # module builds, as AlmaLinux names them
        [
            "7.2.24-1.module_el8.5.0+53+9945c2af",
            "7.2.24-1.module_el8.6.0+2750+78feabcb",
            "7.4.6-4.module_el8.5.0+53+9945c2af",
        ],
    ],
)
def test_versions_sort_as_rpm_says(ascending: list[str]) -> None:
    assert all(rpm.key(lower) < rpm.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1.0", "0:1.0"),
        ("1.0", ":1.0"),
        ("01:1.0", "1:1.0"),
        ("1.0", "1_0"),
        ("1.0", "1..0"),
        ("1.0", "1.0."),
        ("1.0", ".1.0"),
        ("1.0", "1.00"),
        ("2a", "2.a"),
        ("1.0-1.el8", "1.0-1_el8"),
        ("1-_", "1-."),
    ],
)
def test_different_spellings_of_a_version_have_one_key(a: str, b: str) -> None:
    assert compare("rpm", a, b) == 0


def test_a_fix_named_without_a_release_is_in_every_build_of_it() -> None:
    assert rpm.key("1.2.2-99.el9") < rpm.key("1.2.3") < rpm.key("1.2.3-1.el9")


REFUSED = [
    "1-",
    "-1",
    ".",
    "~^-1",
    "1:",
    "1-2-3",
    "a:1",
    "1:2:3",
    "1 0",
    "1.0\n",
    "1.0,1",
    "1.0%{?dist}",
    "1.0\u00e9",
    "(none):1.0-1",
]


@pytest.mark.parametrize("version", REFUSED, ids=ascii)
def test_what_no_package_can_have_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not"):
        rpm.key(version)


@pytest.mark.parametrize("version", ["c105b9de-5fd3ed17", "one", "2023c-1.el9", "0-0.1.git"])
def test_a_version_may_begin_with_a_letter(version: str) -> None:
    assert rpm.key(version)


def test_rpmbuild_allows_the_same_versions_but_no_two_dots(tmp_path: Path) -> None:
    rpmspec = shutil.which("rpmspec")
    if rpmspec is None:
        pytest.skip("needs rpmspec (Debian package rpm)")
    chance = random.Random(8)
    pieces = ("0", "a", "Z", ".", "_", "+", "~", "^", "-", "..", ",", "/", "=", "@", "!", "é")
    answers = set[bool]()
    for _ in range(QUESTIONS):
        version = mutated(chance.choice(corpus("almalinux")).split(":")[-1], pieces, chance)
        upstream, _, release = version.partition("-")
        if ".." in version or not (upstream and release):
            continue
        spec = tmp_path / "a.spec"
        spec.write_text(
            f"Name: a\nSummary: a\nLicense: a\nVersion: {upstream}\nRelease: {release}\n"
            "%description\n"
        )
        built = subprocess.run([rpmspec, "-q", spec], capture_output=True, check=False)
        try:
            allowed = bool(rpm.key(version))
        except VersionSyntaxError:
            allowed = False
        assert allowed == (built.returncode == 0), (version, built.stderr)
        answers.add(allowed)
    assert answers == {True, False}


def test_a_key_is_short() -> None:
    assert rpm.key("1.2.3-4").hex(" ") == "10 11 12 13 02 14 02"
    assert rpm.key("1.2").hex(" ") == "10 11 12 02 00"
