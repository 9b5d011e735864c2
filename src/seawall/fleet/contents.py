"""Which components lie where in a layer, as bytes: two or three a component."""

from array import array
from collections.abc import Collection

import zstandard

Pair = tuple[int, int]  # component, place

_LEVEL = 3


def pack(pairs: Collection[Pair]) -> bytes:
    """Return the pairs as bytes; their order is not kept."""
    ordered = sorted(pairs)
    before, deltas = 0, array("I")
    for component, _ in ordered:
        deltas.append(component - before)
        before = component
    places = array("I", (place for _, place in ordered))
    return zstandard.ZstdCompressor(level=_LEVEL).compress(deltas.tobytes() + places.tobytes())


def unpack(data: bytes) -> list[Pair]:
    """Return what `pack` took, sorted.

    Raises:
        ValueError: `data` is nothing of it.
    """
    try:
        both = array("I")
        both.frombytes(zstandard.ZstdDecompressor().decompress(data))
    except (zstandard.ZstdError, ValueError) as error:
        raise ValueError(f"not a stored layer: {error}") from error
    count = len(both) // 2
    component, found = 0, []
    for delta, place in zip(both[:count], both[count:], strict=True):
        component += delta
        found.append((component, place))
    return found
