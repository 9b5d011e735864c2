"""Pairs of versions to ask about: real ones, damaged ones and made-up ones."""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.unit.versions.oracles import Pair

DATA = Path(__file__).parents[2] / "data" / "versions"


def corpus(name: str) -> list[str]:
    """Return the real versions of one ecosystem (``tests/data/versions/README.md``)."""
    return (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def pairs(
    real: Sequence[str], pieces: Sequence[str], made_up: Callable[[random.Random], str], seed: int
) -> Iterator[Pair]:
    """Yield pairs without end, the same for the same seed.

    30 % are two real versions, 50 % a real one and a mutation of it, 20 % two made up ones,
    of which the second often begins as the first does.
    """
    chance = random.Random(seed)
    while True:
        kind = chance.random()
        if kind < 0.3:
            yield chance.choice(real), chance.choice(real)
        elif kind < 0.8:
            version = chance.choice(real)
            yield version, mutated(version, pieces, chance)
        else:
            a, b = made_up(chance), made_up(chance)
            shared = chance.choice((0, chance.randrange(len(a) + 1)))
            yield a, a[:shared] + b[shared:]


def mutated(version: str, pieces: Sequence[str], chance: random.Random) -> str:
    """Return `version` with one to three pieces put in, taken out or replaced."""
    characters = list(version)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        place = chance.randrange(len(characters) + 1)
        taken_out = chance.choice((0, 0, 1, 1, 2))
        put_in = [] if taken_out == 2 else [chance.choice(pieces)]
        characters[place : place + taken_out] = put_in
    return "".join(characters)


def some(chance: random.Random, tokens: Sequence[str], most: int) -> str:
    """Return one to `most` of `tokens` in a row."""
    return "".join(chance.choices(tokens, k=chance.randint(1, most)))
