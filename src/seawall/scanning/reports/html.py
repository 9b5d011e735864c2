"""One page that needs nothing else: no network, no other file, and no JavaScript to be read.

Everything from an image or an advisory is escaped, control characters are spelled out, and the
page's own Content-Security-Policy allows exactly the style and the script that stand in it (by
hash), so that even a mistake in escaping runs nothing.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from typing import TextIO

from seawall.inventory.sbom.columns import visible
from seawall.inventory.sbom.identity import count_of, distribution_name, package_counts
from seawall.model import Finding, Urgency
from seawall.scanning.report import Report
from seawall.scanning.reports.grouping import Group, count_by_urgency, groups
from seawall.scanning.reports.options import Options
from seawall.scanning.reports.wording import (
    MEANING,
    NO_FIX,
    advisory_page,
    data_age,
    from_layers,
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
    if unchecked(report):
        return
    if not report.findings:
        verdict = (
            "Nothing was found in what could be analysed."
            if report.incomplete
            else "Nothing known to be wrong."
        )
        advisories = count_of(report.data.advisories, "advisory", "advisories")
        checked = f"Checked {package_counts(report.packages)} against {advisories}."
        yield f'<p class="verdict"><strong>{verdict}</strong> {_text(checked)}</p>\n'
        return
    yield '<ul class="tiles">\n'
    for urgency, count in count_by_urgency(report.findings).items():
        number = f"{count:,}"
        if report.incomplete:
            number = f'<span title="at least">≥ </span>{number}' if count else "none so far"
        name = urgency.name.lower()
        yield (
            f'<li class="{name}"><a href="#{name}"><b>{number}</b> <span>{urgency}</span>'
            f"<small>{MEANING[urgency]}</small></a></li>\n"
        )
    yield "</ul>\n"
    chips = "".join(
        f'<button type="button" data-urgency="{urgency.name.lower()}" aria-pressed="false">'
        f"{urgency}</button>"
        for urgency in Urgency
    )
    yield (
        '<search id="filter" hidden><input type="search" id="words" autocomplete="off" '
        'placeholder="Package, CVE, path, layer …" aria-label="Show rows that contain">'
        f'<div class="chips" role="group" aria-label="Show only">{chips}</div>'
        '<p id="shown" role="status"></p></search>\n'
    )


def _sections(report: Report, options: Options) -> Iterator[str]:
    counts = count_by_urgency(report.findings)
    for urgency in Urgency:
        rows = groups(report.findings, urgency)
        if not rows:
            continue
        name = urgency.name.lower()
        folded = urgency in {Urgency.WATCH, Urgency.HIDDEN} and not options.show_all
        number = count_of(counts[urgency], "finding")
        if counts[urgency] != len(rows):
            number += f" in {count_of(len(rows), 'row')}"
        heading = f"<h2>{str(urgency).capitalize()}</h2> <span>{number}</span>"
        yield (
            f'<details class="urgency {name}" id="{name}"{"" if folded else " open"}>\n'
            f"<summary>{heading}</summary>\n"
        )
        for row in rows:
            yield from _row(row, report)
        yield "</details>\n"


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
    said = "".join(f" · <span>{_text(remark)}</span>" for remark in remarks(group, report))
    exploited = " exploited" if group.exploited_since else ""
    yield (
        '<details class="row">\n<summary>'
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
    path = f"in /{finding.path.lstrip('/')}" if finding.path else ""
    layer = from_layers([finding.layer], report.image.layers)
    return " ".join(filter(None, (finding.name, finding.installed, path, layer)))


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
