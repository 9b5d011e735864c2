import json
from dataclasses import replace
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings

from seawall.inventory import purl
from seawall.model import Package
from seawall.scanning.report import Decision, Report
from tests.unit.scanning.reports import hostile
from tests.unit.scanning.reports.samples import (
    AWS_KEY,
    FINDINGS,
    GLIBC,
    INVENTORY,
    MIXED,
    REPORT,
    TEXT,
    VEX_TEXT,
    WITH_GAPS,
    rendered,
)

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def document(report: Report) -> Any:
    text = rendered(report, "cyclonedx-json")
    assert VALIDATOR.validate_str(text) is None
    read = json.loads(text)
    references = {component["bom-ref"] for component in read["components"]}
    references.add(read["metadata"]["component"]["bom-ref"])
    for vulnerability in read["vulnerabilities"]:
        assert {affected["ref"] for affected in vulnerability["affects"]} <= references
    return read


def flaw(report: Report, identifier: str) -> Any:
    [found] = [v for v in document(report)["vulnerabilities"] if v["id"] == identifier]
    return found


def test_every_finding_is_there_and_points_to_its_component() -> None:
    vulnerabilities = document(MIXED)["vulnerabilities"]
    assert {v["id"] for v in vulnerabilities} == {f.id for f in MIXED.findings}
    jinja = flaw(REPORT, "CVE-2024-56326")
    [affected] = jinja["affects"]
    assert affected["ref"].startswith("pkg:pypi/jinja2@3.1.2")
    assert affected["versions"] == [{"version": "3.1.2", "status": "affected"}]
    assert jinja["recommendation"] == "update jinja2 to 3.1.5 or later"


def test_one_flaw_in_two_packages_is_one_vulnerability_with_two_components() -> None:
    other = Package("deb", "libc-bin", "1", arch="amd64", path=GLIBC.path)
    held = replace(INVENTORY, packages=(*INVENTORY.packages, other))
    second = replace(GLIBC, package=purl(other, held.distribution), installed="1")
    report = replace(REPORT, inventory=held, findings=[GLIBC, second])
    assert len(flaw(report, GLIBC.id)["affects"]) == 2


def test_what_is_in_no_package_points_to_the_image() -> None:
    key = flaw(replace(REPORT, findings=[AWS_KEY]), AWS_KEY.id)
    assert key["affects"] == [{"ref": f"target:{REPORT.image.digest}"}]
    assert key["source"] == {"name": "Seawall"}
    properties = {item["name"]: item["value"] for item in key["properties"]}
    assert properties["seawall:kind"] == "secret"
    assert properties["seawall:path"] == "app/.env"
    assert properties["seawall:line"] == "3"


def test_a_decision_is_the_analysis_in_words_of_cyclonedx() -> None:
    accepted = flaw(MIXED, "CVE-2024-56326")["analysis"]
    assert accepted["state"] == "exploitable"
    assert accepted["response"] == ["will_not_fix"]
    assert accepted["detail"] == TEXT
    stated = flaw(MIXED, "CVE-2024-1")["analysis"]
    assert (stated["state"], stated["justification"]) == ("not_affected", "code_not_present")
    fixed = replace(MIXED, decisions={VEX_TEXT: Decision("fixed", "rebuilt")})
    assert flaw(fixed, "CVE-2024-1")["analysis"]["state"] == "resolved"
    assert "analysis" not in flaw(MIXED, GLIBC.id)


def test_what_the_distribution_did_not_confirm_is_in_triage() -> None:
    assert flaw(REPORT, "CVE-2024-37891")["analysis"]["state"] == "in_triage"


def test_the_bill_is_the_one_of_the_inventory() -> None:
    components = document(WITH_GAPS)["components"]
    assert [c["name"] for c in components] == ["debian", "libc6", "jinja2"]
    properties = document(WITH_GAPS)["metadata"]["properties"]
    assert sum(item["name"] == "seawall:incomplete" for item in properties) == 2


def test_the_same_report_gives_the_same_bytes_and_another_one_another_number() -> None:
    assert rendered(REPORT, "cyclonedx-json") == rendered(REPORT, "cyclonedx-json")
    fewer = replace(REPORT, findings=FINDINGS[1:])
    assert document(fewer)["serialNumber"] != document(REPORT)["serialNumber"]


@settings(max_examples=30)
@given(hostile.reports)
def test_hostile_text_never_breaks_the_schema(report: Report) -> None:
    text = rendered(report, "cyclonedx-json")
    text.encode()
    assert text.replace("\n", "").isprintable()
    document(report)
