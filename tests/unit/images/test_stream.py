import errno
import mmap
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import CorruptImage, SourceUnavailable
from seawall.images.blobs import MappedFile
from seawall.images.stream import ByteStream, ChunkStream, Descriptor, MappedStream


def mapped(data: bytes, start: int = 0) -> MappedStream:
    memory = mmap.mmap(-1, max(len(data) + start, 1))
    memory[start : start + len(data)] = data
    return MappedStream(memory, start, start + len(data), "test")


def outcome(stream: ByteStream, steps: list[tuple[bool, int]]) -> list[bytes | str]:
    found: list[bytes | str] = []
    for reads, count in steps:
        try:
            if reads:
                found.append(stream.read(count))
            else:
                stream.skip(count)
        except CorruptImage as error:
            return [*found, str(error)]
    return found


@given(
    st.binary(max_size=3000),
    st.lists(st.tuples(st.booleans(), st.integers(1, 700)), max_size=12),
    st.lists(st.integers(0, 900), max_size=12),
)
def test_both_streams_read_and_skip_alike(
    data: bytes, steps: list[tuple[bool, int]], sizes: list[int]
) -> None:
    def chunks() -> Iterator[bytes]:
        at = 0
        for size in sizes:
            yield data[at : at + size]
            at += size
        yield data[at:]

    whole = outcome(mapped(data), steps)
    assert outcome(ChunkStream(chunks(), "test"), steps) == whole
    assert outcome(mapped(data, 4096), steps) == whole


def test_a_clean_end_is_empty_and_stays_so() -> None:
    for stream in (mapped(b"abc"), ChunkStream(iter((b"a", b"", b"bc")), "test")):
        assert stream.read(3) == b"abc"
        assert stream.read(1) == stream.read(9) == b""


def test_an_end_in_the_middle_says_where_it_is() -> None:
    for stream in (mapped(b"abc"), ChunkStream(iter((b"abc",)), "test")):
        with pytest.raises(CorruptImage, match=r"^test: truncated, it ends after 3 bytes"):
            stream.read(4)
    for stream in (mapped(b"abc"), ChunkStream(iter((b"a", b"bc")), "test")):
        with pytest.raises(CorruptImage, match="ends after 3 bytes"):
            stream.skip(1 << 62)


def test_draining_takes_every_chunk() -> None:
    chunks = iter([b"x" * size for size in range(9)])
    stream = ChunkStream(chunks, "test")
    assert stream.read(2) == b"xx"
    stream.drain()
    assert next(chunks, None) is None
    assert stream.read(1) == b""


def test_a_mapped_file_gives_back_what_lies_behind_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "large"
    content = random.Random(1).randbytes(1 << 20)
    with path.open("wb") as file:
        for _ in range(64):
            file.write(content)
    with MappedFile(path, "test") as source:
        stream = MappedStream(source.data, 0, source.size, "test")
        for _ in range(64):
            assert stream.read(1 << 10) == content[: 1 << 10]
            stream.skip((1 << 20) - (1 << 10))
        resident = [
            int(line.split()[1])
            for line in Path("/proc/self/smaps").read_text().split(str(path))[1].splitlines()
            if line.startswith("Rss:")
        ]
        assert resident[0] <= 32 << 10  # KiB
        assert b"".join(source.chunks(5, 5 + (3 << 20))) == (content * 4)[5 : 5 + (3 << 20)]


def test_an_empty_file_is_read_as_such(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with MappedFile(tmp_path / "empty", "test") as source:
        assert MappedStream(source.data, 0, source.size, "test").read(512) == b""
        assert list(source.chunks(0, 0)) == []


class _Failing(Descriptor):
    """The descriptor of a file on a disk that fails."""

    def read(self, count: int, at: int) -> bytes:  # noqa: ARG002 - as it is called
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_disk_that_fails_is_said_of_the_file_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(2 << 20))
    with MappedFile(path, "test") as source:
        failing = _Failing(os.open(path, os.O_RDONLY))
        stream = MappedStream(source.data, 0, source.size, "test", failing)
        with pytest.raises(SourceUnavailable, match=r"^test: cannot be read \(Input/output error"):
            stream.read(1 << 20)


def test_what_is_no_readable_file_is_said_to_be_unavailable(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent", tmp_path / ("n" * 300), Path("/dev/null")):
        with pytest.raises(SourceUnavailable, match=r"^test: "):
            MappedFile(path, "test")
