import bz2
import gzip
import lzma
import random
import resource
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import CorruptImage, LimitExceeded
from seawall.images import compression

CONTENT = random.Random(1).randbytes(300_000) + b"a" * 3_000_000 + b"the end"
SKIPPABLE = b"\x55\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"


def zstd(data: bytes, *, checksum: bool = False, size: bool = True) -> bytes:
    return zstandard.ZstdCompressor(1, write_checksum=checksum, write_content_size=size).compress(
        data
    )


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def restored(data: bytes, size: int = 1 << 16, ratio: int = 200) -> bytes:
    return b"".join(compression.decompressed(cut(data, size), data[:512], "layer", ratio))


@pytest.mark.parametrize("size", [97, 4096, 1 << 16, 1 << 24])
@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(CONTENT),
        gzip.compress(CONTENT[:1000]) + gzip.compress(b"") + gzip.compress(CONTENT[1000:]),
        gzip.compress(CONTENT) + bytes(1000),
        gzip.compress(CONTENT[:5]) + bytes(512) + gzip.compress(CONTENT[5:]) + bytes(512),
        zstd(CONTENT),
        zstd(CONTENT, checksum=True, size=False),
        zstd(CONTENT[:1000]) + zstd(b"") + zstd(CONTENT[1000:]),
        SKIPPABLE + zstd(CONTENT),
        zstd(CONTENT[:1000]) + SKIPPABLE * 3 + zstd(CONTENT[1000:]) + SKIPPABLE,
    ],
    ids=[
        *("gzip", "members", "padded", "padded-members"),
        *("zstd", "streamed", "frames", "skippable", "chunked"),
    ],
)
def test_the_content_comes_back(data: bytes, size: int) -> None:
    assert compression.is_compressed(data[:6])
    assert restored(data, size) == CONTENT


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.binary(max_size=2000), min_size=1, max_size=4), st.integers(1, 3000), st.booleans()
)
def test_any_members_in_any_chunks_are_one_stream(parts: list[bytes], size: int, gz: bool) -> None:
    data = b"".join(gzip.compress(part) if gz else zstd(part) for part in parts)
    assert restored(data, size) == b"".join(parts)


@pytest.mark.parametrize("at", [7, 11, 30, 1000, 100_000, -1, -4, -8, -9])
def test_gzip_data_that_ends_too_early_is_refused(at: int) -> None:
    with pytest.raises(CorruptImage, match="truncated gzip"):
        restored(gzip.compress(CONTENT)[:at])


def test_a_gzip_member_that_is_only_begun_is_truncated() -> None:
    with pytest.raises(CorruptImage, match="truncated gzip"):
        restored(gzip.compress(CONTENT) + b"\x1f\x8b")


@pytest.mark.parametrize("at", [10, 1000, 200_000, -1])
def test_zstd_data_that_ends_too_early_yields_no_more_than_there_is(at: int) -> None:
    # A frame cut short looks like its end; the tar reader or the digest notices
    # (sources/test_archive).
    assert CONTENT.startswith(restored(zstd(CONTENT)[:at]))


@pytest.mark.parametrize("at", [2, 500, 100_000, -3, -7])
def test_damaged_gzip_data_is_refused(at: int) -> None:
    data = bytearray(gzip.compress(CONTENT))
    data[at] ^= 0xFF
    with pytest.raises(CorruptImage, match="gzip"):
        restored(bytes(data))


def test_damaged_zstd_data_is_refused() -> None:
    data = bytearray(zstd(CONTENT, checksum=True))
    data[-2] ^= 0xFF
    with pytest.raises(CorruptImage, match="damaged zstd"):
        restored(bytes(data))
    with pytest.raises(CorruptImage, match="damaged zstd"):
        restored(compression.ZSTD + b"\xff" * 100)


def test_what_follows_the_compressed_data_must_be_compressed_too() -> None:
    with pytest.raises(CorruptImage, match="gzip"):
        restored(gzip.compress(CONTENT) + b"garbage")
    with pytest.raises(CorruptImage, match="zstd"):
        restored(zstd(CONTENT) + b"garbage!")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (bz2.compress(b"x"), "bzip2"),
        (lzma.compress(b"x"), "xz"),
        (b"\x04\x22\x4d\x18" + bytes(20), "lz4"),
    ],
)
def test_other_compressions_are_refused_by_name(data: bytes, name: str) -> None:
    assert compression.is_compressed(data[:6])
    with pytest.raises(CorruptImage, match=name) as refused:
        restored(data)
    assert "convert" in refused.value.hint


@pytest.mark.parametrize("start", [b"", b"\x1f", b"ustar", b"{", bytes(6), b"\x50\x2a\x4d"])
def test_what_is_plain_counts_as_plain(start: bytes) -> None:
    assert not compression.is_compressed(start)


def bomb(form: str) -> Iterator[bytes]:
    """Yield the compressed form of 600 MB of zeros, without ever having them."""
    zeros = bytes(1 << 20)
    if form == "gzip":
        deflate = zlib.compressobj(9, wbits=31)
        for _ in range(600):
            yield deflate.compress(zeros)
        yield deflate.flush()
    else:
        squeeze = zstandard.ZstdCompressor(3).compressobj()
        for _ in range(600):
            yield squeeze.compress(zeros)
        yield squeeze.flush()


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_a_bomb_is_refused_in_bounded_memory(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.images.compression.RATIO_FLOOR", 64 << 20)
    start = compression.GZIP if form == "gzip" else compression.ZSTD
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    compressed = (part for part in bomb(form) if part)
    sizes = map(len, compression.decompressed(compressed, start, "layer", 200))
    try:
        with pytest.raises(LimitExceeded, match=r"over 200 times .* \(ratio\)"):
            assert max(sizes) <= 1 << 20
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48 << 10  # KiB


def test_a_small_layer_may_compress_as_well_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seawall.images.compression.RATIO_FLOOR", 1 << 20)
    small, large = gzip.compress(bytes(1 << 20), 9), gzip.compress(bytes((1 << 20) + 1), 9)
    assert len(restored(small)) == 1 << 20
    with pytest.raises(LimitExceeded):
        restored(large)
    assert len(restored(large, ratio=2000)) == (1 << 20) + 1


def test_a_zstd_window_of_gigabytes_is_refused() -> None:
    huge = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=28, compression_level=1)
    ).compressobj()
    data = huge.compress(b"x" * 100) + huge.flush()
    with pytest.raises(CorruptImage, match="zstd"):
        restored(data)
