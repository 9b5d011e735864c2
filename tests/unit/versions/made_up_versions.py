"""Versions made up from the grammars of the language ecosystems, for `test_order_properties`."""

import random
from collections.abc import Sequence

from tests.unit.versions.pairs import some

SMALL = ("0", "1", "2", "9", "10", "11", "100", "168")
BIG_32 = ("2147483647", "2147483648", "0000000000000000000001", "99999999999999999999")
BIG_64 = (
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1" + "0" * 40,
)
IDENTIFIERS = ("a", "b", "B", "A", "rc", "rc1", "1a", "-", "--", "a-1", "0a", *SMALL)


def _dotted(chance: random.Random, tokens: Sequence[str], most: int) -> str:
    return ".".join(chance.choices(tokens, k=chance.randint(1, most)))


def _semantic(chance: random.Random, core: str, identifiers: Sequence[str]) -> str:
    prerelease = chance.choice(("", "-", "-")) and "-" + _dotted(chance, identifiers, 4)
    build = chance.choice(("", "", "+")) and "+" + _dotted(chance, ("0", "01", "b", "A-"), 2)
    return core + prerelease + build


def _core(chance: random.Random, rare: Sequence[str]) -> str:
    numbers = chance.choices(SMALL, k=3)
    if chance.random() < 0.1:
        numbers[chance.randrange(3)] = chance.choice(rare)
    return ".".join(numbers)


def cargo(chance: random.Random) -> str:
    return _semantic(chance, _core(chance, BIG_64), (*IDENTIFIERS, *BIG_64, "01"))


def hex_(chance: random.Random) -> str:
    return _semantic(chance, _core(chance, BIG_64), (*IDENTIFIERS, *BIG_64, "01"))


def go(chance: random.Random) -> str:
    before = chance.choice(("", "v", "v"))
    # "1.2rc1" is a version of Go itself, of which x/mod/semver does not know: see test_go.py.
    identifiers = [text for text in (*IDENTIFIERS, *BIG_64, "01") if not text.startswith("rc")]
    if chance.random() < 0.2:
        return before + _dotted(chance, SMALL, 3)
    return before + _semantic(chance, _core(chance, BIG_64), identifiers)


def pub(chance: random.Random) -> str:
    odd = ("01", "-1", "-01", "-10", "0x1", "0X1f", "-0xA", "0xFFFFFFFFFFFFFFFF", "0x", *BIG_64)
    edges = ("-9223372036854775808", "-9223372036854775809", "0x8000000000000000")
    version = _core(chance, ("00", "01", *BIG_64))
    for mark in "-+":
        if chance.random() < 0.5:
            version += mark + _dotted(chance, IDENTIFIERS + odd + edges, 3)
    return version


def r(chance: random.Random) -> str:
    numbers = (*SMALL, "00", "01", *(BIG_32 if chance.random() < 0.1 else ()))
    return some(chance, tuple(n + end for n in numbers for end in ".-"), 5)[:-1]


def nuget(chance: random.Random) -> str:
    numbers = (*SMALL, "00", "01", *(BIG_32 if chance.random() < 0.1 else ()))
    odd = ("-1", "-2", "-0", "-01", "-2147483648", "-2147483649", "01", "00", *BIG_32)
    blank = chance.choice(("", "", "", "", " ", "\n", "\u00a0"))
    return blank + _semantic(chance, _dotted(chance, numbers, 4), IDENTIFIERS + odd) + blank


def composer(chance: random.Random) -> str:
    kind = chance.random()
    numbers = (*SMALL, "00", "01", "99999", "100000")
    if kind < 0.6:
        version = chance.choice(("", "", "v", "V")) + _dotted(chance, numbers, 4)
    elif kind < 0.8:
        between = chance.choice(("", ".", "-", ":"))
        pairs = chance.choices(("01", "12", "31"), k=chance.randint(1, 3))
        version = between.join([chance.choice(("2010", "2024")), *pairs])
        version += chance.choice(("", "", ".1", ".12", ".123", "-5.7", ".1234"))
    else:
        star = chance.choice("xX*")
        return _dotted(chance, ("1", "2", "10", "01", star), 4) + chance.choice(
            (".x-dev", "-dev", ".x.dev", ".xDEV", " -dev", ".x")
        )
    stability = ("a", "alpha", "ALPHA", "b", "beta", "rc", "RC", "p", "pl", "patch", "stable")
    if chance.random() < 0.7:
        version += chance.choice(("", "-", ".", "_")) + chance.choice((*stability, "STABLE"))
        version += chance.choice(("", "1", "2", ".1", "-10", "1.2", "01"))
    return version + chance.choice(("", "", "", "-dev", ".dev", "dev", "+b.1", "-", " "))


def conda(chance: random.Random) -> str:
    tokens = ("0", "0", "1", "2", "10", "01", "a", "rc", "dev", "post", "B", "z", ".", ".", "_")
    epoch = chance.choice(("", "", "", "0!", "1!"))
    local = chance.choice(("", "", "", "+")) and "+" + some(chance, tokens, 5)
    return epoch + some(chance, tokens, 7) + local + chance.choice(("", "", "", "_", "-", " "))
