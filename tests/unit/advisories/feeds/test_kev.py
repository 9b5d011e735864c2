"""CISA's catalogue."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.advisories.feeds import kev
from seawall.errors import BadFeed


def catalogue(*entries: object, **more: object) -> bytes:
    return json.dumps({"vulnerabilities": list(entries), **more}).encode()


def test_entries_have_a_cve_a_date_and_a_mark_for_ransomware() -> None:
    content = catalogue(
        {
            "cveID": "CVE-2023-4911",
            "dateAdded": "2023-11-21",
            "knownRansomwareCampaignUse": "Unknown",
        },
        {
            "cveID": "CVE-2021-44228",
            "dateAdded": "2021-12-10",
            "knownRansomwareCampaignUse": "Known",
        },
    )
    assert list(kev.parse(content)) == [
        kev.Exploited("CVE-2023-4911", "2023-11-21", ransomware=False),
        kev.Exploited("CVE-2021-44228", "2021-12-10", ransomware=True),
    ]


def test_entries_that_are_none_are_passed_over() -> None:
    content = catalogue(None, 7, {}, {"cveID": 5}, {"cveID": "CVE-2023-4911 "}, {"cveID": "GHSA-x"})
    assert list(kev.parse(content)) == []


@pytest.mark.parametrize("date", [None, "", "soon", 20231121])
def test_an_exploited_cve_without_a_date_is_exploited_all_the_same(date: object) -> None:
    content = catalogue(
        {"cveID": "CVE-2023-4911", "dateAdded": date}, dateReleased="2025-08-25T10:00:00Z"
    )
    assert [entry.since for entry in kev.parse(content)] == ["2025-08-25"]


def test_a_catalogue_without_any_date_is_refused() -> None:
    with pytest.raises(BadFeed):
        list(kev.parse(catalogue({"cveID": "CVE-2023-4911"})))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"7",
        b'"x"',
        b'{"vulnerabilities": 7}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(BadFeed):
        list(kev.parse(content))


@settings(max_examples=50)
@given(st.binary() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps).map(str.encode))
def test_of_any_bytes_only_bad_feed_escapes(content: bytes) -> None:
    try:
        list(kev.parse(content))
    except BadFeed:
        return
