"""The words that all reports for people share: remedies, ages, and what a scan could not know."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from seawall.advisories import OLD, Currency
from seawall.inventory.sbom.columns import shortened
from seawall.inventory.sbom.identity import count_of, short_digest
from seawall.model import Finding, FixState, Kind, Layer, Urgency
from seawall.scanning.attribution import created_by
from seawall.scanning.report import AdvisoryData, Report
from seawall.scanning.reports.grouping import Group, count, counting, of_kind, subject

LIKELY = 0.01  # an EPSS worth a word: exploitation within 30 days is likelier than 1 %
UPDATE = "seawall advisories update"
_NAMED = 5  # ecosystems in a warning

MEANING: Mapping[Urgency, str] = {
    Urgency.NOW: "exploited in the wild, or critical, and a fix exists",
    Urgency.SOON: "high, likely exploited or not rated yet, and a fix exists",
    Urgency.WATCH: "no fix yet, or lower",
    Urgency.HIDDEN: "judged to need no action",
}
HEADINGS: Mapping[Kind, str] = {  # of those that are no flaws of packages, in their order
    Kind.SECRET: "secrets",
    Kind.MALWARE: "malware",
    Kind.TAMPERED: "tampered",
    Kind.CONFIGURATION: "config",
    Kind.END_OF_LIFE: "end of life",
}
_NOUNS: Mapping[Kind, tuple[str, str]] = {
    Kind.VULNERABILITY: ("flaw", "flaws"),
    Kind.SECRET: ("secret", "secrets"),
    Kind.MALWARE: ("malware file", "malware files"),
    Kind.TAMPERED: ("tampered file", "tampered files"),
    Kind.CONFIGURATION: ("configuration problem", "configuration problems"),
    Kind.END_OF_LIFE: ("end of life", "ends of life"),
}
NO_FIX: Mapping[FixState, str] = {
    FixState.FIXED: "fixed",
    FixState.UNFIXED: "no fix yet",
    FixState.WILL_NOT_FIX: "will not be fixed",
    FixState.END_OF_LIFE: "end of life",
    FixState.NOT_AFFECTED: "not affected",
}
_REMEDY: Mapping[FixState, str] = {
    FixState.FIXED: "update {name} to the newest version",
    FixState.UNFIXED: "no fix yet: remove {name} if nothing needs it, or watch for an update",
    FixState.WILL_NOT_FIX: "its publisher plans no fix: remove {name} if nothing needs it",
    FixState.END_OF_LIFE: "nobody fixes this release any more: move to a supported one",
    FixState.NOT_AFFECTED: "nothing to do",
}


def remedy(finding: Finding) -> str:
    """Return what to do about a finding."""
    if finding.remedy:
        return finding.remedy
    if finding.kind is not Kind.VULNERABILITY:
        return f"look at {place(finding) or 'how the image is built'}"
    name = subject(finding)
    if finding.fixed_in:
        return f"update {name} to {finding.fixed_in} or later"
    return _REMEDY[finding.state].format(name=name)


def headline(finding: Finding) -> str:
    """Return what a finding is, in a few words."""
    return finding.title or finding.summary or finding.reason or finding.id


def place(finding: Finding) -> str:
    """Return where it is, as ``/app/.env:3``; empty for what is in no file."""
    line = f":{finding.line}" if finding.line else ""
    if finding.path.startswith("("):  # "(environment)": a part of the configuration is no file
        return f"{finding.path}{line}"
    return f"/{finding.path.lstrip('/')}{line}" if finding.path else ""


def kinds_among(findings: Sequence[Finding]) -> str:
    """Return ``1 secret, 2 tampered files`` of those that are no flaws; empty without such."""
    numbers = {kind: count(f for f in findings if f.kind is kind) for kind in HEADINGS}
    return ", ".join(count_of(number, *_NOUNS[kind]) for kind, number in numbers.items() if number)


def advisory_page(identifier: str) -> str:
    """Return the address of a page for people about an advisory; it is a valid URI."""
    if re.fullmatch(r"CVE-\d{4}-\d{4,19}", identifier):
        return f"https://nvd.nist.gov/vuln/detail/{identifier}"
    spelled = identifier.encode("utf-8", "backslashreplace")
    return f"https://osv.dev/vulnerability/{quote(spelled, safe='')}"


def remarks(group: Group, report: Report, detailed: bool = False) -> list[str]:
    """Return what else matters about a row, the most pressing first.

    With `detailed` the line of the Dockerfile that made the layer stands beside its number.
    """
    said: list[str] = []
    if group.locked:
        said.append("(lock file)")
    if group.exploited_since:
        said.append(f"exploited since {group.exploited_since[:7]}")
    if group.epss >= LIKELY:
        said.append(f"EPSS {group.epss:.0%}".replace("%", " %"))
    if not group.confirmed:
        said.append(f"not confirmed by {_publisher(report)}")
    if len(group.packages) > 1:
        said.append(f"in {count_of(len(group.packages), 'package')}")
    if where := layer_words(group.layers, report.image.layers, group.from_base, detailed):
        said.append(where)
    return said


def file_remarks(finding: Finding, report: Report, detailed: bool = False) -> list[str]:
    """Return what is to be said of a finding that is no flaw of a package, then what to do."""
    layers = report.image.layers
    said = [headline(finding), finding.evidence]
    said.append(layer_words([finding.layer], layers, finding.from_base, detailed))
    if finding.removed_in:
        number = from_layers([finding.removed_in], layers).removeprefix("from ")
        said.append(f"deleted in {number or 'a later layer'}, still in the image")
    if detailed:
        said.append(_reason_beside(finding))
    said.append(remedy(finding))
    return [text for text in dict.fromkeys(said) if text]


def _reason_beside(finding: Finding) -> str:
    """Return what a finding's reason says besides its headline, evidence and line."""
    reason, said = finding.reason, finding.evidence
    line = f", line {finding.line}" if finding.line else ""
    if said:
        reason = reason.replace(f" ({said})", "")
    for told in (f"{headline(finding)}: {said}{line}", f"{place(finding)} {said}"):
        reason = reason.removeprefix(told) if said else reason
    return "" if reason == headline(finding) else reason.lstrip(";, ")


def base_lines(report: Report) -> list[str]:
    """Return how much the base image brought, and how that is known; empty when nothing is."""
    base = report.base
    if base is None:
        return []
    name = f"the base image{f' {base.name}' if base.name else ''}"
    if base.digest and not base.is_certain:
        name += f" ({short_digest(base.digest)})"
    if not base.layers:
        return [f"{name} is {base.evidence}; which layers it has is not known: --base TARGET"]
    found = [f for f in counting(report.findings) if f.urgency is not Urgency.HIDDEN]
    inherited = count(f for f in found if f.from_base)
    own = count(f for f in found if f.from_base is False)
    total = count(found)
    # A guess leaves some layers open; what is in no layer is from neither all the same.
    unknown = count(f for f in found if f.from_base is None and f.layer and not base.is_certain)
    rest = total - inherited - own - unknown
    if not found:
        said = f"nothing that counts comes from {name}"
    else:
        said = f"{inherited:,} of the {total:,} come from {name}; from your layers: {own:,}"
        said += f"; not known of: {unknown:,}" if unknown else ""
        said += f"; from neither: {rest:,}" if rest > 0 else ""
    layers = count_of(base.layers, "layer")
    if base.is_certain:
        return [said, f"base image: {layers}, {base.evidence}"]
    return [said, f"base image: probably {layers}, {base.evidence}; --base TARGET compares them"]


def _publisher(report: Report) -> str:
    distribution = report.distribution
    names = f"{distribution.name} {distribution.id}".split() if distribution else []
    return names[0] if names else "the distribution"


def from_layers(diff_ids: Sequence[str], layers: Sequence[Layer]) -> str:
    """Return ``from layer 3``, counted from 1 at the bottom; empty when the image has no such."""
    numbers = [
        str(number) for number, layer in enumerate(layers, start=1) if layer.diff_id in diff_ids
    ]
    if not numbers or not any(diff_ids):
        return ""
    return f"from layer{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"


def layer_words(
    diff_ids: Sequence[str],
    layers: Sequence[Layer],
    from_base: bool | None = None,
    detailed: bool = False,
) -> str:
    """Return ``from layer 3 (base image)``, with `detailed` also the line that made it."""
    words = from_layers(diff_ids, layers)
    if words and from_base:
        words += " (base image)"
    if words and detailed:
        lines = dict.fromkeys(created_by(layer) for layer in layers if layer.diff_id in diff_ids)
        words += "".join(f", {shortened(line, 80)}" for line in lines if line)
    return words


def age(timestamp: str, now: datetime) -> timedelta | None:
    """Return how old an RFC 3339 time is, None when it is none; the future is 0 old."""
    try:
        then = datetime.fromisoformat(timestamp)
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        return max(now - then, timedelta(0))
    except (ValueError, OverflowError):
        return None


def age_in_words(old: timedelta | None) -> str:
    """Return ``2 h old`` or ``34 days old``."""
    if old is None:
        return "of unknown age"
    minutes = old // timedelta(minutes=1)
    if minutes < 60:
        return f"{minutes} min old"
    return f"{minutes // 60} h old" if minutes < 48 * 60 else f"{old.days} days old"


def data_age(data: AdvisoryData, now: datetime) -> str:
    """Return ``advisories 2 h old``: how long news may have been missed."""
    if not data.advisories:
        return "no advisories"
    kind = "advisory snapshot" if data.is_snapshot else "advisories"
    return f"{kind} {age_in_words(age(data.as_of, now))}"


def unchecked(report: Report) -> str:
    """Return why nothing could be checked by advisories; empty when something was."""
    what = "no flaws" if report.findings else "nothing"
    if not report.data.advisories:
        return f"{what} could be checked: there are no advisories; get them: {UPDATE}"
    if not any(report.packages.values()):
        return f"{what} could be checked: no package was found that advisories could speak of"
    return ""


def warnings(report: Report, now: datetime) -> list[str]:
    """Return what the reader must know before believing the numbers, the gravest first."""
    said = [unchecked(report)]
    ended = of_kind(report.findings, Kind.END_OF_LIFE)
    said += [f"end of life: {finding.reason}; {remedy(finding)}" for finding in ended]
    said += report.warnings
    if report.incomplete:
        gaps = count_of(len(report.incomplete), "thing")
        said.append(f"incomplete: {gaps} could not be analysed, so there may be more findings")
    said += [
        f"{name}: the advisories here are a part of what is known; get all: {UPDATE}"
        for name in report.data.partial
    ]
    if report.data.advisories:
        said += _age_warnings(report.data, now)
    return [text for text in said if text]


def _age_warnings(data: AdvisoryData, now: datetime) -> list[str]:
    """Return what is missing because of its age; only what judged this image counts."""
    said = []
    stale = [one for one in data.ecosystems if one.is_old(now)]
    # What lacks nothing, for its release has ended, may be older than what lacks something.
    how_old = age(replace(data, ecosystems=stale).as_of if stale else data.as_of, now)
    is_old = bool(stale) if data.ecosystems else how_old is None or how_old > OLD
    if data.is_snapshot or is_old:
        which = "the snapshot that came with Seawall, " if data.is_snapshot else ""
        text = f"advisories are {which}{age_in_words(how_old)}: newer flaws are missing"
        if stale:
            names = [f"{one.name} {_ends(one)}" for one in stale[:_NAMED]]
            names += [f"{len(stale) - _NAMED} more"] if len(stale) > _NAMED else []
            text += f" ({', '.join(names)})"
        said.append(f"{text}; update: {UPDATE}")
    if scores := [f"{one.name.upper()} {_ends(one)}" for one in data.scores if one.is_old(now)]:
        text = f"what is exploited may be missing ({', '.join(scores)})"
        said.append(f"{text}; update: {UPDATE}")
    return said


def _ends(one: Currency) -> str:
    return f"ends at {one.as_of[:10]}" if one.as_of else "is of unknown age"
