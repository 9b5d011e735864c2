"""Findings as a person acts on them: what one update mends is one row."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from seawall.model import Finding, FixState, Kind, Severity, Urgency

_Value = TypeVar("_Value", Severity, Urgency, Kind)


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one source package that have the same urgency and the same fix."""

    findings: Sequence[Finding]  # in the report's order, at least one

    @property
    def urgency(self) -> Urgency:
        """How urgent all of them are."""
        return self.findings[0].urgency

    @property
    def name(self) -> str:
        """The source package, or the package where there is no such."""
        return subject(self.findings[0])

    @property
    def installed(self) -> list[str]:
        """The versions that are there, in the report's order."""
        return list(dict.fromkeys(finding.installed for finding in self.findings))

    @property
    def fixed_in(self) -> str:
        """The version to update to; empty when there is none."""
        return self.findings[0].fixed_in

    @property
    def state(self) -> FixState:
        """What the publisher says about a fix."""
        return self.findings[0].state

    @property
    def by_id(self) -> dict[str, list[Finding]]:
        """What is known to be wrong, the worst first, and the findings that say so."""
        members: dict[str, list[Finding]] = {}
        for finding in self.findings:
            members.setdefault(finding.id, []).append(finding)
        return members

    @property
    def ids(self) -> list[str]:
        """What is known to be wrong, the worst first."""
        return list(self.by_id)

    @property
    def packages(self) -> list[str]:
        """The package-urls of what is installed."""
        return list(dict.fromkeys(finding.package for finding in self.findings))

    @property
    def severity(self) -> Severity:
        """The highest."""
        return max(finding.severity for finding in self.findings)

    @property
    def exploited_since(self) -> str:
        """The earliest date one of them entered the KEV catalogue; empty when none did."""
        return min(filter(None, (f.exploited_since for f in self.findings)), default="")

    @property
    def epss(self) -> float:
        """The highest probability of exploitation; 0 when nobody gives one."""
        return max(finding.epss or 0.0 for finding in self.findings)

    @property
    def layers(self) -> list[str]:
        """The layers that brought the packages."""
        return list(dict.fromkeys(finding.layer for finding in self.findings if finding.layer))

    @property
    def from_base(self) -> bool | None:
        """Whether the base image brought all of them, or none; None where that differs."""
        known = {finding.from_base for finding in self.findings}
        return known.pop() if len(known) == 1 else None

    @property
    def locked(self) -> bool:
        """Whether lock files alone name what they are about."""
        return self.findings[0].locked

    @property
    def confirmed(self) -> bool:
        """False when the distribution is silent about all of them."""
        return any(finding.confirmed for finding in self.findings)


def subject(finding: Finding) -> str:
    """Return what an update is made of: the source package, or the package itself."""
    return finding.source or finding.name


def package_type(finding: Finding) -> str:
    """Return the package-url type: ``deb``, ``pypi``, ``npm``."""
    return finding.package.removeprefix("pkg:").partition("/")[0]


def counting(findings: Iterable[Finding]) -> list[Finding]:
    """Return those that nobody decided to leave out."""
    return [finding for finding in findings if not finding.suppressed]


def of_kind(findings: Iterable[Finding], kind: Kind) -> list[Finding]:
    """Return those of one kind that count, in their order."""
    return [finding for finding in counting(findings) if finding.kind is kind]


def groups(findings: Iterable[Finding], urgency: Urgency) -> list[Group]:
    """Return the rows of flaws of one urgency, in the order of their first finding."""
    found: defaultdict[object, list[Finding]] = defaultdict(list)
    for finding in of_kind(findings, Kind.VULNERABILITY):
        if finding.urgency is urgency:
            update = (package_type(finding), subject(finding), finding.fixed_in, finding.state)
            found[*update, finding.locked].append(finding)
    return [Group(tuple(members)) for members in found.values()]


def count_by_urgency(findings: Iterable[Finding]) -> dict[Urgency, int]:
    """Return how many counting things there are of each urgency, zeros included.

    A flaw counts once however many binary packages of one source carry it; anything else counts
    once a place.
    """
    return _count(Urgency, ((finding.urgency, finding) for finding in counting(findings)))


def count_by_severity(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return the same numbers by severity, the worst first."""
    return _count(
        sorted(Severity, reverse=True),
        ((finding.severity, finding) for finding in counting(findings)),
    )


def count_by_kind(findings: Iterable[Finding]) -> dict[Kind, int]:
    """Return the same numbers by kind, zeros included."""
    return _count(Kind, ((finding.kind, finding) for finding in counting(findings)))


def count(findings: Iterable[Finding]) -> int:
    """Return how many things findings are, counted in the same way, whoever decided on them."""
    return len({_identity(finding) for finding in findings})


def _count(
    values: Iterable[_Value], findings: Iterable[tuple[_Value, Finding]]
) -> dict[_Value, int]:
    members: dict[_Value, set[tuple[object, ...]]] = {value: set() for value in values}
    for value, finding in findings:
        members[value].add(_identity(finding))
    return {value: len(found) for value, found in members.items()}


def _identity(finding: Finding) -> tuple[object, ...]:
    if finding.kind is Kind.VULNERABILITY:
        return (finding.id, subject(finding))
    where = (finding.path, finding.line, finding.layer, finding.evidence)
    return (finding.kind, finding.id, subject(finding), *where)
