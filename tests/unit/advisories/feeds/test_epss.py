"""FIRST's scores."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.advisories.feeds import epss
from seawall.errors import BadFeed

HEAD = "#model_version:v2026,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\n"


def scores(text: str) -> list[tuple[str, float]]:
    return [(row.cve, row.probability) for row in epss.parse(text.encode()).rows]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_rows_are_read_packed_and_plain(pack: type[bytes]) -> None:
    found = epss.parse(pack((HEAD + "CVE-2023-4911,0.652,0.98\n").encode()))
    assert found.date == "2026-08-16"
    assert list(found.rows) == [epss.Score("CVE-2023-4911", 0.652, 0.98)]


def test_lines_may_end_as_on_windows() -> None:
    assert scores(HEAD.replace("\n", "\r\n") + "CVE-2023-4911,0.1,0.9\r\n") == [
        ("CVE-2023-4911", 0.1)
    ]


@pytest.mark.parametrize(
    "row",
    [
        "",
        "CVE-2023-4911",
        "CVE-2023-4911,1",
        "x,0.1,0.1",
        "CVE-2023-4911,nan,0.5",
        "CVE-2023-4911,1.5,0.5",
        "CVE-2023-4911,-0.1,0.5",
        "CVE-2023-4911,high,0.5",
    ],
)
def test_rows_that_are_none_are_passed_over(row: str) -> None:
    assert scores(HEAD + row + "\nCVE-2020-1111,0.5,0.5\n") == [("CVE-2020-1111", 0.5)]


def test_a_file_without_a_date_has_scores_all_the_same() -> None:
    found = epss.parse(b"cve,epss,percentile\nCVE-2020-1111,0.5,0.5\n")
    assert found.date == ""
    assert len(list(found.rows)) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"\x1f\x8b", gzip.compress(HEAD.encode())[:-9], b"\x1f\x8b" + b"x" * 99],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(BadFeed):
        epss.parse(content)


def test_a_field_without_end_is_refused() -> None:
    with pytest.raises(BadFeed):
        scores(HEAD + '"' + "x" * 200_000)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epss, "_CONTENT_BYTES", 1000)
    with pytest.raises(BadFeed, match="more than 1,000 bytes"):
        epss.parse(gzip.compress(HEAD.encode() + b"#" * 1000))


@given(st.binary().map(lambda junk: HEAD.encode() + junk) | st.binary())
def test_of_any_bytes_only_bad_feed_escapes(content: bytes) -> None:
    try:
        list(epss.parse(content).rows)
    except BadFeed:
        return
