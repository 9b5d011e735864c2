"""What one layer says by itself: the part of a reading that never changes, and can be kept.

`encode` and `decode` turn it into bytes for a cache. Names are kept as they are, because Python's
hashes of them differ from process to process.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import zstandard

from seawall.images.layers import Changes
from seawall.inventory.catalogers import Channels, Checksums, Diversions, Fact, Ownership
from seawall.model import Distribution, Incomplete, Package

Facts = tuple[Fact, ...]

_LEVEL = 3
_PIECE = 1 << 20
_KINDS: tuple[type[Any], ...] = (
    Package,
    Ownership,
    Checksums,
    Channels,
    Distribution,
    Incomplete,
    Diversions,
)


@dataclass(slots=True)
class LayerFacts:
    """What one layer says, before its neighbours are known."""

    changes: Changes
    facts: dict[bytes, Facts] = field(default_factory=dict)
    links: dict[bytes, bytes] = field(default_factory=dict)  # hard links whose target is unread
    symlinks: dict[bytes, bytes] = field(default_factory=dict)
    incomplete: list[Incomplete] = field(default_factory=list)


def folder_links(layers: Iterable[tuple[str, LayerFacts]]) -> dict[bytes, bytes]:
    """Return the links that stand for folders in any layer, lowest first: path → target."""
    links: dict[bytes, bytes] = {}
    for _, layer in layers:
        links.update(layer.changes.folder_links)
    return links


class NameLog:
    """All names of a layer that are no folders, compressed as they come."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
        self._parts: list[bytes] = []

    def add(self, paths: Sequence[bytes]) -> None:
        """Take the next names."""
        if paths:
            # No path holds a zero byte: the tar reader ends names there.
            self._parts.append(self._compressor.compress(b"\0".join(paths) + b"\0"))

    def finish(self) -> bytes:
        """Return all names; nothing can be added afterwards."""
        self._parts.append(self._compressor.flush())
        return b"".join(self._parts)


def names_in(log: bytes) -> Iterator[bytes]:
    """Yield the names that a `NameLog` took, in their order; there may be millions.

    Raises:
        ValueError: `log` is no finished `NameLog`.
    """
    begun = b""
    try:
        with zstandard.ZstdDecompressor().stream_reader(log) as stream:
            while piece := stream.read(_PIECE):
                *names, begun = (begun + piece).split(b"\0")
                yield from names
    except zstandard.ZstdError as error:
        raise ValueError(f"not a stored layer: {error}") from error


class _Layer(msgspec.Struct):
    """The stored form. Its fields are part of the cache's key: see `layer_store`."""

    names: bytes
    removed: list[bytes]
    opaque: list[bytes]
    folders: list[bytes]
    folder_links: dict[bytes, bytes]
    facts: dict[bytes, list[tuple[int, msgspec.Raw]]]
    links: dict[bytes, bytes]
    symlinks: dict[bytes, bytes]
    incomplete: list[Incomplete]


def encode(layer: LayerFacts, names: bytes) -> bytes:
    """Return a layer as bytes; `names` is its finished `NameLog`."""
    pack = msgspec.msgpack.encode
    stored = _Layer(
        names,
        sorted(layer.changes.removed),
        sorted(layer.changes.opaque),
        sorted(layer.changes.folders),
        layer.changes.folder_links,
        {
            path: [(_KINDS.index(type(fact)), msgspec.Raw(pack(fact))) for fact in facts]
            for path, facts in layer.facts.items()
        },
        layer.links,
        layer.symlinks,
        layer.incomplete,
    )
    return zstandard.ZstdCompressor(level=_LEVEL).compress(pack(stored))


def decode(data: bytes) -> tuple[LayerFacts, bytes]:
    """Return a layer and its `NameLog`.

    Raises:
        ValueError: `data` is not what `encode` wrote.
    """
    try:
        stored = msgspec.msgpack.decode(_decompressed(data), type=_Layer)
        unpack = [msgspec.msgpack.Decoder(kind).decode for kind in _KINDS]
        facts: dict[bytes, Facts] = {
            path: tuple(unpack[kind](raw) for kind, raw in listed)
            for path, listed in stored.facts.items()
        }
    except (msgspec.MsgspecError, IndexError) as error:
        raise ValueError(f"not a stored layer: {error}") from error
    changes = Changes(
        removed=set(stored.removed),
        opaque=set(stored.opaque),
        folders=set(stored.folders),
        names=array("q", map(hash, names_in(stored.names))),
        folder_links=stored.folder_links,
    )
    layer = LayerFacts(changes, facts, stored.links, stored.symlinks, stored.incomplete)
    return layer, stored.names


def _decompressed(data: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except (zstandard.ZstdError, MemoryError) as error:
        raise ValueError(f"not a stored layer: {error}") from error
