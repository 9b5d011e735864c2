"""Independent answers about pairs of versions: each scheme's own reference implementation."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import packaging.version
import pytest
import semver

from tests.unit.versions import apk_oracle

HERE = Path(__file__).parent
Pair = tuple[str, str]


class Verdict(NamedTuple):
    """What is said about a pair; `order` is 0 unless both are allowed."""

    a_allowed: bool
    b_allowed: bool
    order: int


def dpkg(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask dpkg's own code, linked into a small program."""
    return _asked_of_c("dpkg_oracle.c", ("-ldpkg", "-lmd"), "libdpkg-dev", pairs, scratch)


def rpm(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask librpm, linked into a small program."""
    return _asked_of_c("rpm_oracle.c", ("-lrpm", "-lrpmio"), "librpm-dev", pairs, scratch)


def _asked_of_c(
    source: str, libraries: Sequence[str], package: str, pairs: Sequence[Pair], scratch: Path
) -> list[Verdict]:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler (Debian package gcc)")
    program = scratch / "oracle"
    built = subprocess.run(
        [compiler, HERE / source, "-o", program, *libraries],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        reason = (built.stderr.splitlines() or ["no message"])[0]
        pytest.skip(f"needs the code to compare with (Debian package {package}): {reason}")
    asked = b"".join(version.encode() + b"\0" for pair in pairs for version in pair)
    answer = subprocess.run([program], input=asked, capture_output=True, check=True).stdout
    lines = (line.split() for line in answer.decode().splitlines())
    return [Verdict(a == "1", b == "1", int(order)) for a, b, order in lines]


def pep440(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask packaging."""

    def parsed(version: str) -> packaging.version.Version | None:
        try:
            return packaging.version.Version(version)
        except packaging.version.InvalidVersion:
            return None

    def verdict(
        a: packaging.version.Version | None, b: packaging.version.Version | None
    ) -> Verdict:
        order = (a > b) - (a < b) if a is not None and b is not None else 0
        return Verdict(a is not None, b is not None, order)

    return [verdict(parsed(a), parsed(b)) for a, b in pairs]


def semver2(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask the semver package of PyPI."""

    def parsed(version: str) -> semver.Version | None:
        try:
            return semver.Version.parse(version)
        except ValueError:
            return None

    def verdict(a: semver.Version | None, b: semver.Version | None) -> Verdict:
        order = a.compare(b) if a is not None and b is not None else 0
        return Verdict(a is not None, b is not None, order)

    return [verdict(parsed(a), parsed(b)) for a, b in pairs]


def npm(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask the semver package that npm carries."""
    node, npm_program = shutil.which("node"), shutil.which("npm")
    if node is None or npm_program is None:
        pytest.skip("needs node and npm (Debian package npm)")
    answer = subprocess.run(
        [node, HERE / "npm_oracle.cjs", npm_program],
        input=json.dumps(pairs).encode(),
        capture_output=True,
        check=True,
    ).stdout
    return [Verdict(*verdict) for verdict in json.loads(answer)]


def apk(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask go-apk-version where apk-tools 2 and 3 agree, and the rules of 3 elsewhere."""
    read = [(apk_oracle.tokens(a), apk_oracle.tokens(b)) for a, b in pairs]
    verdicts = [
        Verdict(a is not None, b is not None, apk_oracle.order(a, b) if a and b else 0)
        for a, b in read
    ]
    common = [
        place
        for place, (pair, verdict) in enumerate(zip(pairs, verdicts, strict=True))
        if verdict.a_allowed and verdict.b_allowed and all(map(apk_oracle.same_in_apk_2, pair))
    ]
    assert len(common) > len(pairs) / 3
    orders = apk_oracle.asked([pairs[place] for place in common], scratch)
    for place, order in zip(common, orders, strict=True):
        verdicts[place] = Verdict(True, True, order)
    return verdicts


def rubygems(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask Gem::Version, but about the empty version: RubyGems takes it for 0."""
    ruby = shutil.which("ruby")
    if ruby is None:
        pytest.skip("needs ruby (Debian package ruby)")
    answer = subprocess.run(
        [ruby, HERE / "rubygems_oracle.rb"],
        input=json.dumps(pairs).encode(),
        capture_output=True,
        check=True,
    ).stdout
    return [
        Verdict(a_allowed, b_allowed, order if a_allowed and b_allowed else 0)
        for (a, b), (a_known, b_known, order) in zip(pairs, json.loads(answer), strict=True)
        for a_allowed, b_allowed in [(a_known and a.strip() != "", b_known and b.strip() != "")]
    ]


def maven(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask Maven's ComparableVersion about what we allow; Maven itself takes any text."""

    def allowed(version: str) -> bool:
        return (
            any(character.isalnum() for character in version)
            and all("!" <= character <= "~" for character in version)
            and not set(version) & set('\\/:"<>|?*()[]{},$')
        )

    java, jar = shutil.which("java"), Path("/usr/share/java/maven-artifact-3.x.jar")
    if java is None or not jar.is_file():
        pytest.skip("needs default-jdk-headless and libmaven3-core-java (Debian)")
    known = [(allowed(a), allowed(b)) for a, b in pairs]
    answer = subprocess.run(
        [java, "-cp", jar, HERE / "maven_oracle.java"],
        input="".join(
            f"{a}\n{b}\n" for (a, b), both in zip(pairs, known, strict=True) if all(both)
        ),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    orders = iter(answer.split())
    return [Verdict(*both, int(next(orders)) if all(both) else 0) for both in known]
