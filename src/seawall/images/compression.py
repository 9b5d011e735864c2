"""Undo the compression of a layer, chunk by chunk.

The form is told by the first bytes (RFC 1952 gzip, RFC 8878 zstd), never by the media type that
a manifest claims. Several gzip members or zstd frames in a row are one stream (pigz, eStargz,
zstd:chunked write such).
"""

import zlib
from collections.abc import Iterator

import zstandard

from seawall.errors import CorruptImage, LimitExceeded
from seawall.images.limits import RATIO_FLOOR

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"  # after one byte 0x50 to 0x5f
_OUT = 1 << 20  # largest chunk yielded
_WINDOW = 1 << 27  # zstd's own default limit: 128 MiB
_UNSUPPORTED = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x04\x22\x4d\x18": "lz4",
}


def is_compressed(start: bytes) -> bool:
    """Tell whether content that starts with these (at least 6) bytes needs `decompressed`."""
    return _form(start) != ""


def _form(start: bytes) -> str:
    if start.startswith(GZIP):
        return "gzip"
    if start.startswith(ZSTD) or (start[1:4] == _ZSTD_SKIPPABLE and start[0] >> 4 == 5):
        return "zstd"
    return next((name for magic, name in _UNSUPPORTED.items() if start.startswith(magic)), "")


def decompressed(chunks: Iterator[bytes], start: bytes, where: str, ratio: int) -> Iterator[bytes]:
    """Yield the uncompressed content of `chunks`, whose first bytes are `start`.

    Raises:
        CorruptImage: damaged or truncated, or a compression no container tool writes.
        LimitExceeded: more than `ratio` times larger than its compressed form.
    """
    form = _form(start)
    match form:
        case "gzip":
            out = _gunzip(chunks, where)
        case "zstd":
            out = _unzstd(chunks, where)
        case _:
            raise CorruptImage(
                f"{where}: compressed with {form or 'an unknown program'}",
                "layers are plain, gzip or zstd; convert the image",
            )
    return _bounded(out, where, ratio)


def _bounded(sizes: Iterator[tuple[int, bytes]], where: str, ratio: int) -> Iterator[bytes]:
    produced = 0
    for consumed, chunk in sizes:
        produced += len(chunk)
        if produced > RATIO_FLOOR and produced > ratio * max(consumed, 1):
            raise LimitExceeded(f"{where}: grows to over {ratio} times its compressed size (ratio)")
        yield chunk


def _gunzip(chunks: Iterator[bytes], where: str) -> Iterator[tuple[int, bytes]]:
    """Yield (bytes consumed so far, uncompressed chunk)."""
    consumed, fresh = 0, True
    inflate = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        data = chunk
        consumed += len(data)
        while data:
            if inflate.eof:
                # Padding after the last member is zeros; anything else starts another member.
                data = data.lstrip(b"\0")
                if not data:
                    break
                inflate, fresh = zlib.decompressobj(wbits=31), True
            try:
                out = inflate.decompress(data, _OUT)
            except zlib.error as error:
                raise CorruptImage(f"{where}: damaged gzip data ({error})") from error
            fresh = False
            if out:
                yield consumed, out
            data = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            if not out and not inflate.eof and not data:
                break
    while not inflate.eof:
        out = inflate.decompress(inflate.unconsumed_tail, _OUT)
        if not out:
            break
        yield consumed, out
    if not inflate.eof and not fresh:
        raise CorruptImage(f"{where}: truncated gzip data")


def _unzstd(chunks: Iterator[bytes], where: str) -> Iterator[tuple[int, bytes]]:
    """Yield (bytes consumed so far, uncompressed chunk).

    The stream reader gives bounded output, but takes a frame cut short for its end: the tar
    reader or the digest then says so.
    """
    source = _Reader(chunks)
    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    try:
        with decompressor.stream_reader(
            source,  # type: ignore[arg-type] # only its read is used
            read_size=1 << 17,
            read_across_frames=True,
        ) as out:
            while chunk := out.read(_OUT):
                yield source.consumed, chunk
    except zstandard.ZstdError as error:
        raise CorruptImage(f"{where}: damaged zstd data ({error})") from error


class _Reader:
    """A file-like view of chunks, as zstandard wants it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""
        self.consumed = 0

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        data, self._rest = self._rest[:size], self._rest[size:]
        self.consumed += len(data)
        return data
