"""Findings that are there and do not count: by an exception, or by a VEX statement.

A suppressed finding stays in the report with who decided so and why. Where both speak, the
exception of one's own stands before what others state.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from seawall.model import Finding
from seawall.scanning.report import Decision, Report
from seawall.scanning.vex import ImageNames, Statement, Verdict, image_names, verdict, why_not

if TYPE_CHECKING:  # it loads a YAML parser, which most scans do not need
    from seawall.scanning.exceptions import Entry

ACCEPTED = "accepted"  # the status of a decision that an exception made


class VexStatements:
    """VEX statements by the flaws they name."""

    def __init__(self, statements: Iterable[Statement] = ()) -> None:
        self.all = tuple(statements)
        self._by_name: dict[str, list[tuple[int, Statement]]] = {}
        for place, statement in enumerate(self.all):
            for name in statement.names:
                self._by_name.setdefault(name, []).append((place, statement))

    def naming(self, names: Iterable[str]) -> list[Statement]:
        """Return the statements on a flaw with one of these names, in the order they were given."""
        found = {
            place: statement
            for name in names
            for place, statement in self._by_name.get(name.upper(), ())
        }
        return [found[place] for place in sorted(found)]

    def on(self, finding: Finding, image: ImageNames) -> Verdict:
        """Return what they say of a finding."""
        return verdict(finding, self.naming((finding.id, *finding.aliases)), image)


class Suppression(NamedTuple):
    """A report after all decisions, and what a person should know about these."""

    report: Report
    remarks: tuple[str, ...]  # exceptions that meant nothing, statements that did not apply


def suppress(
    report: Report, entries: Sequence["Entry"], statements: VexStatements, today: date
) -> Suppression:
    """Return the report with every finding that somebody decided on marked as suppressed.

    An exception applies on its last day and no longer after it; the report then warns of it.
    """
    image = image_names(report.image, report.distribution)
    meant: set[Entry] = set()
    ended: dict[Entry, int] = {}
    applied: set[tuple[str, int]] = set()
    decisions: dict[str, Decision] = dict(report.decisions)
    findings: list[Finding] = []
    for finding in report.findings:
        text, decision = "", None
        for entry in entries:
            if entry.means(finding, report.image):
                meant.add(entry)
                if entry.until < today:
                    ended[entry] = ended.get(entry, 0) + 1
                elif not decision:
                    text, decision = _accepted(entry)
        said = statements.on(finding, image).deciding
        if said:
            applied.add((said.file, said.number))
            if said.status.suppresses and not decision:
                text, decision = _stated(said)
        if decision:
            decisions[text] = decision
        findings.append(replace(finding, suppressed=text) if decision else finding)
    marked = replace(
        report,
        findings=tuple(findings),
        decisions=decisions,
        warnings=(*report.warnings, *(_ended(*item) for item in ended.items())),
    )
    unused = [
        f"{entry}: this exception means nothing here" for entry in entries if entry not in meant
    ]
    return Suppression(marked, (*unused, *_counted(statements.all, applied)))


def told(
    names: Iterable[str], findings: Sequence[Finding], statements: VexStatements, report: Report
) -> Iterator[str]:
    """Yield what each statement on a flaw means for its findings, and why where it means nothing.

    `names` are all names of the flaw, `findings` those of the report that bear one.
    """
    image = image_names(report.image, report.distribution)
    for statement in statements.naming(names):
        yield f"VEX, {statement}: {_claim(statement)}, of {statement.since:%Y-%m-%d %H:%M %Z}"
        if not findings:
            yield "  nothing was found that it could speak of"
        for finding in findings:
            what = f"{finding.name} {finding.installed} ({finding.path})"
            if reason := why_not(statement, finding, image):
                yield f"  {what}: does not apply: {reason}"
            elif statements.on(finding, image).deciding is not statement:
                yield f"  {what}: applies, but a newer statement decides"
            elif statement.status.suppresses:
                yield f"  {what}: applies, so it does not count"
            else:
                yield f"  {what}: applies, and it counts"


def _claim(statement: Statement) -> str:
    return str(statement.status).replace("_", " ")


def _accepted(entry: "Entry") -> tuple[str, Decision]:
    text = f"exception of {entry.owner} until {entry.until}: {entry.reason}"
    return text, Decision(ACCEPTED, f"{entry.reason} ({entry.owner})", entry.justification)


def _stated(said: Statement) -> tuple[str, Decision]:
    why = ", ".join(filter(None, (said.justification, said.text)))
    text = f"VEX, {said}: {_claim(said)}{f', {why}' if why else ''}"
    return text, Decision(str(said.status), said.text, said.justification)


def _ended(entry: "Entry", count: int) -> str:
    findings = "1 finding counts" if count == 1 else f"{count} findings count"
    return f"the exception {entry} ended on {entry.until}, so {findings} again"


def _counted(statements: Sequence[Statement], applied: set[tuple[str, int]]) -> list[str]:
    """Say of each file how many of its statements apply, where some do not."""
    files: dict[str, list[bool]] = {}
    for statement in statements:
        files.setdefault(statement.file, []).append((statement.file, statement.number) in applied)
    return [
        f"{file}: {sum(used)} of {len(used)} VEX statements decide on a finding here; why the "
        "others do not: --explain ID"
        for file, used in files.items()
        if not all(used)
    ]
