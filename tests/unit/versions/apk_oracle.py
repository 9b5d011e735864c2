"""What apk says about pairs of versions, asked of two that know nothing of our keys.

There is no apk program in Debian. What apk-tools 2 and 3 have in common is asked of go-apk-version,
an independent implementation of version 2; what only version 3 has, of the rules of its
``src/version.c`` (function ``token_cmp`` and what follows) read literally, token by token.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("apk_oracle.go")
DEBIAN_GO_PATH = Path("/usr/share/gocode")
PACKAGE = "github.com/knqyf263/go-apk-version"

# The kinds of token, in apk's order: a version that goes on with a later kind is the lower one.
DIGIT, LETTER, SUFFIX, SUFFIX_NUMBER, COMMIT, REVISION, END = range(7)
PATTERNS = (
    (DIGIT, r"\.([0-9]+)"),
    (LETTER, r"([a-z])"),
    (SUFFIX, r"_([a-z]+)"),
    (SUFFIX_NUMBER, r"([0-9]+)"),
    (COMMIT, r"~([0-9a-f]+)"),
    (REVISION, r"-r([0-9]+)"),
)
FOLLOWS = {
    DIGIT: {DIGIT, LETTER, SUFFIX, COMMIT, REVISION},
    LETTER: {SUFFIX, COMMIT, REVISION},
    SUFFIX: {SUFFIX, SUFFIX_NUMBER, COMMIT, REVISION},
    SUFFIX_NUMBER: {SUFFIX, COMMIT, REVISION},
    COMMIT: {REVISION},
    REVISION: set[int](),
}
SUFFIXES = ("alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p")
RELEASE = SUFFIXES.index("")

Token = tuple[int, str]


def tokens(version: str) -> list[Token] | None:
    """Return the tokens after one another, the first number among them; None for no version."""
    found: list[Token] = []
    rest = f".{version}" if re.match("[0-9]", version) else ""
    while rest:
        for kind, pattern in PATTERNS:
            match = re.match(pattern, rest)
            if match and (kind in FOLLOWS[found[-1][0]] if found else kind == DIGIT):
                break
        else:
            return None
        if kind == SUFFIX and match[1] not in SUFFIXES:
            return None
        found.append((kind, match[1]))
        rest = rest[match.end() :]
    return found or None


def order(a: Sequence[Token], b: Sequence[Token]) -> int:
    """Compare as ``apk_version_compare`` of apk-tools 3 does."""
    end = (END, "")
    for place, (token_a, token_b) in enumerate(zip_longest(a, b, fillvalue=end)):
        (kind_a, text_a), (kind_b, text_b) = token_a, token_b
        if kind_a != kind_b:
            if kind_a == SUFFIX and SUFFIXES.index(text_a) < RELEASE:
                return -1
            if kind_b == SUFFIX and SUFFIXES.index(text_b) < RELEASE:
                return 1
            return 1 if kind_a < kind_b else -1
        if text_a == text_b:
            continue
        if kind_a == SUFFIX:
            return 1 if SUFFIXES.index(text_a) > SUFFIXES.index(text_b) else -1
        as_text = kind_a in (LETTER, COMMIT) or (
            kind_a == DIGIT and place > 0 and "0" in (text_a[0], text_b[0])
        )
        if as_text:
            return 1 if text_a > text_b else -1
        if int(text_a) != int(text_b):
            return 1 if int(text_a) > int(text_b) else -1
    return 0


def same_in_apk_2(version: str) -> bool:
    """Return whether version 2 reads it as 3 does and go-apk-version, with its int64, can."""
    return not re.search(r"\.0[0-9_]|~|[0-9]{18}|[^\x21-\x7e]", version)


def asked(pairs: Sequence[tuple[str, str]], scratch: Path) -> list[int]:
    """Return what go-apk-version says."""
    go = shutil.which("go")
    if go is None or not (DEBIAN_GO_PATH / "src" / PACKAGE).is_dir():
        pytest.skip("needs golang-go and golang-github-knqyf263-go-apk-version-dev (Debian)")
    program = scratch / "apk_oracle"
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOPATH": str(DEBIAN_GO_PATH),
        "GOCACHE": str(scratch / "cache"),
    }
    subprocess.run([go, "build", "-o", program, SOURCE], env=environment, check=True)
    answer = subprocess.run(
        [program],
        input="".join(f"{a}\n{b}\n" for a, b in pairs),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lines = [line.split() for line in answer.splitlines()]
    assert all(line[:2] == ["true", "true"] for line in lines)  # both knew these versions
    return [int(line[2]) for line in lines]
