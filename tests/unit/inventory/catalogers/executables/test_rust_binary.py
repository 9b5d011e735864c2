import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.executables import executable
from seawall.model import Incomplete, Package
from tests.unit.inventory.catalogers.executables.elf_files import elf

# As cargo-auditable 0.7 writes it: "runtime" is left out.
CRATES = {
    "packages": [
        {"name": "cc", "version": "1.0.83", "source": "crates.io", "kind": "build"},
        {"name": "itoa", "version": "1.0.9", "source": "crates.io"},
        {
            "name": "shop",
            "version": "0.3.0",
            "source": "local",
            "dependencies": [1],
            "root": True,
        },
    ],
    "format": 1,
}


def facts(section: bytes) -> list[object]:
    return list(executable(ImageFile("bin/shop", elf({".dep-v0": section, ".text": b"x"}))))


def packed(document: object) -> bytes:
    return zlib.compress(json.dumps(document).encode())


def test_crates_that_only_built_the_program_are_left_out() -> None:
    assert facts(packed(CRATES)) == [
        Package("cargo", "itoa", "1.0.9", evidence="cargo-auditable's list"),
        Package("cargo", "shop", "0.3.0", evidence="cargo-auditable's list, source local"),
    ]


def test_a_bomb_ends_at_its_limit() -> None:
    (fact,) = facts(zlib.compress(b"[" * (64 << 20)))
    assert isinstance(fact, Incomplete)
    assert "limited" in fact.reason


@pytest.mark.parametrize(
    "section",
    [
        b"no zlib",
        packed(CRATES)[:40],
        zlib.compress(b"no JSON"),
        zlib.compress(b"[" * 100_000),
        packed([]),
        packed({"packages": {}}),
        packed({"packages": [{"name": "x"}, {"name": "a b", "version": "1"}]}),
    ],
)
def test_a_list_that_cannot_be_read_is_said_once(section: bytes) -> None:
    assert [type(fact) for fact in facts(section)] == [Incomplete]


def test_a_program_without_the_list_says_nothing() -> None:
    assert list(executable(ImageFile("bin/x", elf({".text": b"x"})))) == []


@given(st.recursive(st.none() | st.integers() | st.text(), lambda v: st.dictionaries(
    st.sampled_from(["packages", "name", "version", "kind", "source"]), v | st.lists(v)
)))  # fmt: skip
def test_any_document_is_taken(document: object) -> None:
    facts(packed(document))


@given(st.integers(0, 100), st.integers(0, 255))
def test_no_damage_makes_the_reader_fail(at: int, byte: int) -> None:
    section = bytearray(packed(CRATES))
    section[at % len(section)] = byte
    facts(bytes(section))
