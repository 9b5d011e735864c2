"""JUnit XML as build servers read it (the form of Jenkins' ``junit-10.xsd``).

One test suite a kind of finding: what counts is a failure, what does not is skipped with the
reason. A first suite says what was checked, so that a clean scan is a passed test and not an empty
file, and each gap is an error of it.
"""

from collections.abc import Iterator
from typing import TextIO
from xml.sax.saxutils import escape

from seawall.inventory.sbom.columns import visible
from seawall.inventory.sbom.identity import count_of, package_counts
from seawall.model import Finding, Kind
from seawall.scanning.report import Report
from seawall.scanning.reports.options import Options
from seawall.scanning.reports.wording import headline, layer_words, place, remedy, unchecked
from seawall.scanning.scan import discounted


def write(report: Report, out: TextIO, options: Options) -> None:
    """Write the suites; with `options.threshold` only findings from there on fail."""
    suites = [_scan_suite(report)]
    for kind in Kind:
        cases = [_case(f, report, options) for f in report.findings if f.kind is kind]
        if cases:
            suites.append(_Suite(str(kind), cases))
    tests, failures, errors = (
        sum(getattr(suite, what) for suite in suites) for what in ("tests", "failures", "errors")
    )
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(
        f'<testsuites name="{_text(f"seawall scan {report.image.ref}")}" tests="{tests}" '
        f'failures="{failures}" errors="{errors}">\n'
    )
    for suite in suites:
        out.writelines(suite.lines())
    out.write("</testsuites>\n")


class _Case:
    """One test case; `outcome` is empty when it passed."""

    def __init__(
        self, name: str, where: str, outcome: str = "", message: str = "", body: str = ""
    ) -> None:
        self.outcome = outcome
        self._head = f'  <testcase classname="{_text(where)}" name="{_text(name)}"'
        self._inside = f'<{outcome} message="{_text(message)}"'
        self._inside += f">{_spelt(body)}</{outcome}>" if body else "/>"

    def line(self) -> str:
        if not self.outcome:
            return f"{self._head}/>\n"
        return f"{self._head}>{self._inside}</testcase>\n"


class _Suite:
    def __init__(self, name: str, cases: list[_Case]) -> None:
        self.name, self.cases = name, cases
        self.tests = len(cases)
        self.failures, self.errors, self.skipped = (
            sum(case.outcome == what for case in cases) for what in ("failure", "error", "skipped")
        )

    def lines(self) -> Iterator[str]:
        yield (
            f' <testsuite name="{_text(self.name)}" tests="{self.tests}" '
            f'failures="{self.failures}" errors="{self.errors}" skipped="{self.skipped}">\n'
        )
        for case in self.cases:
            yield case.line()
        yield " </testsuite>\n"


def _scan_suite(report: Report) -> _Suite:
    target = str(report.image.ref)
    advisories = count_of(report.data.advisories, "advisory", "advisories")
    checked = f"{package_counts(report.packages)} checked against {advisories}"
    if fault := unchecked(report):
        cases = [_Case("advisories were there to check against", target, "error", fault)]
    else:
        cases = [_Case(checked, target)]
    for gap in report.incomplete:
        name = f"{gap.path or target} was analysed"
        cases.append(_Case(name, target, "error", gap.reason, gap.layer))
    for warning in report.warnings:
        cases.append(_Case("exceptions are up to date", target, "skipped", warning))
    return _Suite("scan", cases)


def _case(finding: Finding, report: Report, options: Options) -> _Case:
    what = " ".join(filter(None, (finding.name, finding.installed))) or place(finding)
    name = " ".join(filter(None, (finding.id, f"in {what}" if what else "")))
    classname = place(finding) or str(report.image.ref)
    if reason := discounted(finding, report):
        return _Case(name, classname, "skipped", reason)
    threshold = options.threshold
    if threshold is not None and finding.severity < threshold:
        return _Case(name, classname, "skipped", f"{finding.severity}, below {threshold}")
    lines = (
        headline(finding),
        finding.evidence,
        f"severity: {finding.severity}, {finding.urgency}",
        f"reason: {finding.reason}",
        f"remedy: {remedy(finding)}",
        layer_words([finding.layer], report.image.layers, finding.from_base, detailed=True),
    )
    message = f"{finding.severity}: {remedy(finding)}"
    return _Case(name, classname, "failure", message, "\n".join(filter(None, lines)))


def _spelt(text: str) -> str:
    """Return text for an element: of letters that XML 1.0 has and nobody has to guess."""
    return escape("\n".join(map(visible, text.split("\n"))))


def _text(text: str) -> str:
    """Return text for an attribute in double quotes, where a new line has to be spelt."""
    return _spelt(text).replace('"', "&quot;").replace("\n", "&#10;")
