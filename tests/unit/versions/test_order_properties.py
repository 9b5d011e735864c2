"""Keys agree with each scheme's own reference implementation, about order and about validity."""

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.versions import SCHEMES, VersionSyntaxError, after, compare, is_exact, key
from tests.unit.versions import language_oracles, made_up_versions, oracles
from tests.unit.versions.oracles import Pair, Verdict
from tests.unit.versions.pairs import corpus, pairs, some

# Of two allowed versions, a scheme; pairs with a refused one come on top. `make test` asks 100,000,
# which is a minute or more of other people's programs.
PAIRS = int(os.environ.get("SEAWALL_PAIRS", "10000"))
DPKG_QUESTIONS = 1_000  # one process each

LONG_NUMBERS = ("99999999999999999999", "9007199254740993", "0" * 30 + "7", "1" + "0" * 40)
EDGES = ("2147483647:", "2147483648:")
SAFE = ("9007199254740991", "9007199254740992")  # in JavaScript, and no longer
STRANGE = (" ", "\t", "\n", "_", "é", "\u0663", "\u00a0")  # U+0663: a digit that is not ASCII
# Composer looks for "1.x-dev" at the end of the last line, whatever the lines before hold.
STRANGE_BUT_NO_LINE_END = tuple(piece for piece in STRANGE if piece != "\n")


def dpkg_version(chance: random.Random) -> str:
    tokens = ("0", "1", "10", "01", "9", ".", "~", "~~", "a", "Z", "+", "-", "-1", "rc", ":")
    epoch = chance.choice(("", "", "", "0:", "1:", "01:", "+2:", "-0:", *EDGES))
    return epoch + chance.choice("0123") + some(chance, tokens + LONG_NUMBERS, 7)


def pep440_version(chance: random.Random) -> str:
    numbers = ("", "0", "1", "2", "10", "01", *LONG_NUMBERS)
    pre = ("", "", "a", ".b", "-c", "rc", "_alpha.", "BETA-", "preview", ".pre_")
    post = ("", "", "", ".post", "-", "r", "_rev.", "POST")
    dev = ("", "", "", ".dev", "dev", "-DEV_")
    local = ("", "", "", "+a", "+1", "+1.a", "+a-1", "+A_01", "+ubuntu.2", "+a.b.c", "+1a")
    return (
        chance.choice(("", "", "", "v", "0!", "1!", "V2!", " "))
        + ".".join(chance.choices(("0", "1", "2", "00", "10"), k=chance.randint(1, 4)))
        + "".join(
            suffix and suffix + chance.choice(numbers)
            for suffix in (chance.choice(pre), chance.choice(post), chance.choice(dev))
        )
        + chance.choice(local)
    )


def semver_version(chance: random.Random) -> str:
    core = chance.choices(("0", "1", "2", "10", *SAFE), (9, 9, 9, 9, 1, 1), k=3)
    tokens = ("a", "b", "A", "0", "1", "2", "10", "01", "rc1", "-", "A-", "1a", *LONG_NUMBERS)
    identifiers = ".".join(chance.choices(tokens, k=chance.randint(1, 4)))
    return (
        ".".join(core) + chance.choice(("", "-" + identifiers)) + chance.choice(("", "", "+01.b"))
    )


def npm_version(chance: random.Random) -> str:
    version = semver_version(chance).replace("-", chance.choice(("-", "-", "")), 1)
    before = chance.choice(("", "", "", "v", "=", " ", "v= ", "\ufeff"))
    return before + version + chance.choice(("", "", "", " ", "\n", "-", ".5"))


def rpm_version(chance: random.Random) -> str:
    tokens = ("0", "1", "10", "01", "9", ".", "~", "^", "a", "Z", "rc", "_", "+", "..", "el8")
    parts = [some(chance, tokens + LONG_NUMBERS, 6) for _ in "vr"]
    epoch = chance.choice(("", "", "", "0:", "1:", "01:", ":", *EDGES))
    return epoch + chance.choice((parts[0], "-".join(parts), "-".join(parts)))


def apk_version(chance: random.Random) -> str:
    numbers = ("0", "1", "2", "10", "01", "00", "010", "001", *LONG_NUMBERS)
    names = ("alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p", "p", "rc", "post")
    suffixes = "".join(
        "_" + chance.choice(names) + chance.choice(("", "", *numbers))
        for _ in range(chance.choice((0, 0, 1, 1, 2, 3)))
    )
    return (
        ".".join(chance.choices(numbers, k=chance.randint(1, 4)))
        + chance.choice(("", "", "a", "b", "p"))
        + suffixes
        + chance.choice(("", "", "~0", "~a1", "~a10", "~b"))
        + chance.choice(("", "-r0", "-r1", "-r10", "-r01", "-r"))
    )


def rubygems_version(chance: random.Random) -> str:
    tokens = ("0", "0", "00", "1", "2", "10", "01", "a", "b", "rc", "A", "pre", "a1", "1a")
    segments = ".".join(chance.choices(tokens + LONG_NUMBERS, k=chance.randint(1, 6)))
    after_hyphen = chance.choice(("", "", "", "-a", "-0", "-1.0", "-0.a.0", "--", "-x-1"))
    blank = chance.choice(("", "", "", " ", "\n", "\x1c"))
    return blank + chance.choice("0123") + "." + segments + after_hyphen + blank


def maven_version(chance: random.Random) -> str:
    tokens = (
        *("0", "1", "2", "10", "01", ".", ".", "-", "-", ".0", "-1", "..", "--", "_", "+", "v"),
        *("a", "alpha", "b", "beta", "m", "milestone", "rc", "cr", "snapshot", "ga", "final"),
        *("release", "sp", "x", "X", "RC", "Final", "jre", ".sp", "-sp", ".alpha", ".x", " "),
        *("99999999999999999999", "2147483648", "9007199254740993", "0" * 8 + "7"),
    )
    return some(chance, tokens, 8)


@dataclass(frozen=True)
class Row:
    """One scheme and how to try it."""

    scheme: str
    corpus: str
    pieces: Sequence[str]  # what a mutation puts in
    made_up: Callable[[random.Random], str]
    oracle: Callable[[Sequence[Pair], Path], list[Verdict]]
    shape: str  # of versions for hypothesis


ROWS = (
    Row(
        "apk",
        "alpine",
        ("0", "1", "2", "9", "a", "b", ".", "_", "-r", "_rc", "_p", "~", "00", ".0", *STRANGE),
        apk_version,
        oracles.apk,
        r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}[a-c]?(_(alpha|rc|git|p)[0-9]{0,2}){0,2}(~[0-9a-f]{1,3})?"
        r"(-r[0-9]{1,2})?",
    ),
    Row(
        "cargo",
        "crates",
        ("0", "1", "2", "9", "a", "b", "Z", ".", "-", "+", "-0", "-rc.", "-01", *STRANGE),
        made_up_versions.cargo,
        language_oracles.cargo,
        r"(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}"
        r"(-(0|[1-9][0-9]?|[a-c-][0-9a-c]{0,3})(\.(0|[1-9][0-9]?|[a-c-][0-9a-c]{0,3})){0,2})?",
    ),
    Row(
        "composer",
        "packagist",
        (
            *(
                "0",
                "1",
                "2",
                "9",
                "a",
                "b",
                "Z",
                ".",
                "-",
                "+",
                "x",
                "v",
                ".0",
                "dev",
                "-dev",
                "alpha",
            ),
            *("beta", "RC", "p", "-p1", ":", "*", *STRANGE_BUT_NO_LINE_END),
        ),
        made_up_versions.composer,
        language_oracles.composer,
        r"v?[0-9]{1,3}(\.[0-9]{1,3}){0,3}(-?(alpha|beta|RC|p|STABLE)[0-9]{0,2})?(-dev)?",
    ),
    Row(
        "conda",
        "conda",
        (
            *(
                "0",
                "1",
                "2",
                "9",
                "a",
                "b",
                "Z",
                ".",
                "-",
                "+",
                "_",
                "!",
                ".0",
                "rc",
                "dev",
                "post",
            ),
            *STRANGE,
        ),
        made_up_versions.conda,
        language_oracles.conda,
        r"([0-9]!)?[0-9]{1,2}([._]?([0-9]|a|rc|dev|post)){0,6}_?(\+[a-c0]{1,2}(\.[0-9]{1,2}){0,2})?",
    ),
    Row(
        "dpkg",
        "debian",
        ("0", "1", "2", "9", "a", "z", "A", "Z", ".", "+", "~", "-", ":", "00", *STRANGE),
        dpkg_version,
        oracles.dpkg,
        r"([0-9]{1,3}:)?[0-9][a-cA-C0-9.+~]{0,9}(-[a-c0-9.+~]{1,5})?",
    ),
    Row(
        "go",
        "go",
        ("0", "1", "2", "9", "a", "b", "Z", ".", "-", "+", "v", "-0", "-rc.", "-01", *STRANGE),
        made_up_versions.go,
        language_oracles.go,
        r"v?"
        r"(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}"
        r"(-(0|[1-9][0-9]?|[a-c-][0-9a-c]{0,3})(\.(0|[1-9][0-9]?|[a-c-][0-9a-c]{0,3})){0,2})?",
    ),
    Row(
        "hex",
        "hex",
        ("0", "1", "2", "9", "a", "b", "Z", ".", "-", "+", "-0", "-rc.", "-01", *STRANGE),
        made_up_versions.hex_,
        language_oracles.hex_,
        r"(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}"
        r"(-(0|[1-9][0-9]?|[a-c-][0-9a-c]{0,3})(\.(0|[1-9][0-9]?|[a-c-][0-9a-c]{0,3})){0,2})?",
    ),
    Row(
        "maven",
        "maven",
        ("0", "1", "2", "a", "x", "alpha", "sp", "ga", ".", "-", "_", "-rc", ".0", *STRANGE),
        maven_version,
        oracles.maven,
        r"[0-9]{1,2}([.-]?([0-9]{1,2}|x|rc|ga|sp|alpha|v)){0,5}",
    ),
    Row(
        "npm",
        "npm",
        ("0", "1", "2", "9", "a", "b", "Z", ".", "-", "+", "v", "=", "-rc.", "\ufeff", *STRANGE),
        npm_version,
        oracles.npm,
        r"[v=]?[0-9]{1,3}(\.[0-9]{1,3}){2}(-?[a-c-]([0-9a-c]|\.[0-9a-c]){0,5})?(\+[a-c]+)?",
    ),
    Row(
        "nuget",
        "nuget",
        ("0", "1", "2", "9", "a", "b", "Z", ".", "-", "+", "-0", ".0", "-rc.", "-01", *STRANGE),
        made_up_versions.nuget,
        language_oracles.nuget,
        r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}"
        r"(-([1-9]{1,2}|[a-cA-C-][0-9a-c]{0,3})(\.([1-9]{1,2}|[a-cA-C-][0-9a-c]{0,3})){0,2})?",
    ),
    Row(
        "pep440",
        "pypi",
        ("0", "1", "2", "9", "a", "b", "rc", ".dev", ".post", "-", "_", "+", "!", "v", *STRANGE),
        pep440_version,
        oracles.pep440,
        r"([0-9]!)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9]{0,2})?(\.post[0-9]{0,2})?"
        r"(\.dev[0-9]{0,2})?(\+[a-c0-9]{1,3}(\.[a-c0-9]{1,3}){0,2})?",
    ),
    Row(
        "pub",
        "pub",
        ("0", "1", "2", "9", "a", "b", "Z", ".", "-", "+", "-0", "0x", "-rc.", "-01", *STRANGE),
        made_up_versions.pub,
        language_oracles.pub,
        r"[0-9]{1,3}(\.[0-9]{1,3}){2}(-[0-9a-c-]{1,4}(\.[0-9a-c-]{1,3}){0,2})?"
        r"(\+[0-9a-c-]{1,4}(\.[0-9a-c-]{1,3}){0,2})?",
    ),
    Row(
        "r",
        "cran",
        ("0", "1", "2", "9", "a", ".", "-", "00", ".0", *STRANGE),
        made_up_versions.r,
        language_oracles.r,
        r"[0-9]{1,4}([.-][0-9]{1,4}){0,5}",
    ),
    Row(
        "rpm",
        "almalinux",
        ("0", "1", "2", "9", "a", "z", "Z", ".", "+", "~", "^", "-", ":", "00", *STRANGE),
        rpm_version,
        oracles.rpm,
        r"([0-9]{1,3}:)?[0-9a-cA-C][0-9a-cA-C.~^+]{0,8}(-[0-9a-c.~^]{1,5})?",
    ),
    Row(
        "rubygems",
        "rubygems",
        ("0", "1", "2", "9", "a", "b", "Z", ".", "-", ".0", ".a", ".pre", "00", *STRANGE),
        rubygems_version,
        oracles.rubygems,
        r"[0-9]{1,2}(\.([0-9]{1,2}|[a-c]{1,2}|0)){0,5}(-[a-c0]{1,2})?",
    ),
    Row(
        "semver",
        "npm",
        ("0", "1", "2", "9", "a", "b", "Z", ".", "-", "+", "-0", "-rc.", "-01", *STRANGE),
        semver_version,
        oracles.semver2,
        r"(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){2}"
        r"(-(0|[1-9][0-9]?|[a-c-][0-9a-c]{0,3})(\.(0|[1-9][0-9]?|[a-c-][0-9a-c]{0,3})){0,2})?",
    ),
)
every_scheme = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.scheme)


def key_or_none(scheme: str, version: str) -> bytes | None:
    try:
        return key(scheme, version)
    except VersionSyntaxError:
        return None


@cache
def judged(row: Row) -> dict[Pair, Verdict]:
    """Return our verdicts on enough pairs that `PAIRS` of them are of two allowed versions."""
    verdicts: dict[Pair, Verdict] = {}
    both_allowed = 0
    for a, b in pairs(corpus(row.corpus), row.pieces, row.made_up, seed=2026):
        if (a, b) in verdicts:
            continue
        key_a, key_b = key_or_none(row.scheme, a), key_or_none(row.scheme, b)
        order = compare(row.scheme, a, b) if key_a is not None and key_b is not None else 0
        verdicts[a, b] = Verdict(key_a is not None, key_b is not None, order)
        both_allowed += key_a is not None and key_b is not None
        if both_allowed == PAIRS:
            break
    return verdicts


@every_scheme
def test_keys_agree_with_the_reference_implementation(row: Row, tmp_path: Path) -> None:
    ours = judged(row)
    theirs = row.oracle(list(ours), tmp_path)
    assert len(theirs) == len(ours)
    different = [
        (pair, mine, other)
        for (pair, mine), other in zip(ours.items(), theirs, strict=True)
        if mine != other
    ]
    assert not different, f"{len(different)} of {len(ours)}: {different[:20]}"


@every_scheme
def test_the_pairs_try_every_kind_of_answer(row: Row) -> None:
    verdicts = list(judged(row).values())
    compared = [verdict.order for verdict in verdicts if verdict.a_allowed and verdict.b_allowed]
    assert len(compared) == PAIRS
    assert all(compared.count(order) > PAIRS / 100 for order in (-1, 0, 1))
    assert len(verdicts) - len(compared) > PAIRS / 100  # a refused version among them


def test_keys_that_are_not_exact_never_contradict_the_comparison() -> None:
    for row in ROWS:
        if is_exact(row.scheme):
            continue
        for (a, b), verdict in judged(row).items():
            if verdict.a_allowed and verdict.b_allowed:
                key_a, key_b = key(row.scheme, a), key(row.scheme, b)
                assert (key_a > key_b) - (key_a < key_b) in (0, verdict.order), (a, b)


@every_scheme
def test_no_key_is_the_beginning_of_another(row: Row) -> None:
    versions = {version for pair in judged(row) for version in pair}
    keys = sorted({k for version in versions if (k := key_or_none(row.scheme, version))})
    # Whatever begins with k comes right behind k in this order, so neighbours are enough.
    assert not [(k, next_k) for k, next_k in pairwise(keys) if next_k.startswith(k)]


@every_scheme
@given(data=st.data())
def test_the_bound_after_a_version_lets_in_nothing_else(row: Row, data: st.DataObject) -> None:
    a, b = (data.draw(st.from_regex(row.shape, fullmatch=True)) for _ in "ab")
    key_a, key_b = key(row.scheme, a), key(row.scheme, b)
    assert key_a == key_b or not key_b.startswith(key_a)
    if is_exact(row.scheme):
        assert (key_b < after(key_a)) == (compare(row.scheme, b, a) <= 0)
    else:
        assert key_b < after(key_a) or compare(row.scheme, b, a) == 1
    assert key_b != after(key_a)


def test_the_dpkg_program_gives_the_same_answers() -> None:
    program = shutil.which("dpkg")
    if program is None:
        pytest.skip("needs dpkg")
    row = next(row for row in ROWS if row.scheme == "dpkg")
    askable = [
        (pair, verdict)
        for pair, verdict in judged(row).items()
        if not any(version.startswith("-") for version in pair)  # would be taken for an option
    ]
    operators = {-1: "lt", 0: "eq", 1: "gt"}
    for (a, b), verdict in random.Random(7).sample(askable, DPKG_QUESTIONS):
        if verdict.a_allowed and verdict.b_allowed:
            question = ["--compare-versions", a, operators[verdict.order], b]
            expected = True
        else:
            question = ["--validate-version", b if verdict.a_allowed else a]
            expected = False
        answer = subprocess.run([program, *question], capture_output=True, check=False)
        assert (answer.returncode == 0) == expected, question


def test_every_scheme_is_tried_here() -> None:
    assert sorted(row.scheme for row in ROWS) == sorted(SCHEMES)
