"""Read the layer in one blob: mapped and plain, mapped and compressed, or arriving in chunks.

Digests are computed beside the walk: of a mapped blob in a thread (hashing releases the
interpreter lock), of a stream chunk by chunk.
"""

import hashlib
import mmap
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Self

from seawall.errors import DigestMismatch, SourceUnavailable
from seawall.images import compression
from seawall.images.layers import FoundFile, read_layer
from seawall.images.limits import Budget
from seawall.images.selection import Selector
from seawall.images.sources.contract import Inspect, LayerReading
from seawall.images.stream import ByteStream, ChunkStream, Descriptor, MappedStream
from seawall.images.tar import TarReader

_WINDOW = 4 << 20  # bytes hashed before their pages are given back


class MappedFile:
    """A file mapped read-only, for as long as the ``with`` block lasts."""

    def __init__(self, path: Path, where: str) -> None:
        self.where = where
        try:
            # Without O_NONBLOCK a FIFO in a blob's place would block here.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise SourceUnavailable(f"{where}: not a regular file", "copy it to one first")
                self.size = file.seek(0, 2)
                # An empty file cannot be mapped; one byte of anonymous memory stands for it.
                self.data = (
                    mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
                    if self.size
                    else mmap.mmap(-1, 1)
                )
                self.descriptor = Descriptor(os.dup(descriptor))
        except OSError as error:
            raise SourceUnavailable(
                f"{where}: {error.strerror}", "check the path and its permissions"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A digest that nobody waits for any more may still hold the map; the last user ends it.
        with suppress(BufferError):
            self.data.close()

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to `end` in pieces."""
        step = 1 << 20
        for at in range(start, end, step):
            yield self.data[at : min(at + step, end)]


class Hashing:
    """Digests that are computed in the background and compared at the end."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="digest")
        self._expected: list[tuple[str, str, Future[str]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def expect(self, digest: str, file: MappedFile, start: int, end: int, where: str) -> None:
        """Compare the bytes from `start` to `end` with `digest`, later."""
        work = self._pool.submit(_digest, digest.partition(":")[0], file, start, end)
        self._expected.append((where, digest, work))

    def compare(self) -> None:
        """Wait for all digests; `DigestMismatch` for the first that differs."""
        for where, expected, work in self._expected:
            actual = work.result()
            if actual != expected:
                raise DigestMismatch(where, expected, actual)
        self._expected.clear()


def _digest(algorithm: str, file: MappedFile, start: int, end: int) -> str:
    state = hashlib.new(algorithm)
    with memoryview(file.data) as view:
        for at in range(start, end, _WINDOW):
            stop = min(at + _WINDOW, end)
            with view[at:stop] as window:
                state.update(window)
            first = at - at % mmap.PAGESIZE
            file.data.madvise(mmap.MADV_DONTNEED, first, stop - first)
    return f"{algorithm}:{state.hexdigest()}"


class Layers:
    """Makes a `LayerReading` for each blob of one image."""

    def __init__(self, selector: Selector, budget: Budget, inspect: Inspect | None = None) -> None:
        self._selector = selector
        self._budget = budget
        self._inspect = inspect

    def mapped(  # noqa: PLR0917 - counts are judged by the reader
        self,
        file: MappedFile,
        start: int,
        end: int,
        hashing: Hashing,
        where: str,
        diff_id: str,
        digest: str,
    ) -> LayerReading:
        """Read the blob between two offsets of a mapped file; `digest` is of the blob itself."""
        head = file.data[start : min(end, start + 6)]
        if compression.is_compressed(head):
            if digest:
                hashing.expect(digest, file, start, end, where)
            return self.chunked(file.chunks(start, end), head, where, diff_id)
        self._budget.spend_bytes(end - start, where)
        for expected in {diff_id, digest} - {""}:
            hashing.expect(expected, file, start, end, where)
        reading, tar = self._begun(
            diff_id, MappedStream(file.data, start, end, where, file.descriptor)
        )
        reading.files = self._files(reading, tar, where)
        return reading

    def _begun(self, diff_id: str, stream: ByteStream) -> tuple[LayerReading, TarReader]:
        inspection = self._inspect() if self._inspect else None
        reading = LayerReading(iter(()), diff_id, inspection=inspection)
        return reading, TarReader(stream, self._budget)

    def _files(self, reading: LayerReading, tar: TarReader, where: str) -> Iterator[FoundFile]:
        return read_layer(
            tar, self._selector, reading.changes, reading.incomplete, where, reading.inspection
        )

    def chunked(
        self, chunks: Iterator[bytes], head: bytes, where: str, diff_id: str = ""
    ) -> LayerReading:
        """Read a blob from its chunks; `head` are its first bytes, which the chunks repeat.

        With a `diff_id` the content is compared with it; without, it is computed.
        """
        if compression.is_compressed(head):
            ratio = self._budget.limits.ratio
            chunks = compression.decompressed(chunks, head, where, ratio)
        algorithm = diff_id.partition(":")[0] or "sha256"
        state = hashlib.new(algorithm)
        stream = ChunkStream(self._measured(chunks, state.update, where), where)
        reading, tar = self._begun(diff_id, stream)
        files = self._files(reading, tar, where)

        def run() -> Iterator[FoundFile]:
            yield from files
            stream.drain()
            actual = f"{algorithm}:{state.hexdigest()}"
            if diff_id and actual != diff_id:
                raise DigestMismatch(where, diff_id, actual)
            reading.diff_id = actual

        reading.files = run()
        return reading

    def _measured(
        self, chunks: Iterator[bytes], update: Callable[[bytes], object], where: str
    ) -> Iterator[bytes]:
        for chunk in chunks:
            self._budget.spend_bytes(len(chunk), where)
            update(chunk)
            yield chunk


def looks_like_tar(head: bytes) -> bool:
    """Tell whether a blob with these first 512 bytes is an uncompressed tar."""
    if len(head) < 512:
        return False
    return head[257:262] == b"ustar" or not any(head) or _plain_header(head)


def _plain_header(head: bytes) -> bool:
    field = head[148:156].strip(b"\0 ")
    if not field or field.strip(b"01234567"):
        return False
    return sum(head) - sum(head[148:156]) + 256 == int(field, 8)
