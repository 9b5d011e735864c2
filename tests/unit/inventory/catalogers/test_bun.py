import pytest

from seawall.inventory.catalogers.bun import BUN, BUN_BINARY
from seawall.model import Incomplete
from tests.patience import ends
from tests.unit.inventory.catalogers.locks import JAVASCRIPT, facts, named, recorded


def test_the_packages_are_those_of_the_project() -> None:
    assert set(recorded(BUN, "bun/bun.lock")) == JAVASCRIPT


def test_comments_and_commas_are_cut_only_outside_of_strings() -> None:
    content = """\
// first
{ "packages": { /* a, } */
    "a//b": ["@x/a,]@1.0.0", "", {}, "//,}"], // , ]
    "b": ["b@2.0.0",],
    "c": ["c@workspace:c"], "d": ["d@github:user/d#0123", {}, "x"], "e": [], "f": 1,
  },
}
"""
    assert named(BUN, content) == ["@x/a,] 1.0.0", "b 2.0.0"]


@pytest.mark.parametrize("piece", [b"/*", b"/* ", b'"\\"', b",  ", b"//", b'"', b"/* *", b"\\"])
def test_a_hostile_file_ends_soon(piece: bytes) -> None:
    with ends(), pytest.raises(ValueError, match=r"."):
        facts(BUN, piece * (1_000_000 // len(piece)))


def test_the_binary_form_is_said_to_be_unread() -> None:
    found = facts(BUN_BINARY, b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n")
    assert [type(fact) for fact in found] == [Incomplete]
