import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from seawall.scanning.content.contract import Hit, Pattern, Place, Window
from seawall.scanning.content.searching import Looking, Search
from tests.unit.scanning.content.detectors import Words

PATTERNS = [
    Pattern(rb"ab+c"),
    Pattern(rb"secret", ignores_case=True),
    Pattern(rb"^start"),
    Pattern(rb"end$"),
]


class Memory(dict[tuple[str, str], bytes]):
    """Keeps what is put into it."""

    def get(self, subject: str, part: str) -> bytes | None:  # type: ignore[override]
        return super().get((subject, part))

    def put(self, subject: str, part: str, data: bytes) -> None:
        self[subject, part] = data


def test_a_place_is_a_patterns_number_and_the_end_of_a_match() -> None:
    assert Search(PATTERNS).places([b"xabbc SECRET"]) == [[(0, 5), (1, 12)]]


def test_contents_searched_together_have_the_places_they_have_alone() -> None:
    dice = random.Random(1)
    parts = [b"abc", b"ab", b"c", b"secret", b"SEC", b"ret", b"start", b"end", b"\n", b"x", b""]
    search = Search(PATTERNS)
    for _ in range(300):
        contents = [
            b"".join(dice.choices(parts, k=dice.randrange(6))) for _ in range(dice.randrange(2, 9))
        ]
        alone = [search.places([content])[0] for content in contents]
        assert search.places(contents) == alone


def test_a_match_over_the_edge_of_two_contents_is_none() -> None:
    assert Search(PATTERNS).places([b"a", b"bc", b"sec", b"ret"]) == [[], [], [], []]


def test_a_content_with_too_many_places_says_so_and_its_neighbours_keep_theirs() -> None:
    places = Search(PATTERNS).places([b"abc", b"abc" * 6_000, b"secret"])
    assert places == [[(0, 3)], None, [(1, 6)]]


def test_without_patterns_there_are_no_places() -> None:
    assert Search([]).places([b"abc", b""]) == [[], []]


def test_what_was_compiled_is_taken_from_where_it_is_kept() -> None:
    kept = Memory()
    first = Search(PATTERNS, kept)
    assert len(kept) == 1
    assert Search(PATTERNS, kept).places([b"abc"]) == first.places([b"abc"]) == [[(0, 3)]]
    assert len(kept) == 1
    Search(PATTERNS[:1], kept)
    assert len(kept) == 2, "other patterns are other patterns"


@pytest.mark.parametrize("damage", [b"", b"x" * 100])
def test_what_was_kept_and_cannot_be_used_is_compiled_anew(damage: bytes) -> None:
    kept = Memory()
    Search(PATTERNS, kept)
    name, good = next(iter(kept.items()))
    kept[name] = damage
    assert Search(PATTERNS, kept).places([b"abc"]) == [[(0, 3)]]
    assert kept[name] == good


@dataclass
class Choosy(Words):
    """Looks only where its patterns are."""

    patterns: tuple[Pattern, ...] = (Pattern(rb"TOKEN\d"), Pattern(rb"SLOW"))

    def look(self, window: Window, places: Sequence[Place] | None) -> Iterator[Hit]:
        assert places is None or {number for number, _ in places} <= {0, 1}
        return super().look(window, places)


def test_a_detector_is_asked_only_about_content_with_its_patterns() -> None:
    asked, always = Choosy(), Words()
    windows = [Window(name, 0, len(d), d) for name, d in (("a", b"x TOKEN1"), ("b", b"plain"))]
    said = list(Looking([asked, always]).look(windows))
    assert [path for path, _, _ in asked.seen] == ["a"]
    assert [path for path, _, _ in always.seen] == ["a", "b"]
    assert [(number, detector) for number, detector, _ in said] == [(0, asked), (0, always)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_with_two_bytes_a_character_is_looked_at_as_text(encoding: str) -> None:
    data = "# settings of the shop\r\nTOKEN1\r\n".encode(encoding)
    said = list(Looking([Choosy()]).look([Window("x", 0, len(data), data)]))
    assert [getattr(answer, "evidence", "") for _, _, answer in said] == ["TOKEN1"]


def test_what_stands_first_in_text_with_a_mark_stands_first() -> None:
    data = "TOKEN1 and some more text\r\n".encode("utf-16")
    detector = Choosy(patterns=(Pattern(rb"^TOKEN\d"),))
    list(Looking([detector]).look([Window("x", 0, len(data), data)]))
    assert len(detector.seen) == 1


def test_a_detector_that_reads_no_text_sees_the_file_as_it_is() -> None:
    words = Words(reads_text=False)
    data = "# settings of the shop\r\nTOKEN1\r\n".encode("utf-16")
    list(Looking([words]).look([Window("x", 0, len(data), data)]))
    assert words.seen == [("x", 0, len(data))]


def test_content_with_some_zeros_is_not_taken_for_wide_text() -> None:
    words = Words()
    data = b"\x7fELF\x01\x00\x02\x00" + b"\x00\x01" * 200
    list(Looking([words]).look([Window("x", 0, len(data), data)]))
    assert len(words.seen) == 1
