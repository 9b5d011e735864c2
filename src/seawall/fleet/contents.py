"""Which components lie where in a layer, as bytes: two or three a component."""

import hashlib
from array import array
from collections.abc import Collection
from operator import sub

import zstandard

Pair = tuple[int, int]  # component, place

_LEVEL = 3
_MARK_BYTES = 12


def pack(pairs: Collection[Pair]) -> bytes:
    """Return the pairs as bytes; their order is not kept."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(_plain(pairs))


def mark(pairs: Collection[Pair]) -> bytes:
    """Return 12 bytes that tell these pairs, in whatever order, from others."""
    return hashlib.blake2b(_plain(pairs), digest_size=_MARK_BYTES).digest()


def _plain(pairs: Collection[Pair]) -> bytes:
    """Return each component as its distance from the one before, then all places."""
    ordered = sorted(pairs)
    components, places = zip(*ordered, strict=True) if ordered else ((), ())
    deltas = array("I", map(sub, components, (0, *components[:-1])))
    return deltas.tobytes() + array("I", places).tobytes()


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
