"""The report for a person at a terminal: what to do now, first."""

import shlex
import sys
from collections.abc import Iterator
from typing import TextIO

from seawall.inventory.sbom.columns import (
    aligned,
    cells,
    clipped,
    facts,
    paragraph,
    shortened,
    unbroken,
    visible,
    wrapped,
)
from seawall.inventory.sbom.identity import (
    count_of,
    distribution_name,
    package_counts,
    short_digest,
)
from seawall.model import Finding, Kind, Severity, Urgency
from seawall.scanning.content.secrets.rule import THEN_BUILD, WITHOUT_IT
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
    base_lines,
    data_age,
    file_remarks,
    from_layers,
    headline,
    kinds_among,
    place,
    remarks,
    remedy,
    unchecked,
    warnings,
)

_NARROWEST = 60
_MOST_ROWS = 30  # of what is not for now; --all shows the rest
_SENTENCE = 120  # cells of what is said of a file, but for what to do
_REMEDY = 400  # ours are shorter
_NAMED_IDS = 3  # of a row with many advisories
_BOLD, _RED, _YELLOW, _DIM = "1", "1;31", "33", "2"
_URGENCY_COLOUR = {
    Urgency.NOW: _RED,
    Urgency.SOON: _YELLOW,
    Urgency.WATCH: _BOLD,
    Urgency.HIDDEN: _DIM,
}
_FEW = (Kind.TAMPERED, Kind.CONFIGURATION)
_SEVERITY_COLOUR = {Severity.CRITICAL: _RED, Severity.HIGH: "31", Severity.MEDIUM: _YELLOW}


def write(report: Report, out: TextIO, options: Options) -> None:
    """Write the report within the options' width (at least 60 cells)."""
    out.writelines(f"{line}\n" for line in _Table(report, options).lines())


class _Table:
    def __init__(self, report: Report, options: Options) -> None:
        self.report = report
        self.options = options
        self.width = max(options.width, _NARROWEST)
        self.counting = counting(report.findings)
        self.counts = count_by_urgency(self.counting)

    def lines(self) -> Iterator[str]:
        yield from self.identity()
        if said := warnings(self.report, self.options.now):
            yield ""
            for text in said:
                for line in paragraph(visible(text), self.width, "! ", "  "):
                    mark = self.paint("!", _RED) if line.startswith("!") else " "
                    yield f"{mark} {self.paint(line[2:], _RED)}"
        if self.report.findings or not unchecked(self.report):
            yield ""
            yield from self.summary()
        for urgency in (Urgency.NOW, Urgency.SOON):
            yield from self.section(urgency)
        for kind in HEADINGS:
            yield from self.files(kind)
        if self.options.show_all:
            for urgency in (Urgency.WATCH, Urgency.HIDDEN):
                yield from self.section(urgency)
            yield from self.suppressed()
        yield from self.incomplete()
        yield from self.base()
        yield from self.closing()

    def identity(self) -> Iterator[str]:
        image = self.report.image
        name, digest = visible(str(image.ref)).strip(), visible(short_digest(image.digest)).strip()
        who, painted = (f"{shown}  {digest}".rstrip() for shown in (name, self.paint(name, _BOLD)))
        what = facts(
            [
                distribution_name(self.report.distribution),
                visible(package_counts(self.report.packages)),
                data_age(self.report.data, self.options.now),
            ],
            limit=self.width - 2,
        )
        [one_line] = wrapped(what, sys.maxsize)
        if cells(f"{who}   {one_line}") <= self.width:
            yield f"{painted}   {one_line}"
            return
        if cells(who) <= self.width:
            yield painted
        else:
            yield from paragraph(who, self.width)
        yield from paragraph(what, self.width, "  ")

    def summary(self) -> Iterator[str]:
        """Yield the four lines; a scan with gaps has no plain numbers, for there may be more."""
        if not self.report.findings:
            yield from self.nothing_found()
            return
        gaps = bool(self.report.incomplete)
        numbers = {
            urgency: (f"{count:,}+" if count else "?") if gaps else f"{count:,}"
            for urgency, count in self.counts.items()
        }
        column = max(map(len, numbers.values()))
        rows = []
        for urgency, number in numbers.items():
            label = self.paint(str(urgency), _URGENCY_COLOUR[urgency])
            members = [f for f in self.counting if f.urgency is urgency]
            others = kinds_among(members)
            said = [MEANING[urgency]]
            said += [f"among them {unbroken(others)}"] if others else []
            said += ["show: --all"] if any(not self.is_shown(f) for f in members) else []
            rows.append((label, f"{number:>{column}}", facts(said)))
        if decided := count(f for f in self.report.findings if f.suppressed):
            said = ["by an exception or VEX", *([] if self.options.show_all else ["show: --all"])]
            rows.append((self.paint("suppressed", _DIM), f"{decided:>{column},}", facts(said)))
        yield from aligned(rows, self.width)
        if gaps:
            legend = "+ at least so many, ? none so far: not everything could be analysed"
            yield from paragraph(legend, self.width, "  ")

    def nothing_found(self) -> Iterator[str]:
        advisories = count_of(self.report.data.advisories, "advisory", "advisories")
        checked = f"{visible(package_counts(self.report.packages))} against {advisories}"
        if self.report.incomplete:
            yield from paragraph(f"nothing found in what could be analysed: {checked}", self.width)
        else:
            yield from paragraph(f"nothing known to be wrong: checked {checked}", self.width)

    def is_shown(self, finding: Finding) -> bool:
        """Tell whether there is a row for a finding that counts."""
        if self.options.show_all or finding.urgency in (Urgency.NOW, Urgency.SOON):
            return True
        # Keys that packages bring for their own tests come by the dozen; these do not.
        return finding.kind in _FEW and finding.urgency is Urgency.WATCH

    def section(self, urgency: Urgency) -> Iterator[str]:
        rows = groups(self.report.findings, urgency)
        if not rows:
            return
        kept = rows
        if not self.options.show_all and urgency is not Urgency.NOW:
            kept = rows[:_MOST_ROWS]
        yield ""
        yield self.paint(str(urgency).upper(), _URGENCY_COLOUR[urgency])
        yield from aligned([self.row(group) for group in kept], self.width)
        if len(kept) < len(rows):
            yield f"  … and {len(rows) - len(kept)} more rows: --all"

    def row(self, group: Group) -> tuple[str, ...]:
        ids = [shortened(identifier, 40) for identifier in group.ids]
        detailed = self.options.show_all
        notes = [visible(text) for text in remarks(group, self.report, detailed)]
        if len(ids) > 1:
            named = ids if self.options.show_all else ids[:_NAMED_IDS]
            notes.append(", ".join(named) + (", …" if len(named) < len(ids) else ""))
        return (
            ids[0] if len(ids) == 1 else f"{len(ids)} advisories",
            shortened(group.name, 40),
            _versions(group),
            self.paint(str(group.severity), _SEVERITY_COLOUR.get(group.severity, "")),
            facts(notes),
        )

    def files(self, kind: Kind) -> Iterator[str]:
        """Yield the section of one kind that is about files or the configuration."""
        rows = [f for f in of_kind(self.report.findings, kind) if self.is_shown(f)]
        if not rows:
            return
        kept = rows
        if not self.options.show_all:
            now = sum(finding.urgency is Urgency.NOW for finding in rows)
            kept = rows[: max(now, _MOST_ROWS)]
        worst = min((finding.urgency for finding in rows), key=lambda urgency: urgency.rank)
        yield ""
        yield self.paint(HEADINGS[kind].upper(), _URGENCY_COLOUR[worst])
        shared = sum(remedy(finding).endswith(THEN_BUILD) for finding in kept) > 1
        table: list[tuple[str, ...]] = [self.file_row(finding, shared) for finding in kept]
        if not any(place(finding) for finding in kept):  # the configuration is in no file
            table = [(row[0], *row[2:]) for row in table]
        yield from aligned(table, self.width)
        if len(kept) < len(rows):
            yield f"  … and {len(rows) - len(kept)} more rows: --all"
        lesser = sum(
            finding.urgency is Urgency.WATCH and not self.is_shown(finding)
            for finding in of_kind(self.report.findings, kind)
        )
        if lesser:
            yield f"  … and {lesser} to watch: --all"
        if shared:
            yield from paragraph(f"after revoking one, {WITHOUT_IT}", self.width, "  ", "  ")

    def file_row(self, finding: Finding, shared: bool) -> tuple[str, str, str, str]:
        """Return the row of a finding, without how its remedy ends where that is `shared`."""
        *notes, todo = file_remarks(finding, self.report, self.options.show_all)
        if not self.options.show_all:
            notes = [clipped(text, _SENTENCE) for text in notes]
        notes.append(clipped(todo.removesuffix(THEN_BUILD) if shared else todo, _REMEDY))
        return (
            shortened(finding.id, 40),
            shortened(place(finding), 60),
            self.paint(str(finding.severity), _SEVERITY_COLOUR.get(finding.severity, "")),
            facts(visible(text) for text in notes),
        )

    def suppressed(self) -> Iterator[str]:
        decided = [f for f in self.report.findings if f.suppressed]
        if not decided:
            return
        yield ""
        yield self.paint("SUPPRESSED", _DIM)
        rows: dict[tuple[str, ...], None] = {}
        for finding in decided:
            what = finding.source or finding.name or place(finding) or headline(finding)
            row = (
                shortened(finding.id, 40),
                shortened(what, 40),
                str(finding.severity),
                visible(finding.suppressed),
            )
            rows[row] = None
        yield from aligned(list(rows), self.width)

    def base(self) -> Iterator[str]:
        for number, text in enumerate(base_lines(self.report)):
            if not number:
                yield ""
            yield from paragraph(visible(text), self.width)

    def incomplete(self) -> Iterator[str]:
        gaps = self.report.incomplete
        if not gaps:
            return
        kept = gaps if self.options.show_all else gaps[:_MOST_ROWS]
        yield ""
        yield self.paint("INCOMPLETE", _RED) + "   what could not be analysed may hide findings"
        yield from aligned(
            [
                (
                    shortened(gap.path, 60),
                    from_layers([gap.layer], self.report.image.layers).removeprefix("from "),
                    shortened(gap.reason, 240),
                )
                for gap in kept
            ],
            self.width,
        )
        if len(kept) < len(gaps):
            yield f"  … and {len(gaps) - len(kept)} more: --all"

    def closing(self) -> Iterator[str]:
        if self.report.notes:
            yield ""
        for note in self.report.notes:
            yield from paragraph(visible(note), self.width, "note: ", "      ")
        target = shlex.quote(visible(str(self.report.image.ref)))
        commands = []
        if self.counting:
            identifier = shlex.quote(visible(self.counting[0].id))
            commands.append(f"explain one:  seawall scan --explain {identifier} {target}")
        hidden = any(not self.is_shown(finding) for finding in self.counting)
        if hidden or (len(self.counting) < len(self.report.findings) and not self.options.show_all):
            commands.append(f"show all:     seawall scan --all {target}")
        if commands:
            yield ""
        yield from commands

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.options.colour and colour else text


def _versions(group: Group) -> str:
    installed = [shortened(version, 40) for version in group.installed]
    there = ", ".join(installed[:2]) + (", …" if len(installed) > 2 else "")
    if group.fixed_in:
        return f"{there} → {shortened(group.fixed_in, 40)}"
    return f"{there} ({NO_FIX[group.state]})"
