"""Examples of the Go Modules Reference and of "Go Toolchains", and what go/version says."""

import os
import random
from itertools import pairwise
from pathlib import Path

import pytest

from seawall.versions import VersionSyntaxError, compare, go, semver
from tests.unit.versions import language_oracles

PAIRS = int(os.environ.get("SEAWALL_PAIRS", "10000"))


@pytest.mark.parametrize(
    "ascending",
    [
        ["v0.0.0", "v1.12.134", "v8.0.5-pre", "v8.0.5", "v8.0.10"],
        # pseudo-versions: before any tag, after a pre-release, after a release
        ["v0.0.0-20191109021931-daa7c04131f5", "v0.0.0-20210428140749-89ef3d95e781", "v0.0.0"],
        ["v1.2.3-pre", "v1.2.3-pre.0.20191109021931-daa7c04131f5", "v1.2.3-pre.1", "v1.2.3"],
        ["v1.2.3", "v1.2.4-0.20191109021931-daa7c04131f5", "v1.2.4"],
        ["v2.0.0+incompatible", "v2.0.1+incompatible", "v3.0.0"],
        # what advisories say of stdlib, and what binaries carry
        ["go1.20.14", "1.21.0-0", "go1.21rc2", "1.21.0-rc.3", "1.21.0", "go1.21.3", "1.22.0-0"],
        ["go1", "go1.2beta1", "go1.2rc1", "go1.2rc10", "go1.2", "go1.2.1", "go1.10"],
    ],
)
def test_versions_sort_as_go_says(ascending: list[str]) -> None:
    assert all(go.key(lower) < go.key(higher) for lower, higher in pairwise(ascending))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("v1.2.3", "1.2.3"),
        ("v1", "v1.0.0"),
        ("1.2", "1.2.0"),
        ("v2.0.0+incompatible", "2.0.0"),
        ("go1.21rc2", "1.21.0-rc.2"),
        ("1.21rc2", "1.21.0-rc.2"),
        ("go1.21", "1.21.0"),
        ("go1.21.3-bigcorp", "1.21.3"),
        ("go1.26.1 X:nodwarf5", "1.26.1"),
        ("go1.21.3 (Red Hat 1.21.3-1.el9)", "1.21.3"),
        ("go1", "1.0.0"),
    ],
)
def test_different_spellings_of_a_version_have_one_key(a: str, b: str) -> None:
    assert compare("go", a, b) == 0


@pytest.mark.parametrize("version", ["1.2.3", "1.2.4-0.20191109021931-daa7c04131f5", "1.0.0-rc.1"])
def test_a_version_has_the_key_of_a_semantic_version(version: str) -> None:
    assert go.key("v" + version) == semver.key(version)


@pytest.mark.parametrize(
    "version",
    [
        "(devel)",
        "devel go1.22-3fe5ed5 Mon Nov 6",
        "devel",
        "master",
        "latest",
        "V1.2.3",
        "vv1.2.3",
        "v01.2.3",
        "v1.2.3-01",
        "v1-pre",
        "v1.2+meta",
        "v1.2.3.4",
        "go1.21.0rc1",
        "go1.021",
        "go1.21alpha1",
        "go1.21rc",
        "1.21rc1 X:nodwarf5",
        "go",
        "gov1.2.3",
        "v1.21rc1",
        "go1.21 \n",
    ],
    ids=ascii,
)
def test_what_go_does_not_accept_is_refused(version: str) -> None:
    with pytest.raises(VersionSyntaxError, match="it is not"):
        go.key(version)


def test_versions_of_go_sort_as_the_go_command_says(tmp_path: Path) -> None:
    chance = random.Random(2026)

    def toolchain() -> str:
        minor, n = chance.randint(0, 30), chance.randint(0, 20)
        # From 1.21 on "go1.21" is no release but the language, which is below "go1.21rc1".
        endings = [f".{n}", f".{n}", f"rc{n}", f"beta{n}"] + [""] * (minor < 21)
        return f"go{chance.choice((1, 1, 1, 2))}.{minor}" + chance.choice(endings)

    pairs = [(toolchain(), toolchain()) for _ in range(PAIRS)]
    for pair, verdict in zip(pairs, language_oracles.go_toolchain(pairs, tmp_path), strict=True):
        assert verdict == (True, True, compare("go", *pair)), pair
