"""Bytes that are read once, forward: from a mapped file, or from chunks as they arrive.

Reading from a map costs no copy of what is skipped, and pages behind the reader are given back,
so a 10 GB archive does not become 10 GB of resident memory.
"""

import itertools
import mmap
import os
from collections.abc import Iterator
from typing import Protocol

from seawall.errors import CorruptImage, SourceUnavailable

_LARGE = 1 << 20
_RELEASE = 16 << 20  # bytes behind the reader before pages are given back


class ByteStream(Protocol):
    """What a tar reader needs of its input."""

    where: str  # what is read, for messages

    def read(self, count: int) -> bytes:
        """Return exactly `count` bytes; ``b""`` at a clean end.

        Raises:
            CorruptImage: the end comes after some but before `count` bytes.
        """

    def peek(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer at the end, without going on."""

    def skip(self, count: int) -> None:
        """Go on by `count` bytes; `CorruptImage` where the end comes first."""

    def view(self, count: int) -> memoryview | None:
        """Return the next `count` bytes without a copy and without going on; None: not here.

        The view must be released before anything else is read.
        """


def truncated(where: str, position: int) -> CorruptImage:
    """Return the error for an input that ends too early."""
    return CorruptImage(f"{where}: truncated, it ends after {position:,} bytes")


def begun(chunks: Iterator[bytes], count: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the first `count` bytes of `chunks`, fewer if there are fewer, and all of them."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= count:
            break
    return head[:count], itertools.chain((head,), chunks)


class Descriptor:
    """An open file that is closed when nobody reads from it any more.

    Its number must not be given to another file while a reading that was left in the middle could
    still go on.
    """

    def __init__(self, number: int) -> None:
        self._number = number

    def __del__(self) -> None:
        os.close(self._number)

    def read(self, count: int, at: int) -> bytes:
        """Return up to `count` bytes from offset `at`."""
        return os.pread(self._number, count, at)


class MappedStream:
    """The bytes from `start` to `end` of a mapped file.

    With the file's `descriptor` large pieces are read from there: pages of a map count as this
    process's memory as much as the copy does.
    """

    def __init__(
        self,
        data: mmap.mmap,
        start: int,
        end: int,
        where: str,
        descriptor: Descriptor | None = None,
    ) -> None:
        self.where = where
        self._descriptor = descriptor
        self._data, self._start, self._end = data, start, end
        self._at = start
        self._released = start - start % mmap.PAGESIZE
        self._release_at = start + _RELEASE

    def read(self, count: int) -> bytes:
        """Return exactly `count` bytes; ``b""`` at a clean end.

        Raises:
            CorruptImage: the end comes after some but before `count` bytes.
            SourceUnavailable: the file cannot be read there.
        """
        at = self._at
        after = at + count
        if after > self._end:
            if at == self._end:
                return b""
            raise truncated(self.where, self._end - self._start)
        self._at = after
        if count >= _LARGE and self._descriptor is not None:
            try:
                data = self._descriptor.read(count, at)
            except OSError as error:  # says neither of which file it is nor that it was reading
                raise SourceUnavailable(
                    f"{self.where}: cannot be read ({error.strerror})",
                    "the disk or the network file system may be failing: copy it elsewhere",
                ) from error
            if len(data) == count:
                return data
        data = self._data[at:after]
        if after > self._release_at:
            self._release()
        return data

    def peek(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer at the end, without going on."""
        return self._data[self._at : min(self._at + count, self._end)]

    def view(self, count: int) -> memoryview | None:
        """Return the next `count` bytes, fewer at the end, without a copy."""
        with memoryview(self._data) as whole:
            return whole[self._at : min(self._at + count, self._end)]

    def skip(self, count: int) -> None:
        """Go on by `count` bytes."""
        self._at += count
        if self._at > self._end:
            raise truncated(self.where, self._end - self._start)
        if self._at > self._release_at:
            self._release()

    def _release(self) -> None:
        upto = self._at - self._at % mmap.PAGESIZE
        self._data.madvise(mmap.MADV_DONTNEED, self._released, upto - self._released)
        self._released, self._release_at = upto, upto + _RELEASE


class ChunkStream:
    """Bytes from an iterator of chunks: a socket, or a decompressor."""

    def __init__(self, chunks: Iterator[bytes], where: str) -> None:
        self.where = where
        self._chunks = chunks
        self._buffer = b""
        self._at = 0  # in the buffer
        self._before = 0  # bytes of all earlier buffers

    def read(self, count: int) -> bytes:
        """Return exactly `count` bytes; ``b""`` at a clean end."""
        after = self._at + count
        if after <= len(self._buffer):
            data = self._buffer[self._at : after]
            self._at = after
            return data
        parts = [self._buffer[self._at :]]
        missing = count - len(parts[0])
        while missing > 0:
            if not self._next():
                if missing == count:
                    return b""
                raise truncated(self.where, self._before)
            parts.append(self._buffer[:missing])
            self._at = len(parts[-1])
            missing -= self._at
        return b"".join(parts)

    def peek(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer at the end, without going on."""
        while len(self._buffer) - self._at < count:
            rest, before = self._buffer[self._at :], self._before + self._at
            there = self._next()
            self._buffer, self._before, self._at = rest + self._buffer, before, 0
            if not there:
                break
        return self._buffer[self._at : self._at + count]

    def view(self, _count: int) -> memoryview | None:
        """Return None: what comes in chunks cannot be seen as one."""
        return None

    def skip(self, count: int) -> None:
        """Go on by `count` bytes."""
        self._at += count
        while self._at > len(self._buffer):
            left = self._at - len(self._buffer)
            if not self._next():
                raise truncated(self.where, self._before)
            self._at = left

    def drain(self) -> None:
        """Read to the end and forget it, so that a digest over the chunks is complete."""
        while self._next():
            pass

    def rest(self) -> Iterator[bytes]:
        """Yield what is left, chunk by chunk."""
        if self._at < len(self._buffer):
            yield self._buffer[self._at :]
        while self._next():
            yield self._buffer

    def _next(self) -> bool:
        """Take the next non-empty chunk; False at the end."""
        for chunk in self._chunks:
            if chunk:
                self._before += len(self._buffer)
                self._buffer, self._at = chunk, 0
                return True
        self._before += len(self._buffer)
        self._buffer, self._at = b"", 0
        return False
