"""SPDX 2.3 as JSON with what is known to be wrong (https://spdx.github.io/spdx-spec/v2.3/).

The bill of materials is the one that ``inventory`` writes. SPDX 2.3 has no vulnerabilities: a flaw
is an external reference of the category SECURITY at its package (annex K, "advisory"), with
severity, remedy and decision as its comment; what is in no package is an annotation of the image.
"""

import io
import json
import uuid
from typing import Any, TextIO

from seawall.inventory.sbom import spdx_json
from seawall.inventory.sbom.document import write_document
from seawall.model import Finding, Kind
from seawall.scanning.report import Report
from seawall.scanning.reports.options import Options
from seawall.scanning.reports.wording import advisory_page, headline, place, remedy

_Object = dict[str, Any]


def write(report: Report, out: TextIO, options: Options) -> None:  # noqa: ARG001 - a program gets all
    """Write the bill of materials with all findings.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is set and is no time.
    """
    bill = io.StringIO()
    spdx_json.write(report.inventory, bill)
    document: _Object = json.loads(bill.getvalue())
    target, *packages = document["packages"]
    known: dict[tuple[str, str], _Object] = {}
    for package in packages:
        for reference in package.get("externalRefs", ()):
            url = reference["referenceLocator"]
            known[url, _path(package)] = package
            known.setdefault((url, ""), package)
    said: list[_Object] = []
    for finding in report.findings:
        found = known.get((finding.package, finding.path)) or known.get((finding.package, ""))
        if finding.kind is Kind.VULNERABILITY and finding.package and found:
            reference = _reference(finding)
            if reference not in found["externalRefs"]:
                found["externalRefs"].append(reference)
        else:
            said.append(_annotation(_sentence(finding), document))
    said += [_annotation(f"warning: {text}", document) for text in report.warnings]
    said += [_annotation(f"note: {text}", document) for text in report.notes]
    inventoried = set(report.inventory.incomplete)
    said += [
        _annotation(f"incomplete: {gap.path}: {gap.reason}", document)
        for gap in report.incomplete
        if gap not in inventoried
    ]
    target.setdefault("annotations", []).extend(said)
    content = json.dumps([document["documentNamespace"], packages, [s["comment"] for s in said]])
    document["documentNamespace"] = uuid.uuid5(uuid.NAMESPACE_URL, content).urn
    write_document(document, out)


def _path(package: _Object) -> str:
    for annotation in package.get("annotations", ()):
        if annotation["comment"].startswith(spdx_json.COMMENT):
            facts = json.loads(annotation["comment"].removeprefix(spdx_json.COMMENT))
            return str(facts.get("package", {}).get("path", ""))
    return ""


def _reference(finding: Finding) -> _Object:
    return {
        "referenceCategory": "SECURITY",
        "referenceType": "advisory",
        "referenceLocator": advisory_page(finding.id),
        "comment": _sentence(finding),
    }


def _sentence(finding: Finding) -> str:
    words = (
        f"{finding.kind} {finding.id}: {finding.severity}, {finding.urgency}",
        "" if finding.kind is Kind.VULNERABILITY else headline(finding),
        place(finding),
        finding.evidence,
        finding.reason,
        remedy(finding),
        f"suppressed: {finding.suppressed}" if finding.suppressed else "",
    )
    return "; ".join(dict.fromkeys(filter(None, words)))


def _annotation(comment: str, document: _Object) -> _Object:
    info = document["creationInfo"]
    return {
        "annotationDate": info["created"],
        "annotationType": "REVIEW",
        "annotator": info["creators"][0],
        "comment": comment,
    }
