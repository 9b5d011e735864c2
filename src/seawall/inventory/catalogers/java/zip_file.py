"""Read the few entries of a zip file that matter, by its central directory (APPNOTE.TXT).

`zipfile` makes an object for each entry, which takes longer than all else for jars with thousands
of classes. Bytes in front of the archive (a start script) and zip64 are understood; the archive's
end is where Java looks for it.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct

_END = Struct("<4s4xHHIIH")  # signature, entries here, entries, size, offset, comment
_LOCATOR = Struct("<4s4xQ4x")
_END64 = Struct("<4s28xQQQ")  # signature, entries, size, offset
_ENTRY = Struct("<4s4xHH4xIII")  # signature, flags, method, crc, packed, size
_LENGTHS = Struct("<HHH")  # name, extra, comment
_OFFSET = Struct("<I")
_LOCAL = Struct("<4s22xHH")
_WIDE = 0xFFFFFFFF
_FIXED = 46
_COMMENT = 0xFFFF
_ENCRYPTED = 1
_STORED, _DEFLATED = 0, 8


class Damaged(ValueError):
    """The archive does not hold together."""


class Limited(ValueError):
    """The archive asks for more than it may."""


@dataclass(slots=True)
class Budget:
    """How much the archives inside one file may ask for together."""

    # Content and directories, as they are read: what stands there once may be asked for often.
    size_bytes: int = 1 << 30
    entries: int = 1_000_000
    archives: int = 10_000

    def spend_bytes(self, count: int) -> None:
        """Count `count` more bytes that are read."""
        self.size_bytes -= count
        if self.size_bytes < 0:
            self.size_bytes = 0
            raise Limited("limited: too much in it")

    def spend_entries(self, count: int) -> None:
        """Count `count` more entries of a directory."""
        self.entries -= count
        if self.entries < 0:
            raise Limited("limited: too many entries")

    def spend_archive(self) -> None:
        """Count one more archive."""
        self.archives -= 1
        if self.archives < 0:
            raise Limited("limited: too many archives in one another")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int  # of its local header


@dataclass(frozen=True, slots=True)
class ZipFile:
    """An archive, with those of its entries that were asked for."""

    view: memoryview
    directory: bytes
    entries: tuple[Entry, ...]
    is_cut: bool  # the directory ends before it should

    def content(self, entry: Entry, limit: int, budget: Budget) -> memoryview:
        """Return an entry's content.

        Raises:
            Damaged: it is not where it should be, encrypted, or not what its checksum says.
            Limited: it is larger than `limit`, or than what is left of `budget`.
        """
        start = entry.offset
        if start + _LOCAL.size > len(self.view):
            raise Damaged(f"{entry.name} is not in the archive")
        signature, name, extra = _LOCAL.unpack_from(self.view, start)
        start += _LOCAL.size + name + extra
        packed = self.view[start : start + entry.packed]
        if signature != b"PK\x03\x04" or len(packed) < entry.packed:
            raise Damaged(f"{entry.name} is not in the archive")
        if entry.flags & _ENCRYPTED:
            raise Damaged(f"{entry.name} is encrypted")
        if entry.size > limit:
            raise Limited(f"limited: {entry.name} is larger than {limit:,} bytes")
        content = packed
        budget.spend_bytes(len(packed))
        if entry.method == _DEFLATED:
            most = min(limit, budget.size_bytes)
            budget.size_bytes -= most  # also where nothing comes of it
            content = memoryview(_inflated(packed, most, entry.name))
            budget.size_bytes += most - len(content)
        elif entry.method != _STORED:
            raise Damaged(f"{entry.name} is compressed by an unknown method ({entry.method})")
        elif len(content) > limit:
            raise Limited(f"limited: {entry.name} is larger than {limit:,} bytes")
        if zlib.crc32(content) != entry.crc:
            raise Damaged(f"{entry.name} is not what its checksum says")
        return content


def read(view: memoryview, wanted: Callable[[bytes], bool], budget: Budget) -> ZipFile | None:
    """Return the archive in `view` with the entries whose name is `wanted`; None for no archive.

    Raises:
        Damaged: there is an end of an archive, and nothing it could be the end of.
        Limited: it has more entries than are left of `budget`.
    """
    found = _directory(view)
    if found is None:
        return None
    start, size, shift = found
    budget.spend_bytes(size)
    directory = bytes(view[start : start + size])
    entries: list[Entry] = []
    at = count = 0
    allowed, lengths = budget.entries, _LENGTHS.unpack_from
    while at + _FIXED <= size and directory[at : at + 4] == b"PK\x01\x02" and count <= allowed:
        name_length, extra, comment = lengths(directory, at + 28)
        end = at + _FIXED + name_length
        name = directory[at + _FIXED : end]
        count += 1
        if wanted(name):
            entries.append(_entry(directory, at, name, directory[end : end + extra], shift))
        at = end + extra + comment
    budget.spend_entries(count)
    return ZipFile(view, directory, tuple(entries), is_cut=at != size)


def _directory(view: memoryview) -> tuple[int, int, int] | None:
    """Return where the directory starts, its size, and how far all offsets are shifted."""
    tail_start = max(len(view) - _COMMENT - _END.size, 0)
    tail = bytes(view[tail_start:])
    at = last = tail.rfind(b"PK\x05\x06", 0, max(len(tail) - _END.size + 4, 0))
    while at >= 0 and at + _END.size + _END.unpack_from(tail, at)[-1] != len(tail):
        at = tail.rfind(b"PK\x05\x06", 0, at)
    if at < 0:
        at = last  # something stands behind the archive
    if at < 0:
        return None
    _, _, _, size, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    wide = _wide_end(view, end)
    if wide is not None:
        end, size, offset = wide
    shift = end - size - offset
    if shift < 0:
        raise Damaged("its directory is cut off")
    return end - size, size, shift


def _wide_end(view: memoryview, end: int) -> tuple[int, int, int] | None:
    """Return where zip64's end record is, and the directory's size and offset it names."""
    if end < _LOCATOR.size:
        return None
    signature, at = _LOCATOR.unpack_from(view, end - _LOCATOR.size)
    if signature != b"PK\x06\x07":
        return None
    # With bytes in front of the archive the record is not where the locator says but before it.
    for place in (at, end - _LOCATOR.size - _END64.size):
        if 0 <= place <= len(view) - _END64.size:
            signature, _, size, offset = _END64.unpack_from(view, place)
            if signature == b"PK\x06\x06" and size + offset <= place:
                return place, size, offset
    raise Damaged("its zip64 end record is missing")


def _entry(directory: bytes, at: int, name: bytes, extra: bytes, shift: int) -> Entry:
    _, flags, method, crc, packed, size = _ENTRY.unpack_from(directory, at)
    offset = _OFFSET.unpack_from(directory, at + 42)[0]
    if _WIDE in {packed, size, offset}:
        size, packed, offset = _wide(extra, size, packed, offset)
    return Entry(
        name.decode("utf-8", "backslashreplace"), flags, method, crc, packed, size, offset + shift
    )


def _wide(extra: bytes, *values: int) -> tuple[int, ...]:
    """Return the values, each that did not fit taken from zip64's extra field in their order."""
    at = 0
    while at + 4 <= len(extra):
        kind = int.from_bytes(extra[at : at + 2], "little")
        length = int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            numbers = iter(
                int.from_bytes(field[start : start + 8], "little")
                for start in range(0, len(field), 8)
            )
            return tuple(next(numbers, _WIDE) if v == _WIDE else v for v in values)
        at += 4 + length
    return values


def _inflated(packed: memoryview, limit: int, name: str) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, limit + 1)
    except zlib.error as error:
        raise Damaged(f"{name} is damaged ({error})") from error
    if len(content) > limit:
        raise Limited(f"limited: {name} is larger than {limit:,} bytes")
    if not inflater.eof:
        raise Damaged(f"{name} is cut off")
    return content
