"""OpenVEX 0.2.0 (https://github.com/openvex/spec, OPENVEX-SPEC.md): what is said of the flaws here.

The product is the image, by its image id; the packages are its subcomponents. Decisions become
``not_affected`` or ``fixed``, what a distribution did not confirm is ``under_investigation``,
everything else ``affected`` with its remedy. Read again with ``--vex``, the document suppresses
what was suppressed here: where two packages differ only in the file that names them, the
qualifier ``path`` of the package-url tells them apart.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO
from urllib.parse import quote

from seawall.inventory.sbom.document import write_document
from seawall.model import Finding, Image, Kind
from seawall.scanning.purl_pattern import PATH
from seawall.scanning.report import Report
from seawall.scanning.reports.options import Options
from seawall.scanning.reports.wording import remedy
from seawall.scanning.suppression import ACCEPTED
from seawall.scanning.vex import product_of

_Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a statement says, without what it says it of."""

    id: str
    aliases: tuple[str, ...]
    status: str
    justification: str = ""
    impact: str = ""
    action: str = ""
    notes: str = ""


def write(report: Report, out: TextIO, options: Options) -> None:
    """Write one statement for each flaw and status; its time is `options.now`."""
    flaws = [f for f in report.findings if f.kind is Kind.VULNERABILITY and f.package]
    decided: dict[tuple[str, str], set[str]] = {}
    for finding in flaws:
        decided.setdefault((finding.id, finding.package), set()).add(finding.suppressed)
    names = _own_names(flaws)
    statements: dict[_Said, dict[str, None]] = {}
    for finding in flaws:
        url = finding.package
        if len(decided[finding.id, finding.package]) > 1:
            url = _with_path(url, finding.path)
        statements.setdefault(_said(finding, report, names[finding.id]), {})[url] = None
    document: _Object = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "",
        "author": "Seawall",
        "timestamp": options.now.isoformat().replace("+00:00", "Z"),
        "version": 1,
        "tooling": f"Seawall {report.version}",
        "statements": [_statement(said, urls, report.image) for said, urls in statements.items()],
    }
    document["@id"] = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document)).urn
    write_document(document, out)


def _own_names(flaws: Sequence[Finding]) -> dict[str, tuple[str, ...]]:
    """Return each flaw's aliases that name no other flaw as well."""
    meant: dict[str, set[str]] = {}
    for finding in flaws:
        for name in (finding.id, *finding.aliases):
            meant.setdefault(name, set()).add(finding.id)
    own: dict[str, dict[str, None]] = {finding.id: {} for finding in flaws}
    for name, ids in meant.items():
        if len(ids) == 1 and name not in ids:
            own[next(iter(ids))][name] = None
    return {identifier: tuple(names) for identifier, names in own.items()}


def _said(finding: Finding, report: Report, aliases: tuple[str, ...]) -> _Said:
    decision = report.decisions.get(finding.suppressed) if finding.suppressed else None
    if finding.suppressed and decision is None:
        return _Said(finding.id, aliases, "not_affected", impact=finding.suppressed)
    if decision and decision.status == "fixed":
        return _Said(finding.id, aliases, "fixed", notes=decision.reason)
    if decision:
        reason = decision.reason or finding.suppressed
        if decision.status == ACCEPTED:
            reason = f"accepted: {reason}"
        if decision.justification:  # the schema allows one of the two
            return _Said(finding.id, aliases, "not_affected", decision.justification, notes=reason)
        return _Said(finding.id, aliases, "not_affected", impact=reason)
    if not finding.confirmed:
        return _Said(finding.id, aliases, "under_investigation", notes=finding.reason)
    return _Said(finding.id, aliases, "affected", action=remedy(finding))


def _statement(said: _Said, urls: Iterable[str], image: Image) -> _Object:
    vulnerability: _Object = {"name": said.id}
    if said.aliases:
        vulnerability["aliases"] = list(said.aliases)
    product = product_of(image)
    product["subcomponents"] = [{"@id": url, "identifiers": {"purl": url}} for url in urls]
    statement = {
        "vulnerability": vulnerability,
        "products": [product],
        "status": said.status,
        "status_notes": said.notes,
        "justification": said.justification,
        "impact_statement": said.impact,
        "action_statement": said.action,
    }
    return {key: value for key, value in statement.items() if value}


def _with_path(url: str, path: str) -> str:
    head, mark, subpath = url.partition("#")
    sign = "&" if "?" in head else "?"
    return f"{head}{sign}{PATH}={quote(path, safe='/', errors='backslashreplace')}{mark}{subpath}"
