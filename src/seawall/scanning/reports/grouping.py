"""Findings as a person acts on them: what one update mends is one row."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from seawall.model import Finding, FixState, Severity, Urgency

_Value = TypeVar("_Value", Severity, Urgency)


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
    def confirmed(self) -> bool:
        """False when the distribution is silent about all of them."""
        return any(finding.confirmed for finding in self.findings)


def subject(finding: Finding) -> str:
    """Return what an update is made of: the source package, or the package itself."""
    return finding.source or finding.name


def package_type(finding: Finding) -> str:
    """Return the package-url type: ``deb``, ``pypi``, ``npm``."""
    return finding.package.removeprefix("pkg:").partition("/")[0]


def groups(findings: Iterable[Finding], urgency: Urgency) -> list[Group]:
    """Return the rows for one urgency, in the order of their first finding."""
    found: defaultdict[object, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.urgency is urgency:
            key = (package_type(finding), subject(finding), finding.fixed_in, finding.state)
            found[key].append(finding)
    return [Group(tuple(members)) for members in found.values()]


def count_by_urgency(findings: Iterable[Finding]) -> dict[Urgency, int]:
    """Return how many flaws of source packages there are of each urgency, zeros included.

    A flaw counts once however many binary packages of one source carry it.
    """
    return _count(Urgency, ((finding.urgency, finding) for finding in findings))


def count_by_severity(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return how many flaws of source packages there are of each severity, the worst first."""
    return _count(
        sorted(Severity, reverse=True), ((finding.severity, finding) for finding in findings)
    )


def _count(
    values: Iterable[_Value], findings: Iterable[tuple[_Value, Finding]]
) -> dict[_Value, int]:
    flaws: dict[_Value, set[tuple[str, str]]] = {value: set() for value in values}
    for value, finding in findings:
        flaws[value].add((finding.id, subject(finding)))
    return {value: len(members) for value, members in flaws.items()}
