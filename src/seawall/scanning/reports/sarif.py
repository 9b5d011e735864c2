"""SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), as code scanning reads it.

One rule a flaw (or a rule of ours), one result a finding. What could not be analysed is a
notification of the invocation, which then counts as not successful.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any, TextIO
from urllib.parse import quote

from seawall.inventory.sbom.columns import visible
from seawall.inventory.sbom.document import write_document
from seawall.model import Finding, Incomplete, Kind, Severity, Urgency
from seawall.scanning.report import Report
from seawall.scanning.reports.options import Options
from seawall.scanning.reports.wording import advisory_page, headline, remedy

_Object = dict[str, Any]

_ROOT = "IMAGEROOT"
_LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.UNKNOWN: "note",
}
_TYPICAL_SCORE = {  # the middle of each band of CVSS 3, where an advisory gives no score
    Severity.CRITICAL: 9.5,
    Severity.HIGH: 8.0,
    Severity.MEDIUM: 5.5,
    Severity.LOW: 2.0,
}


def write(report: Report, out: TextIO, options: Options) -> None:  # noqa: ARG001 - a program gets all
    """Write one run with all findings; those that need no action are suppressed ones."""
    rules: dict[tuple[Kind, str], list[Finding]] = {}
    for finding in report.findings:
        rules.setdefault((finding.kind, finding.id), []).append(finding)
    positions = {rule: position for position, rule in enumerate(rules)}
    target = str(report.image.ref)
    run = {
        "tool": {
            "driver": {
                "name": "Seawall",
                "version": report.version,
                "rules": [_rule(rule, findings) for (_, rule), findings in rules.items()],
            }
        },
        "automationDetails": {"id": f"seawall/{visible(target)}/"},
        "invocations": [
            {
                "executionSuccessful": not report.incomplete,
                "toolExecutionNotifications": list(_notifications(report)),
            }
        ],
        "originalUriBaseIds": {_ROOT: {"description": _message(f"the root of {target}")}},
        "results": [
            _result(finding, positions[finding.kind, finding.id], report)
            for finding in report.findings
        ],
        "properties": {
            "target": target,
            "digest": report.image.digest,
            "advisories": {"newest": report.data.newest, "snapshot": report.data.is_snapshot},
        },
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    write_document(document, out)


def _rule(identifier: str, findings: list[Finding]) -> _Object:
    worst = max(findings, key=lambda finding: (finding.severity, finding.score or 0.0))
    is_flaw = worst.kind is Kind.VULNERABILITY
    names = ", ".join(sorted({finding.name for finding in findings if finding.name}))
    remedies = dict.fromkeys(map(remedy, findings))
    summary = worst.summary or (f"a known flaw of {names}" if is_flaw else headline(worst))
    title = f"{identifier} in {names}" if is_flaw else headline(worst)
    properties: _Object = {"tags": ["security", str(worst.kind), str(worst.severity)]}
    if any(finding.exploited_since for finding in findings):
        properties["tags"].append("exploited")
    if score := max((f.score or 0.0 for f in findings), default=0.0) or _TYPICAL_SCORE.get(
        worst.severity
    ):
        properties["security-severity"] = f"{score:.1f}"
    return {
        "id": identifier,
        "shortDescription": _message(title),
        "fullDescription": _message(summary),
        **({"helpUri": advisory_page(identifier)} if is_flaw else {}),
        "help": _message(f"{summary}\n\nRemedy: {'; '.join(remedies)}."),
        "defaultConfiguration": {"level": _LEVEL[worst.severity]},
        "properties": properties,
    }


def _result(finding: Finding, rule: int, report: Report) -> _Object:
    result = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": _LEVEL[finding.severity],
        "message": _message(_sentence(finding)),
        "locations": [_location(finding, report)],
        "partialFingerprints": {"seawallFinding/v1": _fingerprint(finding)},
        "properties": {
            "kind": str(finding.kind),
            "urgency": str(finding.urgency),
            "package": finding.package,
            "installed": finding.installed,
            "fixedIn": finding.fixed_in or None,
            "state": str(finding.state) if finding.kind is Kind.VULNERABILITY else None,
            "epss": finding.epss,
            "exploitedSince": finding.exploited_since or None,
            "layer": finding.layer,
            "fromBase": finding.from_base,
            "removedIn": finding.removed_in or None,
            "confirmed": finding.confirmed,
            "locked": finding.locked,
        },
    }
    if finding.suppressed or finding.urgency is Urgency.HIDDEN:
        reason = finding.suppressed or finding.reason
        result["suppressions"] = [{"kind": "external", "justification": visible(reason)}]
    return result


def _sentence(finding: Finding) -> str:
    if finding.kind is not Kind.VULNERABILITY:
        seen = f": {finding.evidence}" if finding.evidence else ""
        return f"{headline(finding)}{seen} ({finding.severity}). {finding.reason}"
    fixed = f"fixed in {finding.fixed_in}" if finding.fixed_in else f"no fix ({finding.state})"
    text = f"{finding.name} {finding.installed} has {finding.id} ({finding.severity}); {fixed}"
    return f"{text}. {finding.reason}"


def _location(finding: Finding, report: Report) -> _Object:
    logical = {
        "name": visible(finding.name),
        "fullyQualifiedName": finding.package,
        "kind": "package",
    }
    if not finding.package:
        target = visible(str(report.image.ref))
        logical = {"name": target, "fullyQualifiedName": target, "kind": "resource"}
    location: _Object = {"logicalLocations": [logical]}
    if finding.path:
        location["physicalLocation"] = {
            "artifactLocation": _artifact(finding.path),
            # A flaw of a package has no line, but GitHub demands one.
            "region": {"startLine": max(finding.line, 1)},
        }
    return location


def _artifact(path: str) -> _Object:
    spelled = path.lstrip("/").encode("utf-8", "backslashreplace")
    return {"uri": quote(spelled), "uriBaseId": _ROOT}


def _fingerprint(finding: Finding) -> str:
    """Return the same digits for the same flaw of the same package, whatever its version is."""
    name, _, rest = finding.package.partition("@")
    architecture = re.search(r"[?&]arch=([^&#]*)", rest)
    parts: tuple[object, ...]
    parts = (str(finding.kind), finding.id, name, architecture and architecture[1], finding.path)
    if finding.evidence:  # two secrets in one file; a line moves when others come or go
        parts += (finding.evidence,)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _notifications(report: Report) -> Iterable[_Object]:
    for gap in report.incomplete:
        yield _gap(gap)
    if report.data.is_snapshot:
        text = f"advisories are a snapshot; the newest is of {report.data.newest}"
        yield {"level": "warning", "message": _message(text)}
    for warning in report.warnings:
        yield {"level": "warning", "message": _message(warning)}
    for note in report.notes:
        yield {"level": "note", "message": _message(note)}


def _gap(gap: Incomplete) -> _Object:
    where = f" (layer {gap.layer})" if gap.layer else ""
    notification: _Object = {
        "level": "error",
        "message": _message(f"could not be analysed: {gap.path}{where}: {gap.reason}"),
    }
    if gap.path:
        notification["locations"] = [
            {"physicalLocation": {"artifactLocation": _artifact(gap.path)}}
        ]
    return notification


def _message(text: str) -> dict[str, str]:
    """Return a plain text message (section 3.11): no links, no placeholders, nothing hidden."""
    lines = "\n".join(map(visible, text.split("\n")))
    return {"text": re.sub(r"[\\\[\]]", r"\\\g<0>", lines).replace("{", "{{").replace("}", "}}")}
