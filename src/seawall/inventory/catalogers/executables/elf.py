"""Read the layout of ELF files (elf(5); System V ABI, "Object Files"), 32 and 64 bit, both orders.

Every library of an image passes here, so what most files need is cheap: one look at the names of
the sections. A program runs without a section table or with a broken one (the kernel reads the
segments only), so a broken table counts as none.
"""

from struct import Struct

from seawall.inventory.catalogers.executables.layout import MAX_PARTS, Layout, Part, within

MAGIC = b"\x7fELF"
_LOAD, _NOBITS = 1, 8
_WRITE, _ALLOC, _CODE = 1, 2, 4  # flags of sections
_SEGMENT_CODE, _SEGMENT_WRITE = 1, 2


class _Form:
    """The structures of one class and byte order.

    `header` yields phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx.
    """

    def __init__(self, order: str, is_wide: bool) -> None:
        word, entry = ("Q", 8) if is_wide else ("I", 4)
        self.is_wide = is_wide
        self.header = Struct(f"{order}24x{entry}x{word}{word}6xHHHHH")
        # Name, type, flags, address, offset, size, and the rest.
        self.section = Struct(f"{order}II{word}{word}{word}{word}II{word}{word}")
        self.segment = Struct(f"{order}IIQQ8xQQ8x" if is_wide else f"{order}IIIIIIII")

    def segment_fields(self, fields: tuple[int, ...]) -> tuple[int, int, Part]:
        """Return type, flags and part of a segment."""
        if self.is_wide:
            kind, flags, offset, address, size, _ = fields
        else:
            kind, offset, address, _, size, _, flags, _ = fields
        return kind, flags, Part(address, offset, size)


_FORMS = {
    (width, order): _Form("<" if order == 1 else ">", width == 2)
    for width in (1, 2)
    for order in (1, 2)
}


def section_names(content: bytes | memoryview) -> bytes:
    """Return the names of the sections, each with a zero byte behind; empty without a table."""
    form = _form(content)
    if form is None or len(content) < form.header.size:
        return b""
    _, start, _, _, entry, count, index = form.header.unpack_from(content)
    at = start + index * entry
    if not start or entry != form.section.size or not 0 < index < count:
        return b""
    if at + entry > len(content):
        return b""
    fields = form.section.unpack_from(content, at)
    names = content[fields[4] : fields[4] + fields[5]] if fields[1] != _NOBITS else b""
    return bytes(names)


def read(content: bytes) -> Layout | None:
    """Return the layout; None for what no loader would take for an ELF file."""
    form = _form(content)
    if form is None or len(content) < form.header.size:
        return None
    start, table, entry, count, section_size, sections, _ = form.header.unpack_from(content)
    mapped: list[Part] = []
    writable: list[Part] = []
    data: list[Part] = []
    for fields in _entries(content, form.segment, start, entry, count):
        kind, flags, part = form.segment_fields(fields)
        part = within(part, len(content))
        if kind != _LOAD or not part.size:
            continue
        mapped.append(part)
        if flags & _SEGMENT_WRITE and not flags & _SEGMENT_CODE:
            writable.append(part)
        if not flags & _SEGMENT_CODE:
            data.append(part)
    named: dict[bytes, Part] = {}
    allocated: list[Part] = []
    names = section_names(content)
    for name, kind, flags, address, offset, size, *_ in _entries(
        content, form.section, table, section_size, sections if names else 0
    ):
        part = within(Part(address, offset, size), len(content))
        if kind in {0, _NOBITS} or not part.size:
            continue
        named.setdefault(names[name : max(names.find(b"\0", name), name)], part)
        if flags & _ALLOC and not flags & _CODE:
            allocated.append(part)
    # Linkers of old put constants beside code: then only the sections tell them apart.
    return Layout(named, sorted(mapped), tuple(writable), tuple(allocated or data))


def _form(content: bytes | memoryview) -> _Form | None:
    if content[:4] != MAGIC or len(content) < 6:
        return None
    return _FORMS.get((content[4], content[5]))


def _entries(
    content: bytes, form: Struct, start: int, entry: int, count: int
) -> list[tuple[int, ...]]:
    """Return the entries of a table; none when it is not in the file or of another size."""
    count = min(count, MAX_PARTS)
    if not start or entry != form.size or start + entry * count > len(content):
        return []
    return list(form.iter_unpack(content[start : start + entry * count]))
