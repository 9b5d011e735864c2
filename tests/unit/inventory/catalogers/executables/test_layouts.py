"""Windows' and Apple's forms: as much of them as Go's build information needs."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.executables import executable, mach_o, pe
from seawall.model import Package
from tests.unit.inventory.catalogers.executables.test_go_binary import EXPECTED, LIST, inline

BLOB = inline("go1.21.5", LIST)


def windows(blob: bytes, name: bytes = b".data") -> bytes:
    optional = pack("<H22xQ", 0x20B, 0x400000).ljust(112, b"\0")
    header = b"MZ".ljust(0x3C, b"\0") + pack("<I", 0x40)
    coff = b"PE\0\0" + pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0)
    at = 0x200
    flags = 0x40 | 0x40000000 | 0x80000000
    section = pack("<8sIIIIIIHHI", name, len(blob), 0x1000, len(blob), at, 0, 0, 0, 0, flags)
    return (header + coff + optional + section).ljust(at, b"\0") + blob


def apple(blob: bytes) -> bytes:
    at, address = 0x200, 0x100000000
    section = pack("<16s16sQQIIIIIIII", b"__go_buildinfo", b"__DATA", address, len(blob), at,
                   4, 0, 0, 0, 0, 0, 0)  # fmt: skip
    size = 72 + len(section)
    segment = pack("<II16sQQQQIIII", 0x19, size, b"__DATA", address, len(blob), at, len(blob),
                   3, 3, 1, 0)  # fmt: skip
    header = pack("<IIIIIIII", 0xFEEDFACF, 0x0100000C, 0, 2, 1, size, 0, 0)
    return (header + segment + section).ljust(at, b"\0") + blob


@pytest.mark.parametrize("content", [windows(BLOB), apple(BLOB)], ids=["windows", "apple"])
def test_go_programs_for_other_systems_are_read(content: bytes) -> None:
    found = [f for f in executable(ImageFile("x", content)) if isinstance(f, Package)]
    assert [(f.name, f.version) for f in found] == EXPECTED


def test_other_files_that_begin_so_say_nothing() -> None:
    assert list(executable(ImageFile("x", b"MZ" + b"\0" * 500))) == []
    assert list(executable(ImageFile("x", mach_o.MAGICS[0]))) == []


@given(st.sampled_from([windows(BLOB), apple(BLOB)]), st.data())
def test_no_damage_makes_the_readers_fail(content: bytes, data: st.DataObject) -> None:
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        changed[data.draw(st.integers(0, 0x200))] = data.draw(st.integers(0, 255))
    cut = bytes(changed[: data.draw(st.integers(0, len(changed)))])
    list(executable(ImageFile("x", cut)))
    for layout in (pe.read(cut), mach_o.read(cut)):
        for part in layout.mapped if layout else ():
            assert 0 <= part.offset <= part.offset + part.size <= len(cut)
