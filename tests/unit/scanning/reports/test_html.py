import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from seawall.scanning.report import Report
from tests.unit.scanning.reports import hostile
from tests.unit.scanning.reports.samples import (
    AWS_KEY,
    CLEAN,
    FINDINGS,
    GAPS,
    GLIBC,
    MIXED,
    REPORT,
    SNAPSHOT,
    WITH_GAPS,
    rendered,
)

VOID = {"meta", "input"}
ELEMENTS = re.findall(
    r"\S+",
    """
    html head meta title style body header main footer section details summary search article
    h1 h2 h3 p ul li dl dt dd a b i strong small span code input button div script
    """,
)
ATTRIBUTES = re.findall(
    r"\S+",
    """
    lang charset http-equiv content name class id href rel open hidden type placeholder title
    autocomplete role aria-label aria-pressed aria-hidden data-urgency data-kind data-severity
    data-filter data-value
    """,
)


class Page(HTMLParser):
    """What a browser would see: elements, attributes, text; and whether they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[tuple[str, str]] = []  # the element it stands in, and the text
        self.comments: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def inside(self, element: str) -> str:
        return "".join(text for tag, text in self.texts if tag == element)

    @property
    def text(self) -> str:
        return "".join(text for tag, text in self.texts if tag not in {"script", "style"})


def page(report: Report, show_all: bool = False) -> Page:
    return Page(rendered(report, "html", show_all=show_all))


@given(hostile.reports, st.booleans())
def test_no_image_can_add_an_element_or_an_attribute(report: Report, show_all: bool) -> None:
    text = rendered(report, "html", show_all=show_all)
    text.encode()
    assert text.replace("\n", "").isprintable()
    seen = Page(text)
    assert seen.open == []
    assert seen.comments == []
    assert seen.elements.count("script") == seen.elements.count("style") == 1
    assert set(seen.elements) <= set(ELEMENTS)
    assert {name for name, _ in seen.attributes} <= set(ATTRIBUTES)
    links = [value or "" for name, value in seen.attributes if name == "href"]
    assert all(re.match(r"#[a-z-]+\Z|https://(nvd\.nist\.gov|osv\.dev)/", link) for link in links)


def test_the_policy_allows_the_style_and_the_script_by_hash_and_nothing_else() -> None:
    seen = page(REPORT)
    [policy] = [value for _, value in seen.attributes if value and value.startswith("default-src")]
    hashes = [
        base64.b64encode(hashlib.sha256(seen.inside(tag).encode()).digest()).decode()
        for tag in ("style", "script")
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_every_kind_has_a_section_and_what_is_decided_another() -> None:
    text = rendered(MIXED, "html")
    for name in ("secret", "malware", "tampered", "configuration", "end-of-life", "suppressed"):
        assert f'id="{name}"' in text
    for finding in MIXED.findings:
        assert finding.suppressed in page(MIXED).text
        assert finding.evidence in page(MIXED).text
    assert "come from the base image debian:12" in text


def test_each_row_says_what_the_filter_asks_for() -> None:
    seen = page(MIXED)
    values = {name: {v for n, v in seen.attributes if n == name} for name, _ in seen.attributes}
    assert values["data-kind"] == {
        "vulnerability", "secret", "malware", "tampered", "configuration", "end-of-life"
    }  # fmt: skip
    assert values["data-urgency"] == {"now", "soon", "watch", "hidden", ""}
    offered = values["data-value"]
    assert values["data-kind"] | values["data-severity"] | values["data-urgency"] - {""} == offered


def test_every_link_within_the_page_leads_to_a_section() -> None:
    for report in (REPORT, MIXED, replace(MIXED, findings=[AWS_KEY])):
        seen = page(report)
        ids = {value for name, value in seen.attributes if name == "id"}
        counted = re.findall(r'href="#([a-z-]+)"><b>(\d+)', rendered(report, "html"))
        assert {name for name, number in counted if number != "0"} <= ids


def test_the_page_asks_the_network_for_nothing() -> None:
    text = rendered(REPORT, "html")
    assert not re.search(r"\b(src|srcset|action|poster|data)\s*=", text)
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|import\(", text)


def test_every_finding_is_on_the_page_without_javascript() -> None:
    text = page(REPORT).text
    for finding in FINDINGS:
        assert finding.id in text
        assert finding.reason in text
        assert finding.installed in text


def test_every_row_says_what_to_do_and_where() -> None:
    text = page(REPORT).text
    assert "update glibc to 2.36-9+deb12u3 or later" in text
    assert "libc-bin 2.36-9+deb12u1 in /var/lib/dpkg/status from layer 1" in text


def test_what_may_wait_is_folded_until_asked_for() -> None:
    assert '<details class="urgency now" id="now" open>' in rendered(REPORT, "html")
    assert '<details class="urgency watch" id="watch">' in rendered(REPORT, "html")
    assert '<details class="urgency watch" id="watch" open>' in rendered(
        REPORT, "html", show_all=True
    )


def test_warnings_stand_before_the_numbers() -> None:
    text = rendered(replace(SNAPSHOT, incomplete=GAPS), "html")
    assert text.index("could not be analysed") < text.index('class="tiles"')
    assert text.index("the snapshot that came with Seawall") < text.index('class="tiles"')


def test_an_incomplete_scan_has_no_plain_zero() -> None:
    text = page(replace(WITH_GAPS, findings=[GLIBC])).text
    assert "≥ 1 fix now" in text
    assert "none so far" in text
    assert "not JSON: line 4, column 1" in text


def test_nothing_wrong_says_what_was_checked() -> None:
    assert "Nothing known to be wrong." in page(CLEAN).text
    assert (
        "Nothing was found in what could be analysed." in page(replace(CLEAN, incomplete=GAPS)).text
    )
    assert "Nothing known" not in page(replace(CLEAN, packages={})).text
