"""What an executable file says of its own layout, whichever system it is for."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

MAX_PARTS = 1 << 12  # sections or segments; a linker makes dozens
_SEARCHED_BYTES = 256 << 20


class Part(NamedTuple):
    """A section or segment: where it lies in memory, and which bytes of the file fill it."""

    address: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in an executable. All parts lie within the file."""

    sections: Mapping[bytes, Part]  # by name; of several with one name the first
    mapped: Sequence[Part]  # what the loader maps, by address
    writable: Sequence[Part]  # of that, what the program may write to, in the file's order
    data: Sequence[Part]  # what is loaded and holds no code, where that is known

    def offset_of(self, address: int) -> int | None:
        """Return where in the file the byte at `address` stands; None if it is not in there."""
        at = bisect_right(self.mapped, address, key=lambda part: part.address) - 1
        if at < 0:
            return None
        part = self.mapped[at]
        inside = address - part.address
        return part.offset + inside if inside < part.size else None


def within(part: Part, length: int) -> Part:
    """Return what of `part` lies in a file of `length` bytes."""
    start = min(part.offset, length)
    return Part(part.address, start, min(part.size, length - start))


def searchable(parts: Iterable[Part]) -> list[Part]:
    """Return the parts in their order, as far as they may be searched; they may overlap."""
    left = _SEARCHED_BYTES
    chosen: list[Part] = []
    for part in parts:
        left -= part.size
        if left < 0:
            break
        chosen.append(part)
    return chosen
