"""Read the layout of Windows programs (Microsoft's "PE Format"): .NET images, tools for Windows."""

from struct import Struct

from seawall.inventory.catalogers.executables.layout import MAX_PARTS, Layout, Part, within

MAGIC = b"MZ"
_LFANEW = Struct("<I")
_COFF = Struct("<4s2xH12xH2x")  # signature, sections, size of the optional header
_SECTION = Struct("<8sIIII12xI")  # name, size in memory, address, size, offset, flags
_CODE, _INITIALISED, _WRITE = 0x20, 0x40, 0x80000000
_WIDE = 0x20B  # PE32+


def read(content: bytes) -> Layout | None:
    """Return the layout; None for another file that starts with ``MZ``."""
    if len(content) < 0x40:
        return None
    at = _LFANEW.unpack_from(content, 0x3C)[0]
    if at + _COFF.size + 32 > len(content):
        return None
    signature, count, optional = _COFF.unpack_from(content, at)
    if signature != b"PE\0\0":
        return None
    start = at + _COFF.size
    is_wide = int.from_bytes(content[start : start + 2], "little") == _WIDE
    where, width = (24, 8) if is_wide else (28, 4)
    base = int.from_bytes(content[start + where : start + where + width], "little")
    start += optional
    count = min(count, MAX_PARTS)
    if start + count * _SECTION.size > len(content):
        return None
    sections: dict[bytes, Part] = {}
    writable: list[Part] = []
    data: list[Part] = []
    table = content[start : start + count * _SECTION.size]
    for name, _, address, size, offset, flags in _SECTION.iter_unpack(table):
        part = within(Part(base + address, offset, size), len(content))
        if not part.size:
            continue
        sections.setdefault(name.rstrip(b"\0"), part)
        if flags & _INITIALISED and flags & _WRITE:
            writable.append(part)
        if flags & _INITIALISED and not flags & _CODE:
            data.append(part)
    return Layout(sections, sorted(sections.values()), tuple(writable), tuple(data))
