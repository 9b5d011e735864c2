"""rpm's database as a hash of Berkeley DB (``Packages``; up to RHEL 8 and Fedora 32).

Berkeley DB 5.3, ``src/dbinc/db_page.h``. The file is a list of pages. Pages of the hash hold pairs
of key and value: the key is the package's number, the value its record, or where a chain of pages
holds it. The order of bytes is that of the machine that wrote it; the first page's magic tells.
"""

import struct
from collections.abc import Iterator

from seawall.inventory.rpmdb.damage import Damage

_MAGIC = 0x061561
_META_TYPE = 8
_HASH_PAGES = (2, 13)  # unsorted, before 4.6, and sorted
_CHAIN_PAGE = 7
_PAGE_HEAD = 26
_HERE, _ELSEWHERE = 1, 3  # where a value stands
_CHECKSUMMED = 1


def records(content: bytes) -> Iterator[bytes | Damage]:
    """Yield each record, in the order of the pages."""
    order = next((o for o in "<>" if _number(content, 12, o) == _MAGIC), None)
    if order is None or len(content) < 512 or content[25] != _META_TYPE:
        yield Damage("no hash of Berkeley DB")
        return
    size, last = _number(content, 20, order), _number(content, 32, order)
    if not 512 <= size <= 65536 or size & (size - 1):
        yield Damage(f"a hash of Berkeley DB with pages of {size:,} bytes")
        return
    if content[24] or content[26] & _CHECKSUMMED:
        yield Damage("an encrypted or checksummed database, as rpm never makes one")
        return
    if (last + 1) * size > len(content):
        yield Damage(f"the file ends before page {last}")
        last = len(content) // size - 1
    pages = _Pages(content, size, last, order)
    for number in range(1, last + 1):
        if content[number * size + 25] in _HASH_PAGES:
            yield from pages.values(number)


def _number(content: bytes, place: int, order: str) -> int:
    return int.from_bytes(content[place : place + 4], "little" if order == "<" else "big")


class _Pages:
    """The pages of a database; no page belongs to two chains, so each chain has an end."""

    def __init__(self, content: bytes, size: int, last: int, order: str) -> None:
        self._content, self._size, self._last, self._order = content, size, last, order
        self._seen: set[int] = set()

    def values(self, number: int) -> Iterator[bytes | Damage]:
        """Yield the values on a page of the hash."""
        page = self._content[number * self._size : (number + 1) * self._size]
        (entries,) = struct.unpack_from(f"{self._order}H", page, 20)
        if entries % 2 or _PAGE_HEAD + 2 * entries > self._size:
            yield Damage(f"page {number} has {entries} entries")
            return
        places = struct.unpack_from(f"{self._order}{entries}H", page, _PAGE_HEAD)
        # Entries stand from the end of the page downward, so each ends where the one before starts.
        ends = (self._size, *places)
        for index in range(0, entries, 2):
            key = page[places[index] + 1 : ends[index]]
            place, end = places[index + 1], ends[index + 1]
            if not _PAGE_HEAD <= place < end <= self._size:
                yield Damage(f"page {number}: an entry that overlaps another")
            elif len(key) == 4 and not any(key):
                continue  # what the next package will be called
            elif page[place] == _HERE:
                yield page[place + 1 : end]
            elif page[place] == _ELSEWHERE and place + 12 <= end:
                first = _number(page, place + 4, self._order)
                yield self._chain(first, _number(page, place + 8, self._order))
            else:
                yield Damage(f"page {number}: an entry of unknown kind {page[place]}")

    def _chain(self, first: int, length: int) -> bytes | Damage:
        parts: list[bytes] = []
        missing, number = length, first
        while missing > 0:
            if not 0 < number <= self._last or number in self._seen:
                return Damage(f"page {number} is not there, or there twice")
            self._seen.add(number)
            page = self._content[number * self._size : (number + 1) * self._size]
            (used,) = struct.unpack_from(f"{self._order}H", page, 22)
            if page[25] != _CHAIN_PAGE or not 0 < used <= self._size - _PAGE_HEAD:
                return Damage(f"page {number} holds no part of a record")
            parts.append(page[_PAGE_HEAD : _PAGE_HEAD + min(used, missing)])
            missing -= len(parts[-1])
            number = _number(page, 16, self._order)
        return b"".join(parts)
