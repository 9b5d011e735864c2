"""CycloneDX 1.6 as JSON with ``vulnerabilities`` (https://cyclonedx.org/docs/1.6/json/).

The bill of materials is the one that ``inventory`` writes; findings are added to it and point to
its components. What somebody decided is the ``analysis`` of a vulnerability, in CycloneDX's words.
Findings that are about no package point to the image itself.
"""

import io
import json
import uuid
from collections.abc import Mapping
from typing import Any, TextIO

from seawall.inventory.sbom import FORMATS as BILLS
from seawall.inventory.sbom.document import write_document
from seawall.model import Finding, FixState, Kind
from seawall.scanning.report import Decision, Report
from seawall.scanning.reports.grouping import package_type
from seawall.scanning.reports.options import Options
from seawall.scanning.reports.wording import advisory_page, headline, remedy
from seawall.scanning.suppression import ACCEPTED

_Object = dict[str, Any]

_OWN = {"name": "Seawall"}  # the source of ids that are rules of ours
# The five words of VEX, where CycloneDX has one that means the same.
_JUSTIFICATION = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}


def write(report: Report, out: TextIO, options: Options) -> None:  # noqa: ARG001 - a program gets all
    """Write the bill of materials with all findings.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is set and is no time.
    """
    bill = io.StringIO()
    BILLS["cyclonedx-json"](report.inventory, bill)
    document: _Object = json.loads(bill.getvalue())
    references = _references(document)
    root = document["metadata"]["component"]["bom-ref"]
    together: dict[object, list[Finding]] = {}
    for finding in report.findings:
        place = () if finding.kind is Kind.VULNERABILITY else (finding.path, finding.line)
        alike = (finding.kind, finding.id, finding.suppressed, finding.confirmed, place)
        together.setdefault(alike, []).append(finding)
    document["vulnerabilities"] = [
        _vulnerability(number, findings, report, references, root)
        for number, findings in enumerate(together.values(), start=1)
    ]
    properties = [
        {"name": "seawall:advisories", "value": report.data.newest},
        *({"name": "seawall:note", "value": note} for note in report.notes),
        *({"name": "seawall:warning", "value": warning} for warning in report.warnings),
    ]
    inventoried = set(report.inventory.incomplete)
    properties += [
        {"name": "seawall:incomplete", "value": f"{gap.path}: {gap.reason}"}
        for gap in report.incomplete
        if gap not in inventoried
    ]
    document["metadata"].setdefault("properties", []).extend(properties)
    # Named by its content, as the bill is; a time does not change what it says.
    timestamp = document["metadata"].pop("timestamp", None)
    document["serialNumber"] = ""
    document["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document)).urn
    if timestamp:
        document["metadata"]["timestamp"] = timestamp
    write_document(document, out)


def _references(document: _Object) -> Mapping[tuple[str, str], str]:
    """Return the components' references by package-url and path, and by package-url alone."""
    found: dict[tuple[str, str], str] = {}
    for component in document["components"]:
        path = next(
            (p["value"] for p in component.get("properties", ()) if p["name"] == "seawall:path"), ""
        )
        url = component.get("purl", "")
        found[url, path] = component["bom-ref"]
        found.setdefault((url, ""), component["bom-ref"])
    return found


def _vulnerability(
    number: int,
    findings: list[Finding],
    report: Report,
    references: Mapping[tuple[str, str], str],
    root: str,
) -> _Object:
    first = findings[0]
    is_flaw = first.kind is Kind.VULNERABILITY
    vulnerability: _Object = {"bom-ref": f"finding:{number}:{first.id}", "id": first.id}
    if is_flaw:
        vulnerability["source"] = _source(first.id)
        vulnerability["references"] = [
            {"id": alias, "source": _source(alias)} for alias in first.aliases
        ]
    else:
        vulnerability["source"] = _OWN
    vulnerability |= {
        "ratings": [_rating(first)],
        "description": first.summary or headline(first),
        "detail": "; ".join(dict.fromkeys(finding.reason for finding in findings)),
        "recommendation": "; ".join(dict.fromkeys(map(remedy, findings))),
        "affects": _affects(findings, references, root),
    }
    if analysis := _analysis(first, report.decisions.get(first.suppressed)):
        vulnerability["analysis"] = analysis
    vulnerability["properties"] = _properties(first)
    return {key: value for key, value in vulnerability.items() if value}


def _source(identifier: str) -> _Object:
    page = advisory_page(identifier)
    return {"name": "NVD" if page.startswith("https://nvd") else "OSV", "url": page}


def _rating(finding: Finding) -> _Object:
    rating: _Object = {"severity": str(finding.severity)}  # the words are CycloneDX's too
    if finding.score is not None:
        rating |= {"score": finding.score, "method": "other"}
    return rating


def _affects(
    findings: list[Finding], references: Mapping[tuple[str, str], str], root: str
) -> list[_Object]:
    affected: dict[str, _Object] = {}
    for finding in findings:
        known = references.get((finding.package, finding.path))
        reference = known or references.get((finding.package, "")) if finding.package else None
        entry: _Object = {"ref": reference or root}
        if finding.installed and reference:
            entry["versions"] = [{"version": finding.installed, "status": "affected"}]
        affected[entry["ref"]] = entry
    return list(affected.values())


def _analysis(finding: Finding, decision: Decision | None) -> _Object:
    if finding.suppressed:
        status = decision.status if decision else ACCEPTED
        analysis: _Object = {"state": "exploitable", "response": ["will_not_fix"]}
        if status == "fixed":
            analysis = {"state": "resolved"}
        elif status == "not_affected" or (decision and decision.justification):
            analysis = {"state": "not_affected"}
            word = decision.justification if decision else ""
            if justification := _JUSTIFICATION.get(word):
                analysis["justification"] = justification
        return analysis | {"detail": finding.suppressed}
    if not finding.confirmed:
        return {"state": "in_triage", "detail": finding.reason}
    if finding.kind is Kind.VULNERABILITY and finding.state is FixState.WILL_NOT_FIX:
        return {"state": "in_triage", "response": ["will_not_fix"], "detail": finding.reason}
    return {}


def _properties(finding: Finding) -> list[_Object]:
    from_base = "" if finding.from_base is None else str(finding.from_base).lower()
    values = {
        "kind": str(finding.kind),
        "urgency": str(finding.urgency),
        "type": package_type(finding) if finding.package else "",
        "fixed_in": finding.fixed_in,
        "exploited_since": finding.exploited_since,
        "epss": "" if finding.epss is None else str(finding.epss),
        "path": "" if finding.package else finding.path,
        "line": str(finding.line or ""),
        "evidence": finding.evidence,
        "layer": finding.layer,
        "from_base": from_base,
        "removed_in": finding.removed_in,
        "locked": "true" if finding.locked else "",
        "suppressed": finding.suppressed,
    }
    return [{"name": f"seawall:{name}", "value": value} for name, value in values.items() if value]
