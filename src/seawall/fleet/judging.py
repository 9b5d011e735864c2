"""From components to findings, with the very code that scans images."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from seawall.advisories import AdvisoryStore
from seawall.fleet.component import Component
from seawall.model import Distribution, Finding, Package
from seawall.scanning.vulnerabilities import judge_packages

# The "gap" of a program without package that no advisory names: then its ecosystem was not asked.
UNHEARD = "no advisory names it"
_AT_ONCE = 5_000  # components; bounds the memory


@dataclass(slots=True)
class Judged:
    """What is wrong with one component, and what could not be compared."""

    findings: list[Finding] = field(default_factory=list)  # without layer, path and evidence
    gaps: list[str] = field(default_factory=list)


def judged(
    components: Mapping[int, Component], store: AdvisoryStore
) -> Iterator[dict[int, Judged]]:
    """Yield the judgement of components by their numbers, some thousands at a time.

    It holds for any image that has them. What depends on a host is left out: headers of a kernel
    are judged as if nothing were known of the one that runs.
    """
    by_distribution: dict[Distribution | None, list[int]] = defaultdict(list)
    for number, component in components.items():
        by_distribution[component.distribution].append(number)
    for distribution, numbers in by_distribution.items():
        for at in range(0, len(numbers), _AT_ONCE):
            part = {number: components[number] for number in numbers[at : at + _AT_ONCE]}
            yield _judge(part, distribution, store)


def _judge(
    components: Mapping[int, Component], distribution: Distribution | None, store: AdvisoryStore
) -> dict[int, Judged]:
    # The path says which component a finding is about; where each lies is its images' affair.
    packages: dict[Package, Package | None] = {
        replace(component.package, path=str(number)): component.owner
        for number, component in components.items()
    }
    found = {number: Judged() for number in components}
    findings, matches = judge_packages(packages, distribution, store)
    for finding in findings:
        found[int(finding.path)].findings.append(replace(finding, path=""))
    for gap in matches.incomplete:
        if gap.path != "/":  # what is about the distribution as a whole, its images say
            found[int(gap.path)].gaps.append(gap.reason)
    for package in matches.unheard:
        found[int(package.path)].gaps.append(UNHEARD)
    return found
