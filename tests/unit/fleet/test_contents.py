"""Components and places of a layer as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.fleet.contents import Pair, mark, pack, unpack

ROWS = st.integers(1, 2**32 - 1)


@given(st.sets(st.tuples(ROWS, ROWS), max_size=50))
def test_pairs_come_back_sorted(pairs: set[Pair]) -> None:
    assert unpack(pack(pairs)) == sorted(pairs)


@given(st.sets(st.tuples(ROWS, ROWS), max_size=20))
def test_the_order_of_pairs_does_not_matter(pairs: set[Pair]) -> None:
    assert pack(sorted(pairs)) == pack(sorted(pairs, reverse=True))


@given(st.sets(st.tuples(ROWS, ROWS), max_size=5), st.sets(st.tuples(ROWS, ROWS), max_size=5))
def test_a_mark_tells_pairs_from_others_in_whatever_order(a: set[Pair], b: set[Pair]) -> None:
    assert mark(sorted(a)) == mark(sorted(a, reverse=True))
    assert (mark(a) == mark(b)) == (a == b)


def test_neighbours_take_little() -> None:
    assert len(pack([(n, n) for n in range(100_000, 110_000)])) < 30_000


@given(st.binary(max_size=60))
def test_what_is_no_layer_is_refused_or_pairs(data: bytes) -> None:
    for damaged in (data, pack([(1, 2), (3, 4)])[: len(data)]):
        try:
            found = unpack(damaged)
        except ValueError:
            continue
        assert found == sorted(found)


@pytest.mark.parametrize("data", [b"", b"x", b"\x28\xb5\x2f\xfd", pack([(1, 2)])[:-1]])
def test_damage_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a stored layer"):
        unpack(data)
