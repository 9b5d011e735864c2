import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.catalogers.executables.elf import read, section_names
from seawall.inventory.catalogers.executables.layout import Layout, Part, searchable
from tests.unit.inventory.catalogers.executables.elf_files import ADDRESS, elf

FORMS = [(width, order) for width in (32, 64) for order in "<>"]
SAMPLE = {".text": b"code", ".rodata": b"words", ".data": b"changes"}


def layout_of(content: bytes) -> Layout:
    layout = read(content)
    assert layout is not None
    return layout


@pytest.mark.parametrize(("width", "order"), FORMS)
def test_sections_are_found_by_name_in_every_class_and_order(width: int, order: str) -> None:
    content = elf(SAMPLE, width, order, writable=(".data",), code=(".text",))
    layout = layout_of(content)
    for name, expected in SAMPLE.items():
        part = layout.sections[name.encode()]
        assert content[part.offset : part.offset + part.size] == expected
    assert b".rodata\0" in section_names(content)


@pytest.mark.parametrize(("width", "order"), FORMS)
def test_an_address_leads_to_its_place_in_the_file(width: int, order: str) -> None:
    content = elf(SAMPLE, width, order, writable=(".data",))
    layout = layout_of(content)
    at = layout.offset_of(ADDRESS + 2)
    assert at is not None
    assert content[at : at + 3] == b"ang"
    assert layout.offset_of(1 << 40) is None


def test_code_is_no_data() -> None:
    layout = layout_of(elf(SAMPLE, writable=(".data",), code=(".text",)))
    assert layout.sections[b".text"] not in layout.data
    assert layout.sections[b".rodata"] in layout.data


def test_without_a_section_table_the_segments_count() -> None:
    content = elf(SAMPLE, writable=(".data",), with_table=False)
    layout = layout_of(content)
    assert section_names(content) == b""
    assert layout.sections == {}
    assert [content[p.offset : p.offset + 7] for p in layout.writable] == [b"changes"]


def test_a_section_that_claims_more_than_the_file_ends_with_it() -> None:
    content = elf(SAMPLE)
    part = layout_of(content).sections[b".data"]
    assert layout_of(content.replace(part.size.to_bytes(8, "little"), b"\xff" * 7 + b"\x7f"))


@pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is not installed")
@pytest.mark.skipif(sys.platform != "linux", reason="needs an ELF file of this machine")
def test_readelf_sees_the_same_sections() -> None:
    program = Path("/bin/sh").resolve()
    shown = subprocess.run(
        ["readelf", "-SW", program], capture_output=True, text=True, check=True
    ).stdout
    row = re.compile(r"\] (\S+) +(?!NOBITS)[A-Z_]+ +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)")
    expected = {
        name.encode(): Part(*(int(number, 16) for number in numbers))
        for name, *numbers in row.findall(shown)
    }
    assert layout_of(program.read_bytes()).sections == expected


@given(st.data())
def test_no_damage_makes_the_reader_fail(data: st.DataObject) -> None:
    content = bytearray(elf(SAMPLE, *data.draw(st.sampled_from(FORMS)), writable=(".data",)))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    section_names(cut)
    layout = read(cut)
    for part in [] if layout is None else [*layout.sections.values(), *layout.mapped]:
        assert 0 <= part.offset <= part.offset + part.size <= len(cut)


def test_a_table_beyond_all_memory_is_none() -> None:
    content = bytearray(elf(SAMPLE))
    content[40:48] = b"\xff" * 8
    assert section_names(bytes(content)) == b""
    assert layout_of(bytes(content)).sections == {}


def test_parts_that_lie_over_one_another_are_not_all_searched() -> None:
    parts = [Part(0, 0, 100 << 20)] * 4000
    assert len(searchable(parts)) == 2


@given(st.binary(max_size=400))
def test_what_only_begins_like_an_elf_file_is_taken_too(rest: bytes) -> None:
    read(b"\x7fELF" + rest)
    section_names(b"\x7fELF" + rest)
