import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given

from seawall.model import Severity
from seawall.scanning.report import Report
from tests.unit.scanning.reports import hostile
from tests.unit.scanning.reports.samples import (
    AWS_KEY,
    CLEAN,
    FINDINGS,
    GAPS,
    MIXED,
    REPORT,
    ROOT,
    TEXT,
    rendered,
)

# The form that build servers share, as Jenkins' junit-10.xsd has it: what an element may hold, and
# which attributes it must and may have.
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped"},
    "failure": set(),
    "error": set(),
    "skipped": set(),
}
MUST = {"testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name"}}
MAY = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"skipped", "time", "timestamp", "hostname", "id", "package"},
    "testcase": {"classname", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
}


def suites(report: Report, threshold: Severity | None = None) -> ElementTree.Element:
    root = ElementTree.fromstring(rendered(report, "junit", threshold=threshold))  # noqa: S314 - ours
    check(root)
    return root


def check(root: ElementTree.Element) -> None:
    for element in root.iter():
        attributes = set(element.attrib)
        must = MUST.get(element.tag, set())
        assert must <= attributes <= must | MAY[element.tag]
        assert {child.tag for child in element} <= CHILDREN[element.tag]
        if element.tag == "testcase":
            assert len(element) <= 1
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        for what in ("failure", "error"):
            assert int(suite.attrib[f"{what}s"]) == len(suite.findall(f"testcase/{what}"))
        assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
    for what in ("tests", "failures", "errors"):
        assert int(root.attrib[what]) == sum(int(suite.attrib[what]) for suite in root)


def test_there_is_one_suite_a_kind_and_one_case_a_finding() -> None:
    root = suites(MIXED)
    assert [suite.attrib["name"] for suite in root] == [
        "scan", "vulnerability", "end-of-life", "secret", "malware", "tampered", "configuration"
    ]  # fmt: skip
    assert sum(int(suite.attrib["tests"]) for suite in root[1:]) == len(MIXED.findings)


def test_what_counts_fails_with_its_remedy_and_what_was_decided_is_skipped() -> None:
    failed = suites(replace(REPORT, findings=[AWS_KEY])).find(".//failure")
    assert failed is not None
    assert failed.attrib["message"] == f"critical: {AWS_KEY.remedy}"
    assert "AKIA…(20 characters)" in (failed.text or "")
    decided = suites(replace(REPORT, findings=[replace(AWS_KEY, suppressed=TEXT)]))
    assert decided.find(".//failure") is None
    assert [skipped.attrib["message"] for skipped in decided.iter("skipped")] == [TEXT]


def test_what_needs_no_action_and_what_only_a_lock_file_names_is_skipped() -> None:
    root = suites(replace(REPORT, findings=[FINDINGS[-1], replace(FINDINGS[0], locked=True)]))
    reasons = [skipped.attrib["message"] for skipped in root.iter("skipped")]
    assert reasons[0].startswith("it needs no action: Debian calls it unimportant")
    assert "lock file" in reasons[1]


def test_below_the_threshold_nothing_fails() -> None:
    report = replace(REPORT, findings=[ROOT])
    assert suites(report).find(".//failure") is not None
    assert suites(report, Severity.HIGH).find(".//failure") is None
    assert suites(report, Severity.MEDIUM).find(".//failure") is not None


def test_a_clean_scan_is_one_passed_test() -> None:
    [scan] = suites(CLEAN)
    [case] = scan
    assert "412 packages" in case.attrib["name"]
    assert len(case) == 0


def test_what_could_not_be_analysed_is_an_error() -> None:
    root = suites(replace(CLEAN, incomplete=GAPS))
    assert [error.attrib["message"] for error in root.iter("error")] == [g.reason for g in GAPS]
    nothing = suites(replace(CLEAN, packages={}))
    assert len(list(nothing.iter("error"))) == 1


@pytest.mark.parametrize("text", ["\x00", "]]>", "<b>&", "\"'", "\ud800", "\ufffe", "\x1b[2J"])
def test_no_text_can_break_out(text: str) -> None:
    report = replace(REPORT, findings=[replace(AWS_KEY, path=text, title=text, evidence=text)])
    assert len(list(suites(report).iter("failure"))) == 1


@given(hostile.reports)
def test_hostile_text_never_breaks_the_form(report: Report) -> None:
    text = rendered(report, "junit")
    text.encode()
    assert re.sub(r"\n", "", text).isprintable()
    suites(report)
