"""Texts from images, in a form that every database keeps and gives back.

Paths are bytes that need not be UTF-8 (Python has halves of surrogate pairs for those), and JSON
can name a NUL; no database takes all of it. Each such character is written as a mark, which Unicode
keeps free of any meaning, and four hex digits.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

MARK = "\ufdd0"
_HARD = re.compile(f"[\0\ud800-\udfff{MARK}]")
_MARKED = re.compile(f"{MARK}([0-9a-f]{{4}})")


def plain(text: str) -> str:
    """Return a text without NUL and halves of surrogate pairs; no two texts give the same."""
    if text.isascii() and "\0" not in text:
        return text
    return _HARD.sub(lambda found: f"{MARK}{ord(found[0]):04x}", text)


def original(text: str) -> str:
    """Return what `plain` was given."""
    if MARK not in text:
        return text
    return _MARKED.sub(lambda found: chr(int(found[1], 16)), text)


def plain_values(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return values with every text among them in plain form."""
    return tuple(plain(value) if isinstance(value, str) else value for value in values)


def plain_rows(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Yield rows with their texts in plain form; a column is text in all of them or in none."""
    return _each(rows, plain)


def original_rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield what `plain_rows` was given."""
    return _each(rows, original)


def _each(rows: Iterable[Any], change: Callable[[str], str]) -> Iterator[Any]:
    several = iter(rows)
    first = next(several, None)
    if first is None:
        return
    texts = [number for number, value in enumerate(first) if isinstance(value, str)]
    if not texts:  # most rows are numbers, and millions
        yield first
        yield from several
        return
    for row in chain((first,), several):
        changed = [change(row[number]) for number in texts]
        if all(new is row[number] for new, number in zip(changed, texts, strict=True)):
            yield row
            continue
        whole = list(row)
        for number, new in zip(texts, changed, strict=True):
            whole[number] = new
        yield tuple(whole)
