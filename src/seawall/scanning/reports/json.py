"""The whole scan, for programs. Its schema is in ``docs/reports.md``."""

from typing import Any, TextIO

from seawall.advisories import Currency
from seawall.inventory.sbom.document import write_document
from seawall.model import Finding, Kind
from seawall.scanning.report import BaseImage, Report
from seawall.scanning.reports.grouping import (
    count,
    count_by_kind,
    count_by_severity,
    count_by_urgency,
)
from seawall.scanning.reports.options import Options
from seawall.scanning.reports.wording import remedy

SCHEMA_VERSION = 2


def write(report: Report, out: TextIO, options: Options) -> None:  # noqa: ARG001 - a program gets all
    """Write every finding, whatever the options; ages are for the reader to tell."""
    image, distribution, data = report.image, report.distribution, report.data
    document = {
        "schema_version": SCHEMA_VERSION,
        "seawall": report.version,
        "target": str(image.ref),
        "digest": image.digest,
        "tags": list(image.tags),
        "platform": "/".join(filter(None, (image.os, image.architecture))),
        "distribution": distribution
        and {
            "id": distribution.id,
            "version": distribution.version,
            "codename": distribution.codename,
        },
        "packages": dict(sorted(report.packages.items())),
        "advisories": {
            "newest": data.newest,
            "obtained": data.obtained,
            "snapshot": data.is_snapshot,
            "count": data.advisories,
            "as_of": data.as_of,
            "ecosystems": [_currency(one) for one in data.ecosystems],
            "scores": [_currency(one) for one in data.scores],
        },
        "summary": {
            "urgency": _named(count_by_urgency(report.findings)),
            "severity": _named(count_by_severity(report.findings)),
            "kind": _named(count_by_kind(report.findings)),
            "suppressed": count(finding for finding in report.findings if finding.suppressed),
        },
        "base": _base(report.base),
        "findings": [_finding(finding) for finding in report.findings],
        "incomplete": [
            {"path": gap.path, "layer": gap.layer, "reason": gap.reason}
            for gap in report.incomplete
        ],
        "notes": list(report.notes),
        "warnings": list(report.warnings),
    }
    write_document(document, out)


def _currency(one: Currency) -> dict[str, str]:
    return {
        "name": one.name,
        "newest": one.newest,
        "obtained": one.obtained,
        "as_of": one.as_of,
    }


def _named(counts: dict[Any, int]) -> dict[str, int]:
    return {str(value): count for value, count in counts.items()}


def _base(base: BaseImage | None) -> dict[str, object] | None:
    if base is None:
        return None
    return {
        "name": base.name,
        "digest": base.digest,
        "layers": base.layers,
        "certain": base.is_certain,
        "evidence": base.evidence,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "kind": str(finding.kind),
        "id": finding.id,
        "aliases": list(finding.aliases),
        "urgency": str(finding.urgency),
        "severity": str(finding.severity),
        "score": finding.score,
        "rated_by": finding.rated_by or None,
        "epss": finding.epss,
        "exploited_since": finding.exploited_since or None,
        "package": finding.package,
        "name": finding.name,
        "source": finding.source,
        "installed": finding.installed,
        "fixed_in": finding.fixed_in or None,
        "state": str(finding.state) if finding.kind is Kind.VULNERABILITY else None,
        "confirmed": finding.confirmed,
        "locked": finding.locked,
        "layer": finding.layer,
        "from_base": finding.from_base,
        "path": finding.path,
        "line": finding.line or None,
        "removed_in": finding.removed_in or None,
        "evidence": finding.evidence,
        "title": finding.title,
        "reason": finding.reason,
        "summary": finding.summary,
        "remedy": remedy(finding),
        "suppressed": finding.suppressed or None,
    }
