import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given

from seawall.scanning.report import Report
from tests.golden.comparison import assert_golden
from tests.unit.scanning.reports import hostile
from tests.unit.scanning.reports.samples import (
    FINDINGS,
    GAPS,
    GLIBC,
    MIXED,
    REPORT,
    SNAPSHOT,
    WITH_GAPS,
    rendered,
)

SCHEMA = Path(__file__).parents[3] / "data" / "schemas" / "sarif-2.1.0-rtm.5.json"


@cache
def schema() -> jsonschema.Draft4Validator:
    formats = jsonschema.FormatChecker()
    assert {"uri", "uri-reference"} <= set(formats.checkers)  # else it would check nothing
    return jsonschema.Draft4Validator(json.loads(SCHEMA.read_text()), format_checker=formats)


def run(report: Report) -> Any:
    document = json.loads(rendered(report, "sarif"))
    schema().validate(document)
    return document["runs"][0]


def test_the_document_is_as_the_golden_file() -> None:
    assert_golden("reports/report.sarif", rendered(replace(MIXED, incomplete=GAPS), "sarif"))


def test_there_is_one_rule_a_flaw_and_one_result_a_finding() -> None:
    written = run(REPORT)
    rules = [rule["id"] for rule in written["tool"]["driver"]["rules"]]
    assert sorted(rules) == sorted({finding.id for finding in FINDINGS})
    assert [rules[result["ruleIndex"]] for result in written["results"]] == [
        finding.id for finding in FINDINGS
    ]


def test_a_rule_carries_its_remedy_and_a_score_that_code_scanning_sorts_by() -> None:
    rule = run(REPORT)["tool"]["driver"]["rules"][0]
    assert "update glibc to 2.36-9+deb12u3 or later" in rule["help"]["text"]
    assert rule["properties"]["security-severity"] == "7.8"
    assert rule["properties"]["tags"] == ["security", "vulnerability", "high", "exploited"]


def test_without_a_score_the_severity_gives_one() -> None:
    rule = run(replace(REPORT, findings=[replace(GLIBC, score=None)]))["tool"]["driver"]["rules"][0]
    assert rule["properties"]["security-severity"] == "8.0"


def test_a_result_says_package_installed_and_fixed() -> None:
    result = run(REPORT)["results"][0]
    assert result["level"] == "error"
    for part in ("libc6", "2.36-9+deb12u1", "CVE-2023-4911", "fixed in 2.36-9+deb12u3"):
        assert part in result["message"]["text"]


def test_what_needs_no_action_is_suppressed_with_the_reason() -> None:
    results = run(REPORT)["results"]
    assert ["suppressions" in result for result in results] == [
        str(finding.urgency) == "hidden" for finding in FINDINGS
    ]
    assert results[-1]["suppressions"][0]["justification"].startswith("Debian calls it unimportant")


def test_a_path_is_a_relative_reference_within_the_image() -> None:
    odd = replace(GLIBC, path="//app/a b:c%/[x]#é")
    place = run(replace(REPORT, findings=[odd]))["results"][0]["locations"][0]
    artifact = place["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "app/a%20b%3Ac%25/%5Bx%5D%23%C3%A9", "uriBaseId": "IMAGEROOT"}


def test_a_fingerprint_outlives_an_update_and_tells_architectures_and_paths_apart() -> None:
    def fingerprint(**changes: Any) -> str:
        finding = replace(GLIBC, **changes)
        result = run(replace(REPORT, findings=[finding]))["results"][0]
        return str(result["partialFingerprints"]["seawallFinding/v1"])

    here = fingerprint()
    assert here == fingerprint(
        package=GLIBC.package.replace("2.36-9", "2.36-8"), installed="2.36-8"
    )
    assert here != fingerprint(package=GLIBC.package.replace("amd64", "arm64"))
    assert here != fingerprint(path="opt/var/lib/dpkg/status")


def test_what_could_not_be_analysed_makes_the_run_unsuccessful() -> None:
    assert run(REPORT)["invocations"][0]["executionSuccessful"] is True
    invocation = run(WITH_GAPS)["invocations"][0]
    assert invocation["executionSuccessful"] is False
    errors = [n for n in invocation["toolExecutionNotifications"] if n["level"] == "error"]
    assert len(errors) == 2
    assert "not JSON: line 4, column 1" in errors[1]["message"]["text"]


def test_a_snapshot_is_a_warning() -> None:
    notifications = run(SNAPSHOT)["invocations"][0]["toolExecutionNotifications"]
    assert [n["level"] for n in notifications] == ["warning", "note"]


def test_a_name_cannot_become_a_link_or_a_placeholder() -> None:
    odd = replace(GLIBC, name="[x](https://evil.example){0}\\")
    text = run(replace(REPORT, findings=[odd]))["results"][0]["message"]["text"]
    assert text.startswith(r"\[x\](https://evil.example){{0}}\\ ")


@given(hostile.reports)
def test_hostile_text_never_breaks_the_schema(report: Report) -> None:
    text = rendered(report, "sarif")
    text.encode()
    assert text.replace("\n", "").isprintable()
    schema().validate(json.loads(text))
