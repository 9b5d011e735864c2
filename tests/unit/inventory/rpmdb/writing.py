"""Write headers and databases in rpm's own form, as hostile or damaged as a test likes."""

import struct
import zlib

from seawall.inventory.rpmdb.header import Tag

Value = str | list[str] | list[int] | bytes


def header(values: dict[str, Value]) -> bytes:
    """Return a header: texts, lists of texts, lists of 32-bit numbers, and single bytes."""
    entries, data = b"", b""
    for name, value in values.items():
        match value:
            case str():
                kind, count, stored = 6, 1, value.encode() + b"\0"
            case bytes():
                kind, count, stored = 1, len(value), value
            case [str(), *_]:
                kind, count = 8, len(value)
                stored = b"".join(str(text).encode() + b"\0" for text in value)
            case _:
                kind, count = 4, len(value)
                data += bytes(-len(data) % 4)
                stored = struct.pack(f">{count}I", *value)
        entries += struct.pack(">IIII", Tag[name], kind, len(data), count)
        data += stored
    return struct.pack(">II", len(values), len(data)) + entries + data


def own_form(*headers: bytes, shared: bool = False) -> bytes:
    """Return a database in rpm's own form; with `shared` all slots mean the first record."""
    pages = 1 + len(headers) // 250
    slots, records = b"", b""
    for number, blob in enumerate(headers, 1):
        blocks = -(-(28 + len(blob)) // 16)
        if records and shared:
            slots += struct.pack("<4sIII", b"Slot", 1, pages * 256, blocks)
            continue
        slots += struct.pack("<4sIII", b"Slot", number, pages * 256 + len(records) // 16, blocks)
        record = struct.pack("<4sIII", b"BlbS", number, 0, len(blob)) + blob
        record += bytes(blocks * 16 - 12 - len(record))
        records += record + struct.pack("<II4s", zlib.adler32(record), len(blob), b"BlbE")
    slots += b"".join(b"Slot" + bytes(12) for _ in range(pages * 256 - 2 - len(headers)))
    return struct.pack("<4sIIII12x", b"RpmP", 0, 1, pages, len(headers) + 1) + slots + records
