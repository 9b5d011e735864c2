"""Read the layout of programs for Apple's systems (``mach-o/loader.h``), one architecture a file.

Files with several architectures are left out: they start as Java classes do, and there are tens of
thousands of those.
"""

from struct import Struct

from seawall.inventory.catalogers.executables.layout import MAX_PARTS, Layout, Part, within

MAGICS = (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")  # 64 and 32 bit, little-endian
_COUNT = Struct("<16xI")
_COMMAND = Struct("<II")  # kind, size
_SEGMENT = {1: Struct("<8x16sIIII8xI4x"), 0x19: Struct("<8x16sQQQQ8xI4x")}
_SECTION = {1: Struct("<16s16sIII24x"), 0x19: Struct("<16s16sQQI28x")}
_TEXT = b"__TEXT"


def read(content: bytes) -> Layout | None:
    """Return the layout; None when it is not one of these files."""
    if content[:4] not in MAGICS or len(content) < 32:
        return None
    at = 32 if content[:4] == MAGICS[0] else 28
    sections: dict[bytes, Part] = {}
    mapped: list[Part] = []
    writable: list[Part] = []
    for _ in range(min(_COUNT.unpack_from(content)[0], MAX_PARTS)):
        if at + _COMMAND.size > len(content):
            break
        kind, size = _COMMAND.unpack_from(content, at)
        segment = _SEGMENT.get(kind)
        end = at + size
        if segment is not None and segment.size <= size <= len(content) - at:
            name, address, _, offset, length, count = segment.unpack_from(content, at)
            part = within(Part(address, offset, length), len(content))
            if part.size:
                mapped.append(part)
                if not name.startswith(_TEXT):
                    writable.append(part)
            form = _SECTION[kind]
            start = at + segment.size
            count = min(count, MAX_PARTS - len(sections), (end - start) // form.size)
            table = content[start : start + max(count, 0) * form.size]
            for title, _, address, length, offset in form.iter_unpack(table):
                part = within(Part(address, offset, length), len(content))
                sections.setdefault(title.rstrip(b"\0"), part)
        if size < _COMMAND.size:
            break
        at = end
    return Layout(sections, sorted(mapped), tuple(writable), tuple(writable))
