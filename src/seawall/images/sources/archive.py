"""``docker-archive:PATH[:NAME]`` and ``oci-archive:PATH[:NAME]``: an image in one tar file.

A plain tar is mapped: its few entries are indexed, then each layer is read where it lies. A
compressed one is read as a stream, once, whatever the order of what is in it.
"""

import hashlib
import itertools
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from seawall.errors import (
    CorruptImage,
    DigestMismatch,
    LimitExceeded,
    NotAnImage,
    UnknownTarget,
)
from seawall.images import compression
from seawall.images.blobs import Hashing, Layers, MappedFile, looks_like_tar
from seawall.images.file_forms import no_archive
from seawall.images.layers import clean, resolve, shown
from seawall.images.limits import Budget, Limits
from seawall.images.selection import Selector
from seawall.images.sources.contract import Inspect, LayerReading, OpenImage
from seawall.images.sources.manifest import Read, Resolution, Resolved, resolve_docker, resolve_oci
from seawall.images.stream import ByteStream, ChunkStream, MappedStream
from seawall.images.tar import Kind, TarReader
from seawall.model import Image, ImageRef

Resolve = Callable[[Read, ImageRef, str, Limits], Resolution]

DOCUMENT_BYTES = 16 << 20  # manifests and configurations are kilobytes
_ALL_DOCUMENTS_BYTES = 64 << 20  # those of an archive whose layers are known only at its end
_MEMBERS = 100_000  # an archive of an image holds a few entries for each layer


def split_place(place: str) -> tuple[Path, str]:
    """Return the file a place names and, behind it, which of several images is meant.

    A path may hold colons, so the longest existing path wins.
    """
    path, name = place, ""
    while not exists(Path(path)):
        path, colon, last = path.rpartition(":")
        if not colon:
            raise UnknownTarget(f"{place}: no such file", "check the path")
        name = f"{last}:{name}" if name else last
    return Path(path), name


def exists(path: Path) -> bool:
    """Tell whether there is such a file; one that may not be looked at counts as being there."""
    try:
        return path.exists()
    except PermissionError:
        return True
    except OSError:  # a name that is too long, for example
        return False


@contextmanager
def _open(ref: ImageRef, limits: Limits, resolve_image: Resolve) -> Iterator[OpenImage]:
    path, wanted = split_place(ref.place)
    if path.is_dir():
        raise NotAnImage(f"{ref}: a directory, not an archive", "use dir: or oci-dir:")

    def resolved(read: Read) -> Resolution:
        return resolve_image(read, ref, wanted, limits)

    with MappedFile(path, str(ref)) as file:
        head = file.data[:512] if file.size else b""
        if compression.is_compressed(head):
            yield StreamedArchive(
                lambda: compression.decompressed(
                    file.chunks(0, file.size), head, str(ref), limits.ratio
                ),
                ref,
                limits,
                resolved,
            )
        elif not looks_like_tar(head):
            raise no_archive(path, str(ref), head)
        else:
            with Hashing() as hashing:
                yield MappedArchive(file, ref, limits, hashing, resolved)


@contextmanager
def open_docker_archive(ref: ImageRef, limits: Limits) -> Iterator[OpenImage]:
    """Open what ``docker save`` or skopeo wrote."""
    with _open(ref, limits, resolve_docker) as image:
        yield image


@contextmanager
def open_oci_archive(ref: ImageRef, limits: Limits) -> Iterator[OpenImage]:
    """Open an OCI image layout in a tar file."""
    with _open(ref, limits, resolve_oci) as image:
        yield image


class MappedArchive(Resolved):
    """An archive that lies uncompressed in a file."""

    def __init__(
        self,
        file: MappedFile,
        ref: ImageRef,
        limits: Limits,
        hashing: Hashing,
        resolve_image: Callable[[Read], Resolution],
    ) -> None:
        self._file, self._ref, self._limits, self._hashing = file, ref, limits, hashing
        self._members: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        stream = _Counting(MappedStream(file.data, 0, file.size, str(ref)))
        tar = TarReader(stream, Budget(limits))
        for name, kind, size, link in tar:
            member = shown(clean(name))
            if tar.is_sparse:
                raise _sparse_member(ref, member)
            if kind == Kind.FILE:
                self._members[member] = (stream.position, size)
            elif kind in (Kind.SYMLINK, Kind.HARD_LINK):
                self._links[member] = _target(kind, clean(name), link)
            if len(self._members) + len(self._links) > _MEMBERS:
                raise LimitExceeded(f"{ref}: more than {_MEMBERS:,} members, so no image's archive")
        super().__init__(resolve_image(self._document))

    def _document(self, name: str) -> bytes | None:
        found = self._find(name)
        if found is None:
            return None
        start, size = found
        check_document(self._ref, name, size)
        return self._file.data[start : start + size]

    def layers(
        self,
        selector: Selector,
        inspect: Inspect | None = None,
        known: Collection[str] = frozenset(),
    ) -> Iterator[LayerReading]:
        """Yield each distinct layer once."""
        layers = Layers(selector, Budget(self._limits), inspect)
        for blob in self.wanted(known):
            where = f"{self._ref}: layer {blob.name}"
            found = self._find(blob.name)
            if found is None:
                raise CorruptImage(f"{where} is missing")
            start, size = found
            yield layers.mapped(
                self._file, start, start + size, self._hashing, where, blob.diff_id, blob.digest
            )
        self._hashing.compare()

    def _find(self, name: str) -> tuple[int, int] | None:
        """Return (offset, size) of a member, through the links that save repeated layers."""
        return self._members.get(_follow(name, self._links))


class StreamedArchive:
    """An archive that arrives in chunks, from a socket or a decompressor, anew for each reading.

    Which member is a layer is known only at the end, so each that looks like one is read; the
    digests decide afterwards which belong to the image.
    """

    def __init__(
        self,
        open_chunks: Callable[[], Iterator[bytes]],
        ref: ImageRef,
        limits: Limits,
        resolve_image: Callable[[Read], Resolution],
    ) -> None:
        self.notes: list[str] = []
        self.diff_ids: tuple[str, ...] = ()  # which layer is which shows at the end
        self._open_chunks, self._ref, self._limits = open_chunks, ref, limits
        self._resolve = resolve_image
        self._image: Image | None = None

    @property
    def image(self) -> Image:
        """Who it is; only after all layers were read."""
        if self._image is None:
            raise RuntimeError("a streamed archive knows its image only after its layers")
        return self._image

    def layers(
        self,
        selector: Selector,
        inspect: Inspect | None = None,
        known: Collection[str] = frozenset(),  # noqa: ARG002 - told apart only at the end
    ) -> Iterator[LayerReading]:
        """Yield each blob that looks like a layer, known or not, then compare digests."""
        layers = Layers(selector, Budget(self._limits), inspect)
        documents: dict[str, bytes] = {}
        links: dict[str, str] = {}
        read: dict[str, LayerReading] = {}
        digests: dict[str, str] = {}  # of the blobs as stored
        stream = ChunkStream(self._open_chunks(), str(self._ref))
        tar = TarReader(stream, Budget(self._limits))
        document_bytes = 0
        for name, kind, size, link in tar:
            member = shown(clean(name))
            if len(documents) + len(links) + len(read) > _MEMBERS:
                raise LimitExceeded(f"{self._ref}: more than {_MEMBERS:,} members")
            if kind in (Kind.SYMLINK, Kind.HARD_LINK):
                links[member] = _target(kind, clean(name), link)
            if tar.is_sparse:
                raise _sparse_member(self._ref, member)
            if kind != Kind.FILE:
                continue
            head = tar.peek(512)
            if compression.is_compressed(head) or looks_like_tar(head):
                where = f"{self._ref}: layer {member}"
                stored = hashlib.sha256()
                reading = layers.chunked(_hashed(stored, head, tar.chunks()), head, where)
                yield reading
                read[member] = reading
                digests[member] = f"sha256:{stored.hexdigest()}"
            elif size <= DOCUMENT_BYTES:
                document_bytes += size
                if document_bytes > _ALL_DOCUMENTS_BYTES:
                    raise LimitExceeded(
                        f"{self._ref}: over {_ALL_DOCUMENTS_BYTES:,} bytes that are no layer",
                        "the archive is not one that a container tool wrote",
                    )
                documents[member] = head + b"".join(tar.chunks())
        stream.drain()
        resolution = self._resolve(lambda name: documents.get(_follow(name, links)))
        for blob in resolution.blobs:
            where = f"{self._ref}: layer {blob.name}"
            member = _follow(blob.name, links)
            if member not in read:
                raise CorruptImage(f"{where} is missing")
            if "sha512:" in blob.diff_id + blob.digest:  # only sha256 was computed
                raise NotAnImage(
                    f"{where}: a digest other than sha256 in a compressed archive",
                    "decompress the archive first",
                )
            stored_digest = digests[member] if blob.digest else ""
            for expected, actual in (
                (blob.diff_id, read[member].diff_id),
                (blob.digest, stored_digest),
            ):
                if expected != actual:
                    raise DigestMismatch(where, expected, actual)
        self._image = resolution.image


class _Counting:
    """A stream that knows where it is."""

    def __init__(self, stream: ByteStream) -> None:
        self.where, self.position = stream.where, 0
        self._stream = stream

    def read(self, count: int) -> bytes:
        data = self._stream.read(count)
        self.position += len(data)
        return data

    def peek(self, count: int) -> bytes:
        return self._stream.peek(count)

    def view(self, _count: int) -> None:
        """Nothing: headers alone are asked for."""

    def skip(self, count: int) -> None:
        self.position += count
        self._stream.skip(count)


def _sparse_member(ref: ImageRef, member: str) -> CorruptImage:
    return CorruptImage(
        f"{ref}: {member} is stored as a sparse file", "make the archive without --sparse"
    )


def _target(kind: int, name: bytes, link: bytes) -> str:
    """Return the member a link stands for: hard links name members, symbolic ones are relative."""
    return shown(clean(link) if kind == Kind.HARD_LINK else resolve(name, link))


def _follow(name: str, links: dict[str, str]) -> str:
    name = shown(clean(name.encode()))
    for _ in range(40):
        if name not in links:
            break
        name = links[name]
    return name


def _hashed(state: "hashlib._Hash", head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in itertools.chain((head,), rest):
        state.update(chunk)
        yield chunk


def check_document(ref: ImageRef, name: str, size: int) -> None:
    """Refuse a manifest or configuration of absurd size before it is read."""
    if size > DOCUMENT_BYTES:
        raise LimitExceeded(
            f"{ref}: {name} has {size:,} bytes, no manifest or configuration is that large",
            "the archive is not one that a container tool wrote",
        )
