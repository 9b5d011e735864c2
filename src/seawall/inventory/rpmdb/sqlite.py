"""rpm's database as an SQLite file (``rpmdb.sqlite``; Fedora 33, RHEL 9 and later).

SQLite documentation, "Database File Format". The records are the blobs of the table ``Packages``
(rpm, ``lib/backend/sqlite.c``). The pages are read here, not by SQLite: a file made by somebody
else may hold views and triggers in place of tables, and of a damaged one every page that is whole
still counts. Changes that stand only in a ``-wal`` beside the file are not seen.
"""

import struct
from collections.abc import Iterator

from seawall.inventory.rpmdb.damage import Damage

MAGIC = b"SQLite format 3\0"
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_WAL_HEADER = 32
_FRAME_HEADER = 24
_INTERIOR, _LEAF = 0x05, 0x0D
_TABLE = b"Packages"
_COLUMNS = 8  # no table of rpm's has more than five
_SCHEMA_ROWS = 1_000
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # by serial type; 7 is a real number


def records(content: bytes) -> Iterator[bytes | Damage]:
    """Yield each record of the table, in the order of the tree."""
    if not content.startswith(MAGIC) or len(content) < 100:
        yield Damage("no SQLite database")
        return
    size = int.from_bytes(content[16:18])
    size = 65536 if size == 1 else size
    usable = size - content[20]
    if size < 512 or size & (size - 1) or usable < 480:
        yield Damage(f"an SQLite database with pages of {size} bytes")
        return
    claimed = int.from_bytes(content[28:32])
    if claimed * size > len(content):
        yield Damage(f"the file ends before page {claimed}")
    pages = _Pages(content, size, usable)
    root = 0
    for number, payload in enumerate(pages.rows(1)):
        if isinstance(payload, Damage):
            yield payload
            continue
        row = _values(payload)
        if row[:2] == [b"table", _TABLE] and len(row) > 3:
            root = int.from_bytes(row[3])
        if root or number > _SCHEMA_ROWS:
            break
    if not root:
        yield Damage("no table of packages")
        return
    for payload in pages.rows(root):
        if isinstance(payload, Damage):
            yield payload
        elif len(row := _values(payload)) > 1:
            yield row[1]
        else:
            yield Damage("a row that is none of the table's")


def has_pending_changes(content: bytes) -> bool:
    """Tell whether a write-ahead log holds a whole transaction.

    It may have been written back to the database already; only the two files together tell.
    """
    if len(content) < _WAL_HEADER or int.from_bytes(content[:4]) not in _WAL_MAGIC:
        return False
    size, salts = int.from_bytes(content[8:12]), content[16:24]
    if size < 512:
        return False
    for start in range(_WAL_HEADER, len(content) - _FRAME_HEADER - size + 1, _FRAME_HEADER + size):
        if content[start + 8 : start + 16] != salts:
            return False
        if content[start + 4 : start + 8] != b"\0\0\0\0":  # size of the database: a commit
            return True
    return False


class _Pages:
    """The pages of a database; each is read once, so that no loop is without an end."""

    def __init__(self, content: bytes, size: int, usable: int) -> None:
        self._content, self._size, self._usable = content, size, usable
        self._count = len(content) // size
        self._seen: set[int] = set()

    def _take(self, number: int) -> bytes | None:
        if not 0 < number <= self._count or number in self._seen:
            return None
        self._seen.add(number)
        return self._content[(number - 1) * self._size : number * self._size]

    def rows(self, root: int) -> Iterator[bytes | Damage]:
        """Yield the payload of each row of a table."""
        pending = [root]
        while pending:
            number = pending.pop()
            page = self._take(number)
            if page is None:
                yield Damage(f"page {number} is not there, or there twice")
                continue
            head = 100 if number == 1 else 0
            kind = page[head]
            cells = int.from_bytes(page[head + 3 : head + 5])
            table = head + (12 if kind == _INTERIOR else 8)
            if kind not in {_INTERIOR, _LEAF} or table + 2 * cells > self._usable:
                yield Damage(f"page {number} is no page of a table")
                continue
            places = struct.unpack_from(f">{cells}H", page, table)
            if kind == _LEAF:
                for place in places:
                    yield self._payload(page, place, number)
                continue
            children = [int.from_bytes(page[place : place + 4]) for place in places]
            children.append(int.from_bytes(page[head + 8 : head + 12]))
            pending.extend(reversed(children))

    def _payload(self, page: bytes, place: int, number: int) -> bytes | Damage:
        length, place = _varint(page, place)
        _, place = _varint(page, place)
        if length > len(self._content):
            return Damage(f"page {number}: a row of {length:,} bytes")
        usable = self._usable
        if length <= usable - 35:
            return page[place : place + length]
        # How much of a long row stands in the page itself: "Cell payload overflow pages".
        least = (usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (usable - 4)
        local = local if local <= usable - 35 else least
        parts = [page[place : place + local]]
        following = int.from_bytes(page[place + local : place + local + 4])
        missing = length - local
        while missing > 0:
            further = self._take(following)
            if further is None:
                return Damage(f"page {number}: a row that goes on at page {following}")
            part = further[4 : 4 + min(missing, usable - 4)]
            parts.append(part)
            missing -= len(part)
            following = int.from_bytes(further[:4])
        return b"".join(parts)


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a number of 1 to 9 bytes and where it ends; what the data lacks counts as zero."""
    value = 0
    for _ in range(8):
        byte = data[place] if place < len(data) else 0
        place += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place
    return value << 8 | (data[place] if place < len(data) else 0), place + 1


def _values(payload: bytes) -> list[bytes]:
    """Return the columns of a row as they are stored; of a damaged row those before the damage."""
    end, place = _varint(payload, 0)
    values: list[bytes] = []
    start = end
    while place < end and len(values) < _COLUMNS:
        serial, place = _varint(payload, place)
        size = _INTEGER_BYTES[serial] if serial < 10 else max(0, serial - 12) // 2
        if start + size > len(payload):
            break
        values.append(payload[start : start + size])
        start += size
    return values
