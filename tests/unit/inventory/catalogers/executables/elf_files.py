"""ELF files made in memory: sections by name, and one writable segment at an address."""

from struct import pack

ADDRESS = 0x500000
_WRITE, _ALLOC, _CODE = 1, 2, 4


def elf(  # noqa: PLR0917 - the parts of a file, nearly always left out
    sections: dict[str, bytes],
    width: int = 64,
    order: str = "<",
    writable: tuple[str, ...] = (),
    code: tuple[str, ...] = (),
    with_table: bool = True,
) -> bytes:
    """Return an ELF file; `writable` sections lie in a segment of their own, at `ADDRESS`."""
    is_wide = width == 64
    header_size, segment_size = (64, 56) if is_wide else (52, 32)
    body = bytearray(header_size + 2 * segment_size)
    places: dict[str, tuple[int, int]] = {}
    for name in (*(n for n in sections if n not in writable), *writable):
        body += b"\0" * (-len(body) % 16)
        places[name] = len(body), len(sections[name])
        body += sections[name]
    first = min((places[n][0] for n in writable), default=len(body))
    names = b"\0" + b"".join(name.encode() + b"\0" for name in (*sections, ".shstrtab"))
    names_at = len(body)
    body += names
    body += b"\0" * (-len(body) % 8)
    table_at = len(body)
    word = "Q" if is_wide else "I"

    def section(name: str, kind: int, flags: int, address: int, place: tuple[int, int]) -> bytes:
        at, size = place
        where = names.find(b"\0" + name.encode() + b"\0") + 1 if name else 0
        form = f"{order}II{word}{word}{word}{word}II{word}{word}"
        return pack(form, where, kind, flags, address, at, size, 0, 0, 1, 0)

    table = section("", 0, 0, 0, (0, 0))
    for name, (at, size) in places.items():
        flags = _ALLOC | (_WRITE if name in writable else 0) | (_CODE if name in code else 0)
        address = ADDRESS + at - first if name in writable else at
        table += section(name, 1, flags, address, (at, size))
    table += section(".shstrtab", 3, 0, 0, (names_at, len(names)))
    count = len(places) + 2
    body[:header_size] = b"\x7fELF" + bytes(
        [2 if is_wide else 1, 1 if order == "<" else 2, 1] + [0] * 9
    ) + pack(
        f"{order}HHI{word}{word}{word}IHHHHHH",
        2, 62, 1, 0, header_size, table_at if with_table else 0, 0, header_size, segment_size, 2,
        (64 if is_wide else 40) if with_table else 0, count if with_table else 0,
        count - 1 if with_table else 0,
    )  # fmt: skip
    segments = ((5, 0, 0, first), (6, first, ADDRESS, names_at - first))
    for number, (flags, at, address, size) in enumerate(segments):
        start = header_size + number * segment_size
        fields = (
            pack(f"{order}IIQQQQQQ", 1, flags, at, address, address, size, size, 16)
            if is_wide
            else pack(f"{order}IIIIIIII", 1, at, address, address, size, size, flags, 16)
        )
        body[start : start + segment_size] = fields
    return bytes(body) + (table if with_table else b"")
