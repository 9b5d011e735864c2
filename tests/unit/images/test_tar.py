"""The reader against Python's `tarfile` and against what the system's tar writes.

Where the two differ on purpose (Go's archive/tar decides what Docker sees), the case says so.
"""

import io
import random
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import CorruptImage, LimitExceeded
from seawall.images.blobs import MappedFile, looks_like_tar
from seawall.images.limits import Budget, Limits
from seawall.images.stream import ChunkStream, MappedStream
from seawall.images.tar import Kind, TarReader
from tests.unit.images.building import Entry, hard_link, packed, symlink


class TarEntry(NamedTuple):
    """The reader's plain tuples, with names for their fields."""

    name: bytes
    kind: int
    size: int
    link: bytes


Read = list[tuple[TarEntry, bytes]]

# --- reading the same bytes in both ways ---------------------------------------------------------


def taken(tar: TarReader) -> Read:
    """Return each entry; the content of each second file is skipped, not read."""
    found: Read = []
    for number, fields in enumerate(tar):
        entry = TarEntry(*fields)
        wanted = entry.kind == Kind.FILE and number % 2 == 0
        found.append((entry, tar.content() if wanted else b""))
    return found


def mapped(data: bytes, limits: Limits | None = None) -> Read:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        with MappedFile(Path(file.name), "test") as source:
            stream = MappedStream(source.data, 0, source.size, "test")
            return taken(TarReader(stream, Budget(limits or Limits())))


def cut(data: bytes, sizes: random.Random) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = sizes.choice((0, 1, 7, 100, 511, 512, 513, 4096))
        yield data[at : at + size]
        at += size


def chunked(data: bytes, seed: int, limits: Limits | None = None) -> Read:
    stream = ChunkStream(cut(data, random.Random(seed)), "test")
    return taken(TarReader(stream, Budget(limits or Limits())))


def read(data: bytes, limits: Limits | None = None) -> Read:
    """Return what both streams agree on."""
    whole = mapped(data, limits)
    assert chunked(data, 1, limits) == whole
    return whole


def entries(data: bytes) -> list[TarEntry]:
    return [entry for entry, _ in read(data)]


def refusal(data: bytes, limits: Limits | None = None) -> str:
    """Return why both streams refuse the archive."""
    with pytest.raises((CorruptImage, LimitExceeded)) as by_map:
        mapped(data, limits)
    with pytest.raises((CorruptImage, LimitExceeded)) as by_chunks:
        chunked(data, 1, limits)
    assert type(by_map.value) is type(by_chunks.value)
    return str(by_map.value)


# --- headers by hand -----------------------------------------------------------------------------


def header(  # noqa: PLR0917 - a header has many fields
    name: bytes = b"file",
    size: bytes = b"00000000000\0",
    kind: bytes = b"0",
    link: bytes = b"",
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
    checksum: bytes | None = None,
    end: bytes = b"",
) -> bytes:
    block = bytearray(512)
    block[: len(name)] = name
    block[100:124] = b"0000644\x000000000\x000000000\0"
    block[124 : 124 + len(size)] = size
    block[136:148] = b"00000000000\0"
    block[156:157] = kind
    block[157 : 157 + len(link)] = link
    block[257 : 257 + len(magic)] = magic
    block[345 : 345 + len(prefix)] = prefix
    if end:
        block[-len(end) :] = end
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block) if checksum is None else checksum
    return bytes(block)


def padded(content: bytes) -> bytes:
    return content + b"\0" * (-len(content) % 512)


def octal(number: int) -> bytes:
    return b"%011o\0" % number


def pax(*records: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    lines = b""
    for key, value in records:
        body = b" " + key + b"=" + value + b"\n"
        length = len(body) + 1
        while length != len(body) + len(b"%d" % length):
            length = len(body) + len(b"%d" % length)
        lines += b"%d" % length + body
    return header(b"pax", octal(len(lines)), kind) + padded(lines)


def long_name(name: bytes, kind: bytes = b"L") -> bytes:
    return header(b"././@LongLink", octal(len(name)), kind) + padded(name)


END = bytes(1024)

# --- against tarfile -----------------------------------------------------------------------------

_PART = st.text("abcdefgh.-_ äß漢\U0001f40b", min_size=1, max_size=60).filter(
    lambda part: part not in (".", "..")
)
_RAW_PART = st.binary(min_size=1, max_size=40).map(
    lambda raw: raw.replace(b"\0", b"x").replace(b"/", b"y").decode("utf-8", "surrogateescape")
)
_NAMES = st.lists(st.one_of(_PART, _RAW_PART), min_size=1, max_size=8).map("/".join)
_KINDS = st.sampled_from(
    [
        tarfile.REGTYPE,
        tarfile.REGTYPE,
        tarfile.AREGTYPE,
        tarfile.LNKTYPE,
        tarfile.SYMTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.DIRTYPE,
        tarfile.FIFOTYPE,
        tarfile.CONTTYPE,
    ]
)
_ENTRIES = st.builds(
    lambda name, content, kind, link: Entry(
        name,
        content if kind in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE) else b"",
        kind,
        link if kind in (tarfile.LNKTYPE, tarfile.SYMTYPE) else "",
    ),
    _NAMES,
    st.one_of(st.just(b""), st.binary(max_size=1200)),
    _KINDS,
    _NAMES,
)
_FORMS = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])


def written(contents: list[Entry], form: int) -> bytes:
    """Return the archive; what USTAR has no room for is left out."""
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for entry in contents:
            info = tarfile.TarInfo(entry.name)
            info.type, info.linkname, info.size = entry.kind, entry.link, len(entry.content)
            try:
                tar.addfile(info, io.BytesIO(entry.content))
            except ValueError:
                assert form == tarfile.USTAR_FORMAT
    return out.getvalue()


def oracle(data: bytes) -> list[tuple[bytes, int, int, bytes, bytes]]:
    kinds = {tarfile.AREGTYPE: b"0", tarfile.CONTTYPE: b"0"}
    found = []
    with tarfile.open(
        fileobj=io.BytesIO(data), mode="r:", encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isreg() else None
            name, link = (
                text.encode("utf-8", "surrogateescape") for text in (member.name, member.linkname)
            )
            kind = kinds.get(member.type, member.type)[0]
            found.append((name, kind, member.size, link, file.read() if file else b""))
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(_ENTRIES, max_size=6), _FORMS, st.integers(0, 1000))
def test_entries_are_those_that_tarfile_reads(contents: list[Entry], form: int, seed: int) -> None:
    data = written(contents, form)
    ours = mapped(data)
    assert chunked(data, seed) == ours
    theirs = oracle(data)
    assert [(e.name.rstrip(b"/"), e.kind, e.size) for e, _ in ours] == [
        (name.rstrip(b"/"), kind, size) for name, kind, size, _, _ in theirs
    ]
    links = (Kind.HARD_LINK, Kind.SYMLINK)
    assert [e.link for e, _ in ours if e.kind in links] == [
        link for _, kind, _, link, _ in theirs if kind in links
    ]
    assert [content for _, content in ours] == [
        content if number % 2 == 0 else b"" for number, (*_, content) in enumerate(theirs)
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(_ENTRIES, min_size=1, max_size=4), _FORMS, st.integers(0, 1 << 40), st.data())
def test_both_streams_agree_on_damaged_archives(
    contents: list[Entry], form: int, seed: int, data: st.DataObject
) -> None:
    archive = bytearray(written(contents, form).rstrip(b"\0") + bytes(600))
    for _ in range(data.draw(st.integers(1, 3))):
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.integers(0, 255))

    def outcome(result: Read | None, error: Exception | None) -> object:
        return type(error) if error else result

    def run(read_it: object) -> object:
        assert callable(read_it)
        try:
            return outcome(read_it(), None)
        except (CorruptImage, LimitExceeded) as error:
            return outcome(None, error)

    raw = bytes(archive)
    assert run(lambda: mapped(raw)) == run(lambda: chunked(raw, seed))


# --- sizes ---------------------------------------------------------------------------------------


class Endless:
    """A stream whose content is so large that only headers are real."""

    where = "test"

    def __init__(self, parts: list[bytes | int]) -> None:
        self._parts = parts
        self.skipped = 0

    def read(self, count: int) -> bytes:
        if not self._parts:
            return b""
        part = self._parts.pop(0)
        assert isinstance(part, bytes)
        assert len(part) == count
        return part

    def peek(self, count: int) -> bytes:
        return bytes(count)

    def view(self, _count: int) -> None:
        """Nothing: no content is real."""

    def skip(self, count: int) -> None:
        self.skipped += count


def only_headers(*blocks: bytes) -> tuple[list[TarEntry], int]:
    data = b"".join(blocks)
    stream = Endless([data[at : at + 512] for at in range(0, len(data), 512)])
    tar = TarReader(stream, Budget(Limits()))
    return [TarEntry(*entry) for entry in tar], stream.skipped


@pytest.mark.parametrize("size", [8 << 30, (8 << 30) + 1, 1 << 42, (1 << 62) + 5])
@pytest.mark.parametrize("form", ["pax", "base 256"])
def test_sizes_beyond_what_octal_holds_are_read(size: int, form: str) -> None:
    if form == "pax":
        blocks = pax((b"size", b"%d" % size)) + header()
    else:
        blocks = header(size=b"\x80" + size.to_bytes(11, "big"))
    (entry,), skipped = only_headers(blocks)
    assert entry.size == size
    assert skipped == size + -size % 512


@pytest.mark.parametrize(
    ("field", "size"),
    [
        (b"00000000012\0", 10),
        (b"000000000012", 10),
        (b"         12 ", 10),
        (b"12          ", 10),
        (b"12\0garbage\0\0", 10),
        # Go skips leading zero bytes; who does not would take the content for headers
        (b"\x0000000000012", 10),
        (b"\0\0\0  12\0   \0", 10),
        (bytes(12), 0),
        (b" " * 12, 0),
    ],
)
def test_a_size_may_be_filled_with_spaces_and_zero_bytes(field: bytes, size: int) -> None:
    (entry,) = entries(header(size=field) + (padded(bytes(size)) if size else b"") + END)
    assert entry.size == size


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (b"-0000000007\0", "negative size"),
        (b"\xff" * 12, "impossible size"),
        (b"\x80" + b"\xff" * 11, "impossible size"),
        (b"\x80" + b"\0" * 2 + b"\x01" + b"\0" * 8, "impossible size"),
        (b"\x81" + bytes(11), "no number"),
        (b"0000000000x\0", "no number"),
        (b"99999999999\0", "no number"),
        (b"12 34      \0", "no number"),
    ],
)
def test_sizes_that_no_entry_can_have_are_refused(field: bytes, why: str) -> None:
    assert why in refusal(header(size=field) + END)


@pytest.mark.parametrize("value", [b"-1", b"+1", b"1.5", b"x", b"9" * 20, b" 1"])
def test_pax_sizes_that_are_no_numbers_are_refused(value: bytes) -> None:
    assert "no number" in refusal(pax((b"size", value)) + header() + END)


def test_a_size_far_beyond_the_archive_is_truncation() -> None:
    huge = header(size=b"\x80" + (1 << 62).to_bytes(11, "big"))
    assert "truncated" in refusal(header() + huge + END)  # the second one is skipped
    assert "(file_bytes)" in refusal(huge + END)
    assert "truncated" in refusal(header(size=octal(600)) + bytes(512))


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"5", b"6"])
def test_links_devices_and_folders_carry_no_data_whatever_size_they_claim(kind: bytes) -> None:
    found = entries(header(b"odd", octal(4096), kind, b"x") + header(b"next") + END)
    assert [(entry.name, entry.size) for entry in found] == [(b"odd", 0), (b"next", 0)]


def test_an_unknown_type_is_a_file() -> None:
    found = entries(header(b"odd", octal(3), b"Z") + padded(b"abc") + header(b"next") + END)
    assert [(e.name, e.kind, e.size) for e in found] == [
        (b"odd", Kind.FILE, 3),
        (b"next", Kind.FILE, 0),
    ]


def test_a_file_larger_than_the_limit_is_refused_before_it_is_read() -> None:
    archive = header(size=octal(1025)) + bytes(1536) + END
    assert "1,025 bytes, more than 1,024 (file_bytes)" in refusal(archive, Limits(file_bytes=1024))


# --- names ---------------------------------------------------------------------------------------


def test_pax_records_override_name_size_and_link() -> None:
    archive = (
        pax((b"path", b"real"), (b"size", b"3"))
        + header(b"short", octal(0))
        + padded(b"abc")
        + pax((b"path", b"a link"), (b"linkpath", b"far/away"))
        + header(b"short", kind=b"2", link=b"near")
        + header(b"after")
        + END
    )
    assert read(archive) == [
        (TarEntry(b"real", Kind.FILE, 3, b""), b"abc"),
        (TarEntry(b"a link", Kind.SYMLINK, 0, b"far/away"), b""),
        (TarEntry(b"after", Kind.FILE, 0, b""), b""),
    ]


def test_empty_pax_values_change_nothing() -> None:
    archive = pax((b"path", b""), (b"linkpath", b""), (b"size", b"")) + header(
        b"link", kind=b"2", link=b"there"
    )
    assert entries(archive + END) == [TarEntry(b"link", Kind.SYMLINK, 0, b"there")]


def test_global_pax_headers_change_no_names() -> None:
    archive = pax((b"path", b"other"), (b"size", b"9"), kind=b"g") + header(b"file") + END
    assert entries(archive) == [TarEntry(b"file", Kind.FILE, 0, b"")]


def test_a_global_pax_header_uses_up_what_stands_before_it() -> None:
    # To Go it is an entry of its own, so the long name before it is not the next file's.
    for before in (pax((b"path", b"other")), long_name(b"other")):
        archive = before + pax((b"comment", b"x"), kind=b"g") + header(b"file") + END
        assert [entry.name for entry in entries(archive)] == [b"file"]


def test_a_gnu_long_name_ends_at_its_first_zero_byte() -> None:
    archive = long_name(b"var/lib/dpkg/status\0junk") + header(b"x")
    archive += long_name(b"target\0junk", b"K") + header(b"l", kind=b"2", link=b"x") + END
    assert [(entry.name, entry.link) for entry in entries(archive)] == [
        (b"var/lib/dpkg/status", b""),
        (b"l", b"target"),
    ]


def test_a_gnu_long_name_wins_over_a_pax_path() -> None:  # as in Go, in whatever order they come
    both = [long_name(b"gnu"), pax((b"path", b"pax"))]
    for order in (both, both[::-1]):
        assert [e.name for e in entries(b"".join(order) + header() + END)] == [b"gnu"]


def test_a_long_link_ends_with_the_entry_it_stands_before() -> None:
    archive = long_name(b"far", b"K") + header(b"file") + header(b"l", kind=b"2", link=b"near")
    assert entries(archive + END)[1].link == b"near"


@pytest.mark.parametrize(
    ("magic", "end", "name"),
    [
        (b"ustar\x0000", b"", b"usr/lib/name"),
        (b"ustar\x0000", b"tar\0", b"usr/lib/name"),
        (b"", b"", b"name"),  # V7 has no such field
        (b"ustar  \0", b"", b"usr/lib/name"),  # GNU has times there; this is none
    ],
)
def test_the_prefix_field_counts_where_the_format_has_one(
    magic: bytes, end: bytes, name: bytes
) -> None:
    archive = header(b"name", magic=magic, prefix=b"usr/lib", end=end) + END
    assert [entry.name for entry in entries(archive)] == [name]


def test_the_times_in_a_gnu_header_are_no_prefix() -> None:
    times = b"14000000000\x0014000000001\0"
    for prefix in (times, b"\x80" + bytes(11) + times[:12], b"14000000000 "):
        archive = header(b"name", magic=b"ustar  \0", prefix=prefix) + END
        assert [entry.name for entry in entries(archive)] == [b"name"]


def test_the_times_in_schilys_format_follow_a_shorter_prefix() -> None:
    prefix = b"./" * 65 + b"x" + b"14000000000 14000000000 "
    (entry,) = entries(header(b"status", prefix=prefix, end=b"tar\0") + END)
    assert entry.name == b"./" * 65 + b"x/status"


def test_a_v7_folder_is_a_name_with_a_slash_at_its_end() -> None:
    archive = header(b"usr/", octal(700), b"\0", magic=b"") + header(
        b"usr/x", kind=b"\0", magic=b""
    )
    assert looks_like_tar(archive[:512])
    assert [(e.name, e.kind) for e in entries(archive + END)] == [
        (b"usr/", Kind.DIRECTORY),
        (b"usr/x", Kind.FILE),
    ]


def test_a_name_may_fill_its_whole_field() -> None:
    assert entries(header(b"n" * 100) + END)[0].name == b"n" * 100


# --- sparse files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        ["--format=gnu"],
        ["--format=posix", "--sparse-version=0.0"],
        ["--format=posix", "--sparse-version=0.1"],
        ["--format=posix", "--sparse-version=1.0"],
    ],
    ids=lambda form: form[-1],
)
def test_sparse_files_of_gnu_tar_have_their_holes_filled(tmp_path: Path, form: list[str]) -> None:
    if shutil.which("tar") is None:
        pytest.skip("needs GNU tar")
    contents: dict[str, dict[int, bytes]] = {  # offset → data, the last one at the end
        "few": {0: b"start", 1 << 18: b"middle", (1 << 20) - 3: b"end"},
        "hole-first": {1 << 19: b"x" * 5000},
        "only-holes": {},
        "many": {number << 14: b"%d" % number for number in range(120)},
        "hole-last": {0: b"y" * 4096},
        "n" * 120: {1 << 17: b"long name"},
    }
    expected = {}
    for name, pieces in contents.items():
        with (tmp_path / name).open("wb") as file:
            for offset, piece in pieces.items():
                file.seek(offset)
                file.write(piece)
            file.truncate(1 << 21)
        expected[name.encode()] = (tmp_path / name).read_bytes()
    plain = b"plain" * 100
    (tmp_path / "plain").write_bytes(plain)
    made = subprocess.run(
        ["tar", "--sparse", *form, "-c", *contents, "plain"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"needs GNU tar: {made.stderr.decode()[:80]}")
    if len(made.stdout) > 1 << 21:
        pytest.skip("needs a file system that says where holes are")
    for seed in range(3):
        tar = TarReader(ChunkStream(cut(made.stdout, random.Random(seed)), "t"), Budget(Limits()))
        found = {name: (size, tar.content()) for name, _, size, _ in tar}
        assert found.pop(b"plain") == (len(plain), plain)
        assert {name: content for name, (_, content) in found.items()} == expected
        assert {size for size, _ in found.values()} == {1 << 21}
    # skipping them, not reading, ends at the same place
    assert [e.name for e in entries(made.stdout)] == [*expected, b"plain"]


def _zero_one(*more: tuple[bytes, bytes]) -> bytes:
    return pax((b"GNU.sparse.major", b"0"), (b"GNU.sparse.minor", b"1"), *more)


@pytest.mark.parametrize(
    "records",
    [
        [(b"GNU.sparse.name", b"other")],
        [(b"GNU.sparse.size", b"99"), (b"GNU.sparse.name", b"other")],
        [(b"GNU.sparse.major", b"2"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"other")],
        [(b"GNU.sparse.major", b"1"), (b"GNU.sparse.name", b"other"), (b"GNU.sparse.map", b"0,3")],
    ],
)
def test_sparse_records_of_no_known_version_change_nothing(
    records: list[tuple[bytes, bytes]],
) -> None:
    archive = pax(*records) + header(b"file", octal(3)) + padded(b"abc") + END
    assert read(archive) == [(TarEntry(b"file", Kind.FILE, 3, b""), b"abc")]


@pytest.mark.parametrize(
    "before",
    [
        _zero_one((b"GNU.sparse.map", b"0,3,9"), (b"GNU.sparse.size", b"10")),
        _zero_one((b"GNU.sparse.map", b"0,-3"), (b"GNU.sparse.size", b"10")),
        _zero_one((b"GNU.sparse.map", b"0,,"), (b"GNU.sparse.size", b"10")),
        _zero_one((b"GNU.sparse.map", b"0," + b"9" * 30), (b"GNU.sparse.size", b"10")),
        _zero_one((b"GNU.sparse.map", b"8,3"), (b"GNU.sparse.size", b"10")),
        _zero_one((b"GNU.sparse.map", b"0,4"), (b"GNU.sparse.size", b"10")),
        _zero_one((b"GNU.sparse.map", b"0,3"), (b"GNU.sparse.size", b"-1")),
        pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0")),
    ],
)
def test_impossible_sparse_maps_are_refused(before: bytes) -> None:
    assert "sparse" in refusal(before + header(b"file", octal(3)) + padded(b"abc") + END)


@pytest.mark.parametrize(
    "content", [b"", b"9\n0\n1\n", b"x\n", b"1\n0\n", b"-1\n", b"9" * 40 + b"\n", b"1\n0\n999\n"]
)
def test_damaged_sparse_maps_in_front_of_the_data_are_refused(content: bytes) -> None:
    before = pax(
        (b"GNU.sparse.major", b"1"),
        (b"GNU.sparse.minor", b"0"),
        (b"GNU.sparse.realsize", b"100"),
    )
    archive = before + header(b"file", octal(len(content))) + padded(content) + END
    assert "sparse" in refusal(archive)


def test_a_sparse_file_that_is_mostly_data_beyond_its_size_is_refused_before_it_is_read() -> None:
    before = _zero_one((b"GNU.sparse.map", b"0,3"), (b"GNU.sparse.size", b"10"))
    archive = before + header(b"file", octal(8 << 20)) + bytes(8 << 20) + END
    assert "sparse file with more data" in refusal(archive)


def test_a_small_archive_cannot_ask_for_a_huge_sparse_file() -> None:
    before = _zero_one((b"GNU.sparse.map", b"0,3"), (b"GNU.sparse.size", b"%d" % (1 << 60)))
    archive = before + header(b"file", octal(3)) + padded(b"abc") + END
    assert "(file_bytes)" in refusal(archive)


# --- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_truncation_inside_an_entry_is_noticed(form: int) -> None:
    name = "folder/" + "n" * (90 if form == tarfile.USTAR_FORMAT else 150)
    archive = packed([Entry(name, b"content" * 100), Entry("last", b"x" * 600)], form)
    end = len(archive.rstrip(b"\0"))
    whole = read(archive)
    for at in range(1, end + 1, 37):
        if at % 512:
            assert "truncated" in refusal(archive[:at])
        else:
            try:
                found = read(archive[:at])
            except CorruptImage as error:
                reason = str(error)
            else:  # between two entries: a clean end
                found, reason = [], "" if found == whole[: len(found)] else "wrong entries"
            assert not reason or "truncated" in reason


def test_an_archive_may_end_without_zero_blocks() -> None:
    assert len(entries(header() + header())) == 2
    assert entries(b"") == []


def test_nothing_counts_after_a_zero_block() -> None:
    assert len(entries(header() + bytes(512) + header(b"hidden"))) == 1


@pytest.mark.parametrize(
    "checksum", [b"000000\0 ", b"       \0", b"xxxxxx\0 ", bytes(8), b"-00001\0 "]
)
def test_a_wrong_checksum_ends_the_reading(checksum: bytes) -> None:
    assert "not a tar archive" in refusal(header(checksum=checksum) + END)
    assert "damaged" in refusal(header() + header(checksum=checksum) + END)


def test_every_damaged_byte_of_a_header_is_noticed() -> None:
    good = header(b"file", prefix=b"usr")
    for at in range(512):
        if not 148 <= at < 156:
            damaged = bytearray(good)
            damaged[at] ^= 1
            assert "not a tar archive" in refusal(bytes(damaged) + END)


@pytest.mark.parametrize("form", [b"%06o\0 ", b"%07o\0", b"%6o\0 ", b"%7o ", b"%08o"])
def test_checksums_are_accepted_in_every_spelling(form: bytes) -> None:
    total = sum(header(checksum=b" " * 8))
    assert len(entries(header(checksum=form % total) + END)) == 1


def test_checksums_of_signed_bytes_are_accepted() -> None:
    name = "naïve-ü".encode("latin-1")
    block = header(name, checksum=b" " * 8)
    signed = sum(byte - 256 if byte > 127 else byte for byte in block)
    assert [e.name for e in entries(header(name, checksum=b"%06o\0 " % signed) + END)] == [name]


@pytest.mark.parametrize(
    "content",
    [
        *(b"x", b"5", b"4 a=\n", b"99 path=x\n", b"9 path=x\nx", b"10 path=xy", b"-9 path=x\n"),
        *(b"0 \n", b"9 pathxx\n", b" path=x\n", b"9" * 30 + b" path=x\n", b"3 \n", b"\xb2 a=b\n"),
    ],
)
def test_damaged_pax_records_are_refused(content: bytes) -> None:
    archive = header(b"pax", octal(len(content)), b"x") + padded(content) + header() + END
    assert "damaged pax header" in refusal(archive)


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_an_extended_header_larger_than_any_name_is_refused(kind: bytes) -> None:
    assert "extended header" in refusal(header(b"h", octal((1 << 20) + 1), kind) + END)


def test_more_entries_than_the_limit_are_refused() -> None:
    archive = header() * 11 + END
    assert "more than 10 entries (entries)" in refusal(archive, Limits(entries=10))
    assert len(read(archive, Limits(entries=11))) == 11


def test_hard_links_and_symbolic_links_keep_their_targets_as_stored() -> None:
    found = entries(packed([hard_link("a", "./b//c"), symlink("d", "../../e")]))
    assert [(e.kind, e.link) for e in found] == [
        (Kind.HARD_LINK, b"./b//c"),
        (Kind.SYMLINK, b"../../e"),
    ]
