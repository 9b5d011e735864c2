"""Keys agree with each scheme's own reference implementation, about order and about validity."""

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

from seawall.versions import SCHEMES, VersionSyntaxError, after, compare, key
from tests.unit.versions import oracles
from tests.unit.versions.oracles import Pair, Verdict
from tests.unit.versions.pairs import corpus, pairs, some

PAIRS = 100_000  # of two allowed versions, a scheme; pairs with a refused one come on top
DPKG_QUESTIONS = 1_000  # one process each

LONG_NUMBERS = ("99999999999999999999", "9007199254740993", "0" * 30 + "7", "1" + "0" * 40)
EDGES = ("2147483647:", "2147483648:")
SAFE = ("9007199254740991", "9007199254740992")  # in JavaScript, and no longer
STRANGE = (" ", "\t", "\n", "_", "é", "\u0663", "\u00a0")  # U+0663: a digit that is not ASCII


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
        "dpkg",
        "debian",
        ("0", "1", "2", "9", "a", "z", "A", "Z", ".", "+", "~", "-", ":", "00", *STRANGE),
        dpkg_version,
        oracles.dpkg,
        r"([0-9]{1,3}:)?[0-9][a-cA-C0-9.+~]{0,9}(-[a-c0-9.+~]{1,5})?",
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
        "pep440",
        "pypi",
        ("0", "1", "2", "9", "a", "b", "rc", ".dev", ".post", "-", "_", "+", "!", "v", *STRANGE),
        pep440_version,
        oracles.pep440,
        r"([0-9]!)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9]{0,2})?(\.post[0-9]{0,2})?"
        r"(\.dev[0-9]{0,2})?(\+[a-c0-9]{1,3}(\.[a-c0-9]{1,3}){0,2})?",
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
        order = (key_a > key_b) - (key_a < key_b) if key_a is not None and key_b is not None else 0
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
    assert (key_b < after(key_a)) == (compare(row.scheme, b, a) <= 0)
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
