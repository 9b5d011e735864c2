import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from seawall.inventory.sbom.spdx_json import COMMENT
from seawall.scanning.report import Report
from tests.unit.scanning.reports import hostile
from tests.unit.scanning.reports.samples import AWS_KEY, GAPS, GLIBC, MIXED, REPORT, TEXT, rendered


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def document(report: Report) -> Any:
    return json.loads(rendered(report, "spdx-json"))


def package(report: Report, name: str) -> Any:
    [found] = [p for p in document(report)["packages"] if p["name"] == name]
    return found


def notes(report: Report) -> list[str]:
    return [
        annotation["comment"]
        for annotation in document(report)["packages"][0]["annotations"]
        if not annotation["comment"].startswith(COMMENT)
    ]


def test_a_flaw_is_a_security_reference_of_its_package() -> None:
    purl, flaw = package(REPORT, "libc6")["externalRefs"]
    assert purl["referenceCategory"] == "PACKAGE-MANAGER"
    assert flaw["referenceCategory"] == "SECURITY"
    assert flaw["referenceType"] == "advisory"
    assert flaw["referenceLocator"] == "https://nvd.nist.gov/vuln/detail/CVE-2023-4911"
    assert flaw["comment"].startswith("vulnerability CVE-2023-4911: high, fix now; ")
    assert "update glibc to 2.36-9+deb12u3 or later" in flaw["comment"]


def test_a_decision_stands_beside_its_flaw() -> None:
    flaw = package(MIXED, "jinja2")["externalRefs"][1]
    assert flaw["comment"].endswith(f"suppressed: {TEXT}")


def test_what_is_in_no_package_is_an_annotation_of_the_image() -> None:
    said = notes(replace(REPORT, findings=[AWS_KEY], incomplete=GAPS, warnings=["w"]))
    assert said[0].startswith("secret aws-access-key: critical, fix now; AWS access key; /app/.env")
    assert "warning: w" in said
    assert sum(note.startswith("incomplete: ") for note in said) == 2


def test_a_flaw_whose_package_is_not_listed_is_not_lost() -> None:
    strange = replace(GLIBC, package="pkg:npm/nobody@1")
    assert notes(replace(REPORT, findings=[strange]))[0].startswith("vulnerability CVE-2023-4911")


def test_the_namespace_is_made_from_the_content() -> None:
    assert rendered(REPORT, "spdx-json") == rendered(REPORT, "spdx-json")
    fewer = replace(REPORT, findings=[])
    assert document(fewer)["documentNamespace"] != document(REPORT)["documentNamespace"]


@settings(max_examples=30)
@given(hostile.reports)
def test_hostile_text_is_kept_and_harmless(report: Report) -> None:
    text = rendered(report, "spdx-json")
    text.encode()
    assert text.replace("\n", "").isprintable()
    said = notes(report)
    references = [r for p in document(report)["packages"] for r in p.get("externalRefs", ())]
    assert len(said) + len(references) >= len(report.warnings) + len(report.notes)
