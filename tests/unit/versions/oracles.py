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

HERE = Path(__file__).parent
Pair = tuple[str, str]


class Verdict(NamedTuple):
    """What is said about a pair; `order` is 0 unless both are allowed."""

    a_allowed: bool
    b_allowed: bool
    order: int


def dpkg(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask dpkg's own code, linked into a small program."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler (Debian package gcc)")
    program = scratch / "dpkg_oracle"
    built = subprocess.run(
        [compiler, HERE / "dpkg_oracle.c", "-o", program, "-ldpkg", "-lmd"],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        reason = (built.stderr.splitlines() or ["no message"])[0]
        pytest.skip(f"needs dpkg's code as a library (Debian package libdpkg-dev): {reason}")
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
