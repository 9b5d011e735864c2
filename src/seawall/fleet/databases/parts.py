"""Many values in one statement: in parts, for databases bound how many there may be."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")
_PART = 500


def parts(values: Sequence[_T], size: int = _PART) -> Iterator[Sequence[_T]]:
    """Yield the values, some hundreds at a time."""
    for at in range(0, len(values), size):
        yield values[at : at + size]


def marks(values: Sequence[object]) -> str:
    """Return the marks of an ``IN (…)`` with these values."""
    return ",".join("?" * len(values))
