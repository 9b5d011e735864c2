"""rpm's database in its own form (``Packages.db``; SUSE).

rpm, ``lib/backend/ndb/rpmpkg.c``. A table of slots, 16 bytes each, says for each package where its
record stands, in blocks of 16 bytes. A record has a head and a tail, with its length in both and an
Adler-32 sum over all that is before it. All numbers are little-endian.
"""

import struct
import zlib
from collections.abc import Iterator

from seawall.inventory.rpmdb.damage import Damage

_HEADER = struct.Struct("<4sIII")  # magic, version, generation, pages of slots
_SLOT = struct.Struct("<4sIII")  # magic, package, first block, blocks
_HEAD = struct.Struct("<4sIII")  # magic, package, time, length
_TAIL = struct.Struct("<II4s")  # sum, length, magic
_PAGE = 4096
_BLOCK = 16
_HEADER_SLOTS = 2  # the header stands in place of the first two slots


def records(content: bytes) -> Iterator[bytes | Damage]:
    """Yield each record, in the order of the slots."""
    if len(content) < _HEADER.size:
        yield Damage("no database of rpm's own form")
        return
    magic, version, _, pages = _HEADER.unpack_from(content)
    if magic != b"RpmP" or version != 0:
        yield Damage(f"no database of rpm's own form ({magic!r}, version {version})")
        return
    if pages * _PAGE > len(content):
        yield Damage("the file ends within its table of packages")
        pages = len(content) // _PAGE
    table = memoryview(content)[_HEADER_SLOTS * _SLOT.size : pages * _PAGE]
    for magic, package, first, blocks in _SLOT.iter_unpack(table[: len(table) // 16 * 16]):
        if magic != b"Slot":
            yield Damage("an entry of the table of packages that is none")
        elif first:  # else the slot is free
            yield _record(content, package, first * _BLOCK, blocks * _BLOCK)


def _record(content: bytes, package: int, start: int, size: int) -> bytes | Damage:
    if size < _HEAD.size + _TAIL.size or start + size > len(content):
        return Damage(f"package {package}: its record is not in the file")
    magic, number, _, length = _HEAD.unpack_from(content, start)
    end = start + size - _TAIL.size
    total, again, closing = _TAIL.unpack_from(content, end)
    needed = -(-(_HEAD.size + length + _TAIL.size) // _BLOCK) * _BLOCK
    if (magic, closing, number, again, needed) != (b"BlbS", b"BlbE", package, length, size):
        return Damage(f"package {package}: its record has no proper head and tail")
    if zlib.adler32(memoryview(content)[start:end]) != total:
        return Damage(f"package {package}: its record has changed since it was written")
    return content[start + _HEAD.size : start + _HEAD.size + length]
