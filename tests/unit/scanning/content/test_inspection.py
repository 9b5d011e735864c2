import hashlib
from collections.abc import Iterator, Sequence

import pytest

from seawall.scanning.content.contract import Hit, Place, Window
from seawall.scanning.content.inspection import (
    MOST_HITS,
    WHOLE_BYTES,
    ContentInspector,
    LayerContent,
    algorithm_for,
)
from tests.unit.scanning.content.detectors import Words


def blocks(data: bytes, size: int = 4 << 20) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def content(words: Words | None = None, content_bytes: int = 256 << 20) -> LayerContent:
    return ContentInspector([words or Words()], "md5", content_bytes).begin()


@pytest.mark.parametrize(
    ("path", "algorithm"),
    [
        (b"usr/bin/curl", "md5"),
        (b"opt/google/chrome", "md5"),
        (b"usr/local/bin/tool", ""),
        (b"app/main.py", ""),
        (b"usr/lib/python3/dist-packages/x.py", "md5"),
        (b"usr/local/lib/python3.11/dist-packages/x.py", "sha256"),
        (b"srv/venv/lib/python3.12/site-packages/x.py", "sha256"),
    ],
)
def test_a_path_tells_by_which_checksum_its_package_records_it(path: bytes, algorithm: str) -> None:
    assert algorithm_for(path, "md5") == algorithm


def test_a_small_file_is_shown_whole_and_its_digest_kept() -> None:
    words = Words()
    layer = content(words)
    data = b"a\nb TOKEN1\n"
    layer.file(b"usr/bin/x", 0o755, len(data), iter([data]))
    assert [(h.path, h.hit.line, h.hit.evidence) for h in layer.hits] == [
        (b"usr/bin/x", 2, "TOKEN1")
    ]
    assert words.seen == [("usr/bin/x", 0, len(data))]
    start = hashlib.md5(data, usedforsecurity=False).digest()[:8]
    assert layer.digests() == {hash(b"usr/bin/x"): int.from_bytes(start, "big")}


def test_a_large_file_is_shown_in_windows_that_overlap_so_that_nothing_is_cut_in_two() -> None:
    words = Words()
    layer = content(words)
    size = WHOLE_BYTES + (5 << 20)
    data = bytearray(b"x" * (size - 1) + b"\n")
    data[100:101] = b"\n"
    edge = 4 << 20  # the blocks' own
    data[edge - 3 : edge + 3] = b"TOKEN7"
    layer.file(b"usr/share/big", 0o644, size, blocks(bytes(data)))
    assert [(h.hit.line, h.hit.evidence) for h in layer.hits] == [(2, "TOKEN7")]
    assert all(length <= (4 << 20) + (4 << 10) for _, _, length in words.seen)
    start = hashlib.md5(data, usedforsecurity=False).digest()[:8]
    assert list(layer.digests().values()) == [int.from_bytes(start, "big")]


def test_what_lies_beyond_the_limit_is_said_and_still_counts_for_the_checksum() -> None:
    layer = content(content_bytes=8 << 20)
    size = WHOLE_BYTES + 1000
    data = b"x" * (size - 6) + b"TOKEN1"
    layer.file(b"usr/share/big", 0o644, size, blocks(data))
    assert not list(layer.hits)
    assert len(layer.digests()) == 1
    assert "only the first 8,388,608" in layer.incomplete[0].reason


def test_digests_of_small_and_large_files_stay_with_their_names() -> None:
    layer = content()
    files = {b"usr/%d" % n: b"%d" % n * (1 + n * 700) for n in range(100)}
    for path, data in files.items():
        layer.file(path, 0, len(data), iter([data]))
    starts = {
        hash(path): hashlib.md5(data, usedforsecurity=False).digest()[:8]
        for path, data in files.items()
    }
    assert layer.digests() == {path: int.from_bytes(s, "big") for path, s in starts.items()}


def test_what_goes_wrong_in_the_background_is_raised_to_whoever_asks() -> None:
    class Broken(Words):
        def look(self, window: Window, _places: Sequence[Place] | None) -> Iterator[Hit]:
            raise ZeroDivisionError(window.path)

    layer = content(Broken())
    layer.file(b"srv/x", 0, 1, iter([b"x"]))
    with pytest.raises(ZeroDivisionError, match="srv/x"):
        list(layer.hits)


def test_a_file_full_of_hits_is_told_in_part_and_said() -> None:
    layer = content()
    data = b" ".join(b"TOKEN%d" % number for number in range(MOST_HITS + 50))
    layer.file(b"srv/x", 0, len(data), iter([data]))
    assert len(list(layer.hits)) == MOST_HITS
    assert [item.reason for item in layer.incomplete] == [
        "more than 1,000 findings in it: the others are not told"
    ]


def test_content_that_takes_too_long_is_said() -> None:
    layer = content()
    layer.file(b"srv/x", 0, 4, iter([b"SLOW"]))
    assert [(i.path, i.reason) for i in layer.incomplete] == [("srv/x", "too slow (words)")]


def test_of_two_files_of_one_name_both_are_looked_at_and_the_later_counts() -> None:
    layer = content()
    layer.file(b"usr/x", 0o4755, 6, iter([b"TOKEN1"]))
    layer.file(b"usr/x", 0o755, 1, iter([b"y"]))
    assert [hit.hit.evidence for hit in layer.hits] == ["TOKEN1"], "the layer still holds it"
    assert layer.privileged == {}
    start = hashlib.md5(b"y", usedforsecurity=False).digest()[:8]
    assert layer.digests()[hash(b"usr/x")] == int.from_bytes(start, "big")


def test_what_was_kept_is_what_was_seen() -> None:
    inspector = ContentInspector([Words()], "md5", 8 << 20)
    layer = inspector.begin()
    layer.file(b"usr/bin/su", 0o4755, 6, iter([b"TOKEN1"]))
    layer.file(b"srv/Dockerfile", 0o644, 8, iter([b"FROM x\n "]))
    layer.file(b"srv/x", 0, 4, iter([b"SLOW"]))
    layer.link(b"usr/bin/vi", b"/etc/alternatives/vi", is_hard=False)
    names = [b"srv/x", b"usr/bin/vi", b"usr/bin/su", b"srv/Dockerfile"]
    kept = inspector.restore(layer.encode(names), names)
    assert list(kept.hits) == list(layer.hits) != []
    assert kept.digests() == layer.digests() != {}
    assert kept.links == layer.links != {}
    assert kept.privileged == layer.privileged == {b"usr/bin/su": 0o4755}
    assert layer.build_files == {b"srv/Dockerfile": b"FROM x\n "}
    assert kept.build_files == {}, "a Dockerfile may hold secrets, and none may be kept"
    assert kept.incomplete == layer.incomplete != []


def test_something_else_than_what_was_kept_is_refused() -> None:
    inspector = ContentInspector([Words()], "md5", 8 << 20)
    with pytest.raises(ValueError, match="not a stored inspection"):
        inspector.restore(b"x", [])


def test_other_detectors_have_other_results() -> None:
    one = ContentInspector([Words()], "md5", 1)
    two = ContentInspector([Words(key="2")], "md5", 1)
    assert len({one.part, two.part, ContentInspector([Words()], "sha1", 1).part}) == 3
