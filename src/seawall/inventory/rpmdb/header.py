"""A record of rpm's database: the header of an installed package.

rpm documentation, "RPM V4 Package format", section "Header structure" (``docs/manual/format.md``),
and ``include/rpm/rpmtag.h`` for the tags. In the database the header stands without its magic:
number of entries, size of the data, the entries (tag, type, offset, count), the data. All numbers
are big-endian, whatever the machine.
"""

import struct
from enum import IntEnum

_SIZES = struct.Struct(">II")
_ENTRY = struct.Struct(">IIII")
_ENTRIES = 0xFFFF  # rpm reads no header with more (lib/header.c, hdrchkTags)
_NUMBER = {2: "b", 3: "H", 4: "I", 5: "Q"}  # type → struct's letter
_BYTE_TYPES = (1, 2)  # characters and 8-bit numbers
_TEXT, _TEXTS, _TRANSLATED = 6, 8, 9


class Tag(IntEnum):
    """The tags that are read here."""

    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    ARCH = 1022
    OLD_NAMES = 1027  # whole paths, before rpm 4
    STATES = 1029
    DIGESTS = 1035
    FLAGS = 1037
    SOURCE = 1044
    FOLDER_OF = 1116
    BASENAMES = 1117
    FOLDERS = 1118
    DIGEST_ALGORITHM = 5011
    MODULE = 5096


class Header:
    """One header; values are decoded when they are asked for."""

    def __init__(self, blob: bytes) -> None:
        """Read the list of entries.

        Raises:
            ValueError: `blob` is no header, or ends too early.
        """
        if len(blob) < _SIZES.size:
            raise ValueError("a header of a few bytes")
        count, size = _SIZES.unpack_from(blob)
        start = _SIZES.size + count * _ENTRY.size
        if not 0 < count <= _ENTRIES or start + size > len(blob):
            raise ValueError(f"a header with {count:,} entries and {size:,} bytes of data")
        # What rpm adds at installation stands last, and replaces what was built in.
        self._entries = {
            tag: (kind, start + offset, number)
            for tag, kind, offset, number in _ENTRY.iter_unpack(blob[_SIZES.size : start])
            if offset <= size
        }
        self._blob = blob[: start + size]
        self.size = len(self._blob)

    def __contains__(self, tag: Tag) -> bool:
        return tag in self._entries

    def text(self, tag: Tag) -> str:
        """Return the first text of a tag; empty where there is none."""
        texts = self._texts(tag, first_only=True)
        return texts[0].decode("utf-8", "backslashreplace") if texts else ""

    def texts(self, tag: Tag) -> list[bytes]:
        """Return all texts of a tag.

        Raises:
            ValueError: there are fewer than the header says.
        """
        return self._texts(tag)

    def _texts(self, tag: Tag, first_only: bool = False) -> list[bytes]:
        kind, offset, count = self._entries.get(tag, (_TEXT, 0, 0))
        if kind not in {_TEXT, _TEXTS, _TRANSLATED} or not count:
            return []
        count = 1 if first_only or kind == _TEXT else count
        if count == 1:
            end = self._blob.find(b"\0", offset)
            found = [self._blob[offset:end], b""] if end >= 0 else []
        else:
            found = self._blob[offset:].split(b"\0", count)
        if len(found) <= count:
            raise ValueError(f"tag {int(tag)}: a list of texts that ends too early")
        return found[:count]

    def numbers(self, tag: Tag) -> tuple[int, ...]:
        """Return all numbers of a tag; of characters, their codes.

        Raises:
            ValueError: there are fewer than the header says.
        """
        kind, offset, count = self._entries.get(tag, (4, 0, 0))
        if kind in _BYTE_TYPES:
            found = tuple(self._blob[offset : offset + count])
            if len(found) != count:
                raise ValueError(f"tag {int(tag)}: a list of numbers that ends too early")
            return found
        letter = _NUMBER.get(kind)
        if letter is None:
            return ()
        if offset + count * struct.calcsize(f">{letter}") > len(self._blob):
            raise ValueError(f"tag {int(tag)}: a list of numbers that ends too early")
        return struct.unpack_from(f">{count}{letter}", self._blob, offset)
