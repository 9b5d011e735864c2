import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.fleet import files
from seawall.fleet.indicators import PathIndicator, parse_indicator
from seawall.inventory.layer_facts import NameLog


def log_of(names: list[bytes]) -> bytes:
    log = NameLog()
    log.add(names)
    return log.finish()


def path(pattern: str) -> PathIndicator:
    indicator = parse_indicator("path", pattern)
    assert isinstance(indicator, PathIndicator)
    return indicator


starts = st.sampled_from([b"\0" * 8, b"\1" * 8, b"\0" * 7 + b"\1", b"\1" + b"\0" * 7])


@given(st.lists(starts, max_size=12), starts)
def test_positions_are_those_of_whole_digests(digests: list[bytes], wanted: bytes) -> None:
    expected = [number for number, digest in enumerate(digests) if digest == wanted]
    assert files.positions(b"".join(digests), wanted) == expected


@given(st.lists(st.binary(min_size=1, max_size=5).filter(lambda n: b"\0" not in n)), st.data())
def test_names_are_found_by_their_numbers(names: list[bytes], data: st.DataObject) -> None:
    numbers = data.draw(st.sets(st.integers(0, len(names) - 1))) if names else set[int]()
    expected = [names[number].decode("utf-8", "backslashreplace") for number in sorted(numbers)]
    assert list(files.names_at(log_of(names), numbers)) == expected


@given(
    st.lists(st.text("ab/é.", min_size=1, max_size=6), max_size=20),
    st.text("ab/é.*", min_size=1, max_size=5).filter(lambda p: p.strip("*/")),
)
def test_matching_are_the_names_that_fit(names: list[str], pattern: str) -> None:
    indicator = path(pattern)
    found = list(files.matching(log_of([name.encode() for name in names]), indicator))
    assert found == [name for name in names if indicator.fits(name)]


def test_names_are_matched_across_the_pieces_in_which_they_are_read() -> None:
    names = [b"srv/%s/%d" % (b"x" * 997, number) for number in range(5_000)]
    found = list(files.matching(log_of([*names, b"srv/y"]), path("srv/*/4*")))
    assert len(found) == sum(str(number).startswith("4") for number in range(5_000))
    assert list(files.matching(log_of([*names, b"srv/y"]), path("y"))) == ["srv/y"]


def test_a_name_that_is_no_utf_8_is_matched_as_it_is_shown() -> None:
    assert list(files.matching(log_of([b"tmp/\xff", b"tmp/x"]), path(r"tmp/\xff"))) == [r"tmp/\xff"]
    assert list(files.matching(log_of([b"tmp/\xff"]), path("tmp/\udcff"))) == [r"tmp/\xff"]


def test_what_is_no_list_of_names_is_refused() -> None:
    with pytest.raises(ValueError, match="not a stored"):
        list(files.matching(b"nothing of it", path("x")))
    with pytest.raises(ValueError, match="not a stored"):
        list(files.names_at(b"nothing of it", [0]))
