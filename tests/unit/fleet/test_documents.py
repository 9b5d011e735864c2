"""Values as bytes and back, with texts as images have them."""

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.fleet.documents import packed, unpacked
from seawall.model import Severity
from tests.unit.fleet.databases.test_text import ANY


@dataclass(frozen=True)
class _Part:
    text: str
    number: float | None


@dataclass(frozen=True)
class _Whole:
    name: str
    data: bytes
    severity: Severity
    parts: tuple[_Part, ...]
    by_number: dict[int, list[tuple[int, int]]]
    by_text: dict[str, str]


PARTS = st.builds(_Part, ANY, st.none() | st.floats(0, 10))
WHOLES = st.builds(
    _Whole,
    ANY,
    st.binary(max_size=5) | st.just("\ufdd0".encode()),
    st.sampled_from(Severity),
    st.lists(PARTS, max_size=3).map(tuple),
    st.dictionaries(st.integers(0, 9), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)))),
    st.dictionaries(ANY, ANY, max_size=2),
)
DECODER = msgspec.msgpack.Decoder(_Whole)


@given(WHOLES)
def test_every_value_comes_back(value: _Whole) -> None:
    assert unpacked(packed(value), DECODER) == value


@given(WHOLES, WHOLES)
def test_equal_values_and_no_others_have_equal_bytes(one: _Whole, other: _Whole) -> None:
    assert (packed(one) == packed(other)) == (one == other)


@given(st.binary(max_size=40) | WHOLES.map(lambda value: packed(value)[:-1] + b"\xc1"))
def test_what_is_no_such_value_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's words
        unpacked(data + b"\xc1", DECODER)


def test_what_is_nested_deep_is_refused() -> None:
    with pytest.raises(ValueError, match="recursion"):
        unpacked(b"\x91" * 100_000 + b"\xa3" + "\ufdd0".encode(), DECODER)
