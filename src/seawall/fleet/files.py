"""Look-ups in the lists of files that layers have; see `scanning.content.file_digests`."""

from collections.abc import Collection, Iterator

import zstandard

from seawall.fleet.indicators import PathIndicator
from seawall.images import shown
from seawall.inventory.layer_facts import names_in
from seawall.scanning.content.file_digests import DIGEST_BYTES

_PIECE = 1 << 20


def positions(digests: bytes, start: bytes) -> list[int]:
    """Return the numbers of the files whose digest begins so."""
    found, at = [], digests.find(start)
    while at >= 0:
        if at % DIGEST_BYTES == 0:  # else it lies across two
            found.append(at // DIGEST_BYTES)
        at = digests.find(start, at + 1)
    return found


def names_at(log: bytes, numbers: Collection[int]) -> Iterator[str]:
    """Yield the names of these files, in the layer's order.

    Raises:
        ValueError: `log` is no list of names.
    """
    wanted, last = set(numbers), max(numbers, default=-1)
    if last < 0:
        return
    for number, name in enumerate(names_in(log)):
        if number in wanted:
            yield shown(name)
        if number >= last:
            return


def matching(log: bytes, indicator: PathIndicator) -> Iterator[str]:
    """Yield the names that are meant, in the layer's order.

    Raises:
        ValueError: `log` is no list of names.
    """
    literal = indicator.literal
    for piece in _pieces(log):
        if literal not in piece:  # mostly; so names need not be told apart
            continue
        for name in piece.split(b"\0"):
            if literal in name and name and indicator.fits(path := shown(name)):
                yield path


def _pieces(log: bytes) -> Iterator[bytes]:
    """Yield the names about a million letters at a time, each of them whole, zeros between them."""
    begun = b""
    try:
        with zstandard.ZstdDecompressor().stream_reader(log) as stream:
            while data := stream.read(_PIECE):
                whole, zero, rest = data.rpartition(b"\0")
                if not zero:
                    begun += data
                    continue
                yield begun + whole
                begun = rest
    except zstandard.ZstdError as error:
        raise ValueError(f"not a stored list of names: {error}") from error
