"""One page that needs nothing else: no network, no other file, and no JavaScript to be read.

Everything from an image or an advisory is escaped, control characters are spelled out, and the
page's own Content-Security-Policy allows exactly the style and the script that stand in it (by
hash), so that even a mistake in escaping runs nothing.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import TextIO

from seawall.inventory.sbom.columns import visible
from seawall.inventory.sbom.identity import count_of, distribution_name, package_counts
from seawall.model import Finding, Kind, Severity, Urgency
from seawall.scanning.report import Report
from seawall.scanning.reports.grouping import (
    Group,
    count,
    count_by_urgency,
    counting,
    groups,
    of_kind,
)
from seawall.scanning.reports.options import Options
from seawall.scanning.reports.wording import (
    HEADINGS,
    MEANING,
    NO_FIX,
    advisory_page,
    base_lines,
    data_age,
    file_remarks,
    from_layers,
    headline,
    kinds_among,
    layer_words,
    place,
    remarks,
    remedy,
    unchecked,
    warnings,
)

_NAMED_IDS = 3


def write(report: Report, out: TextIO, options: Options) -> None:
    """Write the page; `options.show_all` opens what is folded otherwise."""
    style, script = _part("page.css"), _part("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        '<meta name="color-scheme" content="light dark">\n',
        '<meta name="referrer" content="no-referrer">\n',
        f"<title>{_text(str(report.image.ref))} · Seawall scan</title>\n",
        f"<style>{style}</style>\n</head>\n<body>\n",
        *_header(report, options),
        "<main>\n",
        *_warnings(report, options),
        *_summary(report),
        *_base(report),
        *_filter(report),
        *_sections(report, options),
        *_incomplete(report),
        "</main>\n",
        *_footer(report, options),
        f"<script>{script}</script>\n</body>\n</html>\n",
    )
    out.writelines(parts)


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(text: str) -> str:
    """Return `text` safe in an element and in a quoted attribute."""
    return escape("\n".join(map(visible, text.split("\n"))))


def _header(report: Report, options: Options) -> Iterator[str]:
    image = report.image
    facts = [
        distribution_name(report.distribution),
        package_counts(report.packages),
        data_age(report.data, options.now),
    ]
    yield '<header>\n<p class="brand">Seawall scan</p>\n'
    yield f"<h1>{_text(str(image.ref))}</h1>\n"
    if image.digest:
        yield f'<p class="digest"><code>{_text(image.digest)}</code></p>\n'
    yield f'<p class="facts">{_text(" · ".join(facts))}</p>\n</header>\n'


def _warnings(report: Report, options: Options) -> Iterator[str]:
    for text in warnings(report, options.now):
        yield f'<p class="warning"><strong aria-hidden="true">!</strong> {_text(text)}</p>\n'


def _summary(report: Report) -> Iterator[str]:
    found = counting(report.findings)
    if unchecked(report) and not report.findings:
        return
    if not found:
        verdict = (
            "Nothing was found in what could be analysed."
            if report.incomplete
            else "Nothing known to be wrong."
        )
        if report.findings:
            verdict = "Nothing that counts: all findings are suppressed."
        advisories = count_of(report.data.advisories, "advisory", "advisories")
        checked = f"Checked {package_counts(report.packages)} against {advisories}."
        yield f'<p class="verdict"><strong>{verdict}</strong> {_text(checked)}</p>\n'
        return
    yield '<ul class="tiles">\n'
    for urgency, number in count_by_urgency(found).items():
        members = [finding for finding in found if finding.urgency is urgency]
        shown = f"{number:,}"
        if report.incomplete:
            shown = f'<span title="at least">≥ </span>{shown}' if number else "none so far"
        others = kinds_among(members)
        among = f"; among them {others}" if others else ""
        yield (
            f'<li class="{_name(urgency)}"><a href="#{_first_section(members, urgency)}">'
            f"<b>{shown}</b> <span>{urgency}</span>"
            f"<small>{MEANING[urgency]}{_text(among)}</small></a></li>\n"
        )
    yield "</ul>\n"


def _name(value: Urgency | Kind) -> str:
    return value.name.lower().replace("_", "-")


def _first_section(members: list[Finding], urgency: Urgency) -> str:
    """Return the id of the section that shows the first of these findings."""
    if not members or any(finding.kind is Kind.VULNERABILITY for finding in members):
        return _name(urgency)
    return _name(members[0].kind)


def _base(report: Report) -> Iterator[str]:
    lines = base_lines(report)
    if lines:
        said, *evidence = lines
        yield f'<p class="base">{_text(said)}<small>{_text(" ".join(evidence))}</small></p>\n'
    if decided := count(finding for finding in report.findings if finding.suppressed):
        number = count_of(decided, "finding")
        yield (
            f'<p class="base"><a href="#suppressed">{number} suppressed</a> '
            "by an exception or VEX; what is suppressed does not count.</p>\n"
        )


def _filter(report: Report) -> Iterator[str]:
    """Yield the bar that filters; it is hidden until the script that makes it work has run."""
    if not report.findings:
        return
    urgencies = list(Urgency) if counting(report.findings) else []
    kinds = [
        kind
        for kind in (Kind.VULNERABILITY, *HEADINGS)
        if any(finding.kind is kind for finding in report.findings)
    ]
    severities = [
        severity
        for severity in sorted(Severity, reverse=True)
        if any(finding.severity is severity for finding in report.findings)
    ]
    yield (
        '<search id="filter" hidden><input type="search" id="words" autocomplete="off" '
        'placeholder="Package, CVE, path, layer …" aria-label="Show rows that contain">\n'
    )
    yield _chips("urgency", {_name(urgency): str(urgency) for urgency in urgencies})
    if len(kinds) > 1:
        yield _chips("kind", {_name(kind): _kind_name(kind) for kind in kinds})
    if len(severities) > 1:
        yield _chips("severity", {str(severity): str(severity) for severity in severities})
    yield '<p id="shown" role="status"></p></search>\n'


def _kind_name(kind: Kind) -> str:
    return "packages" if kind is Kind.VULNERABILITY else HEADINGS[kind]


def _chips(what: str, values: Mapping[str, str]) -> str:
    buttons = "".join(
        f'<button type="button" data-filter="{what}" data-value="{value}" aria-pressed="false">'
        f"{text}</button>"
        for value, text in values.items()
    )
    return (
        f'<div class="chips" role="group" aria-label="Show only, by {what}">'
        f'<span aria-hidden="true">{what}</span>{buttons}</div>\n'
    )


def _sections(report: Report, options: Options) -> Iterator[str]:
    for urgency in (Urgency.NOW, Urgency.SOON):
        yield from _flaws(urgency, report, options)
    for kind in HEADINGS:
        findings = of_kind(report.findings, kind)
        if findings:
            needs_action = any(f.urgency in (Urgency.NOW, Urgency.SOON) for f in findings)
            style = _name(min(findings, key=_order).urgency)
            number = count_of(count(findings), "finding")
            is_open = needs_action or options.show_all
            yield _opening(_name(kind), style, HEADINGS[kind], number, is_open)
            for finding in findings:
                yield from _file_row(finding, report)
            yield "</details>\n"
    for urgency in (Urgency.WATCH, Urgency.HIDDEN):
        yield from _flaws(urgency, report, options)
    decided = [finding for finding in report.findings if finding.suppressed]
    if decided:
        number = count_of(count(decided), "finding")
        yield _opening("suppressed", "hidden", "suppressed", number, options.show_all)
        for finding in decided:
            yield from _file_row(finding, report)
        yield "</details>\n"


def _order(finding: Finding) -> int:
    return list(Urgency).index(finding.urgency)


def _opening(name: str, style: str, title: str, number: str, is_open: bool) -> str:
    heading = f"<h2>{title[0].upper()}{title[1:]}</h2> <span>{number}</span>"
    return (
        f'<details class="urgency {style}" id="{name}"{" open" if is_open else ""}>\n'
        f"<summary>{heading}</summary>\n"
    )


def _flaws(urgency: Urgency, report: Report, options: Options) -> Iterator[str]:
    rows = groups(report.findings, urgency)
    if not rows:
        return
    flaws = count(finding for row in rows for finding in row.findings)
    number = count_of(flaws, "finding")
    if flaws != len(rows):
        number += f" in {count_of(len(rows), 'row')}"
    is_open = urgency in (Urgency.NOW, Urgency.SOON) or options.show_all
    yield _opening(_name(urgency), _name(urgency), str(urgency), number, is_open)
    for row in rows:
        yield from _row(row, report)
    yield "</details>\n"


def _marks(finding: Finding, severity: Severity) -> str:
    """Return the attributes that the filter looks at; what is suppressed has no urgency left."""
    urgency = "" if finding.suppressed else _name(finding.urgency)
    kind = _name(finding.kind)
    return f'data-kind="{kind}" data-severity="{severity}" data-urgency="{urgency}"'


def _row(group: Group, report: Report) -> Iterator[str]:
    ids = group.ids
    named = ", ".join(f"<span>{_text(identifier)}</span>" for identifier in ids[:_NAMED_IDS])
    named += ", …" if len(ids) > _NAMED_IDS else ""
    what = named if len(ids) == 1 else f"{len(ids)} advisories: {named}"
    there = ", ".join(group.installed[:3]) + (", …" if len(group.installed) > 3 else "")
    fix = (
        f'<span class="arrow">→</span> <b>{_text(group.fixed_in)}</b>'
        if group.fixed_in
        else f"<i>{NO_FIX[group.state]}</i>"
    )
    said = _said(remarks(group, report))
    exploited = " exploited" if group.exploited_since else ""
    yield (
        f'<details class="row" {_marks(group.findings[0], group.severity)}>\n<summary>'
        f'<span class="name">{_text(group.name)}</span> '
        f'<span class="versions">{_text(there)} {fix}</span> '
        f'<span class="severity {group.severity}">{group.severity}</span> '
        f'<span class="said{exploited}"><span class="ids">{what}</span>{said}</span></summary>\n'
    )
    yield '<dl class="remedy">\n' + _term("Remedy", dict.fromkeys(map(remedy, group.findings)))
    yield _term("Where", dict.fromkeys(_where(finding, report) for finding in group.findings))
    yield "</dl>\n"
    for findings in group.by_id.values():
        yield from _flaw(findings)
    yield "</details>\n"


def _file_row(finding: Finding, report: Report) -> Iterator[str]:
    """Yield the row of a finding that stands alone: about a file, or decided upon."""
    name = finding.source or finding.name if finding.package else headline(finding)
    where = finding.installed if finding.package else place(finding)
    remarked = [finding.suppressed] if finding.suppressed else file_remarks(finding, report)[1:-1]
    said = _said(remarked)
    yield (
        f'<details class="row" {_marks(finding, finding.severity)}>\n<summary>'
        f'<span class="name">{_text(name)}</span> '
        f'<span class="versions">{_text(where)}</span> '
        f'<span class="severity {finding.severity}">{finding.severity}</span> '
        f'<span class="said"><span class="ids"><span>{_text(finding.id)}</span></span>{said}</span>'
        "</summary>\n"
    )
    yield '<dl class="remedy">\n' + _term("Remedy", [remedy(finding)])
    where = " ".join(filter(None, (place(finding), _layer(finding, report))))
    for term, text in (
        ("Where", where or "the image's configuration"),
        ("Seen", finding.evidence),
        ("Why", finding.reason),
        ("Decided", finding.suppressed),
    ):
        if text:
            yield _term(term, [text])
    yield "</dl>\n"
    if finding.package:
        yield from _flaw([finding])
    yield "</details>\n"


def _said(remarks: Sequence[str]) -> str:
    """Return remarks to stand behind an id; a dot between two stays on the line that it ends."""
    shown = [f"<span>{_text(remark)}&nbsp;·</span>" for remark in remarks[:-1]]
    shown += [f"<span>{_text(remark)}</span>" for remark in remarks[-1:]]
    return " · " + " ".join(shown) if shown else ""


def _layer(finding: Finding, report: Report) -> str:
    return layer_words([finding.layer], report.image.layers, finding.from_base, detailed=True)


def _flaw(findings: list[Finding]) -> Iterator[str]:
    first = findings[0]
    facts = [f"{first.severity} severity"]
    if first.score is not None:
        facts.append(f"CVSS {first.score:.1f}")
    if first.epss is not None:
        facts.append(f"EPSS {first.epss:.1%}".replace("%", " %"))
    if first.exploited_since:
        facts.append(f"exploited since {first.exploited_since}")
    facts += first.aliases
    yield (
        f'<article>\n<h3><a href="{_text(advisory_page(first.id))}" rel="noreferrer noopener">'
        f"{_text(first.id)}</a></h3>\n<p>{_text(' · '.join(facts))}</p>\n"
    )
    if first.summary:
        yield f"<p>{_text(first.summary)}</p>\n"
    for reason in dict.fromkeys(finding.reason for finding in findings):
        yield f'<p class="reason">{_text(reason)}</p>\n'
    yield "</article>\n"


def _where(finding: Finding, report: Report) -> str:
    path = f"in {place(finding)}" if finding.path else ""
    parts = (finding.name, finding.installed, path, _layer(finding, report))
    return " ".join(filter(None, parts))


def _term(name: str, values: Iterable[str]) -> str:
    return f"<dt>{name}</dt>" + "".join(f"<dd>{_text(value)}</dd>" for value in values) + "\n"


def _incomplete(report: Report) -> Iterator[str]:
    if not report.incomplete:
        return
    yield '<section class="incomplete" id="incomplete">\n<h2>Incomplete</h2>\n'
    yield "<p>What could not be analysed may hide findings.</p>\n<ul>\n"
    for gap in report.incomplete:
        layer = from_layers([gap.layer], report.image.layers)
        where = f" ({layer})" if layer else ""
        yield f"<li><code>{_text(gap.path)}</code>{where}: {_text(gap.reason)}</li>\n"
    yield "</ul>\n</section>\n"


def _footer(report: Report, options: Options) -> Iterator[str]:
    data = report.data
    yield "<footer>\n"
    for note in report.notes:
        yield f"<p>Note: {_text(note)}</p>\n"
    advisories = count_of(data.advisories, "advisory", "advisories")
    yield (
        f"<p>{advisories}, newest {_text(data.newest or 'unknown')}, "
        f"obtained {_text(data.obtained or 'unknown')}. "
        f"Written {options.now:%Y-%m-%d %H:%M %Z} by Seawall {_text(report.version)}.</p>\n"
        "</footer>\n"
    )
