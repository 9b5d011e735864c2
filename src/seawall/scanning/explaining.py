"""Why did an advisory apply, or not? The losing rules are an answer too."""

from collections.abc import Iterable, Iterator, Sequence

from seawall.advisories import (
    AdvisoryStore,
    Interval,
    Subject,
    flaw_names,
    holds,
    is_about,
    match,
    subject_of,
)
from seawall.errors import VersionSyntaxError
from seawall.model import Advisory, Finding, FixState, Inventory, Layer, Package, Range
from seawall.scanning.report import Report
from seawall.scanning.reports.wording import layer_words
from seawall.scanning.suppression import VexStatements, told
from seawall.scanning.vulnerabilities import Owners, Statements, decided, judge

_TOLD = 5  # ranges of an advisory that are told for one package


def explain(
    name: str,
    inventory: Inventory,
    store: AdvisoryStore,
    report: Report | None = None,
    vex: VexStatements | None = None,
) -> Iterator[str]:
    """Yield lines that say what each advisory called `name` means for this image.

    `name` may be an id, an alias or a CVE; advisories that are aliases of those are told too. With
    the `report` on the image, a rule's id may be asked for as well, and what was decided is told.
    """
    advisories = _related(name, store)
    found = report.findings if report else ()
    if not advisories and (ruled := [f for f in found if f.id.lower() == name.lower()]):
        yield f"{name}: reported."
        for finding in ruled:
            yield from _finding_lines(finding, inventory, report)
        return
    if not advisories:
        yield f"{name}: no advisory of that name in the store, so it was not looked for."
        yield "The store holds what its feeds publish: see `seawall advisories status`."
        return
    matched = match(inventory.packages, inventory.distribution, store)
    owners, statements = Owners(inventory), Statements(inventory.distribution, store)
    names = _same_flaw(name, advisories.values())
    judged = report.findings if report else judge(inventory, store).findings
    findings = [f for f in judged if names & {f.id, *f.aliases}]
    if findings:
        counts = any(not finding.suppressed for finding in findings)
        yield f"{name}: reported{'' if counts else ', but suppressed'}."
        for finding in findings:
            yield from _finding_lines(finding, inventory, report)
    else:
        yield f"{name}: not reported."
    if report and vex:
        yield from told(names, findings, vex, report)
    for row, advisory in sorted(advisories.items(), key=lambda item: item[1].id):
        yield ""
        yield from _advisory_lines(row, advisory, inventory, store)
    for package, flaws in matched.flaws.items():
        for flaw in flaws:
            owner = owners.of(package)
            if owner is None or not flaw.names & names:
                continue
            said = statements.about(owner)
            yield ""
            yield f"{package.name} {package.version} ({package.path}) belongs to {package.owner}"
            if known := decided(flaw, said):
                yield f"  so the distribution decides: {said[known[0]].text}"
            else:
                yield "  of which the distribution does not speak, so it is reported as unconfirmed"


def _finding_lines(finding: Finding, inventory: Inventory, report: Report | None) -> Iterator[str]:
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    what = f"{finding.name} {finding.installed}" if finding.package else finding.title
    yield f"  {finding.urgency}: {what} ({place or 'the image'})"
    yield f"    {finding.reason}"
    if finding.evidence:
        yield f"    seen: {finding.evidence}"
    if finding.remedy:
        yield f"    remedy: {finding.remedy}"
    layers = report.image.layers if report else tuple(map(Layer, inventory.layers))
    if where := layer_words([finding.layer], layers, finding.from_base, detailed=True):
        yield f"    {where}"
    if finding.suppressed:
        yield f"    does not count: {finding.suppressed}"


def _same_flaw(name: str, advisories: Iterable[Advisory]) -> set[str]:
    """Return all names of the flaw; an advisory that bundles several flaws is no name of one."""
    names = {name}
    for advisory in advisories:
        for group in flaw_names(advisory):
            if name == advisory.id or name in group:
                names |= group
    return names


def _related(name: str, store: AdvisoryStore) -> dict[int, Advisory]:
    """Return the advisories of that name, and those that share an alias with them."""
    found = store.named(name)
    for advisory in list(found.values()):
        for alias in advisory.aliases:
            found.update(store.named(alias))
        if len(advisory.upstream) == 1:
            found.update(store.named(advisory.upstream[0]))
    return found


def _advisory_lines(
    row: int, advisory: Advisory, inventory: Inventory, store: AdvisoryStore
) -> Iterator[str]:
    score = f" ({advisory.score})" if advisory.score is not None else ""
    published = f", published {advisory.published[:10]}" if advisory.published else ""
    yield f"{advisory.id}: severity {advisory.severity}{score}{published}"
    if advisory.summary:
        yield f"  {advisory.summary}"
    if advisory.withdrawn:
        yield f"  withdrawn on {advisory.withdrawn[:10]}: it applies to nothing"
        return
    installed = _installed(inventory, store)
    releases: dict[str, list[str]] = {}
    for release in dict.fromkeys(release for release, _ in installed):
        releases.setdefault(release.partition(":")[0], []).append(release)
    absent: dict[str, None] = {}
    spoken: dict[tuple[str, str], list[Interval]] = {}
    for interval in store.ranges(row):
        place = (interval.range.ecosystem, interval.range.name)
        known = releases.get(place[0].partition(":")[0], [])
        if place in installed:
            spoken.setdefault(place, []).append(interval)
        elif known and place[0] not in known:
            absent[f"{place[0]} is another release, this image is {known[0]}"] = None
        elif not known:
            absent[f"{place[0]}: this image has no package of it"] = None
        else:
            absent[f"{place[1]} ({place[0]}) is not installed"] = None
    for place, intervals in spoken.items():
        for package, subject in installed[place]:
            yield from _comparisons(package, subject, intervals)
    for line in list(absent)[:_TOLD]:
        yield f"  {line}"
    if len(absent) > _TOLD:
        yield f"  and {len(absent) - _TOLD} more that are not in this image"
    for doubtful in store.unparsable_of(row):
        if (doubtful.ecosystem, doubtful.name) in installed:
            yield f"  {doubtful.name}: cannot be compared ({doubtful.text})"


def _installed(
    inventory: Inventory, store: AdvisoryStore
) -> dict[tuple[str, str], list[tuple[Package, Subject]]]:
    """Return the installed packages by the names that advisories use."""
    installed: dict[tuple[str, str], list[tuple[Package, Subject]]] = {}
    known = store.ecosystems()
    for package in inventory.packages:
        subject = subject_of(package, inventory.distribution)
        there = subject_of(package, inventory.distribution, known)
        if subject and there:
            for ecosystem in dict.fromkeys((*subject.ecosystems, *there.ecosystems)):
                for name in subject.names:
                    installed.setdefault((ecosystem, name), []).append((package, subject))
    return installed


def _comparisons(
    package: Package, subject: Subject, intervals: Sequence[Interval]
) -> Iterator[str]:
    """Say how the installed version stands to the ranges of one advisory."""
    what = f"{package.name} {package.version}"
    if (subject.name, subject.version) != (package.name, package.version):
        what += f" (source {subject.name} {subject.version})" if package.source else ""
    try:
        inside = [interval for interval in intervals if holds(subject, interval)]
    except VersionSyntaxError as error:
        yield f"  {what}: not compared, {error}"
        return
    if not any(is_about(subject, interval) for interval in intervals):
        about = intervals[0].module.replace("*", "a module") or "builds outside of modules"
        yield f"  {what}: not affected, this is about {about}: {_span(intervals[0].range)}"
        return
    verdict = "affected, it lies in" if inside else "not affected, it lies outside"
    told = inside or intervals
    for interval in told[:_TOLD]:
        yield f"  {what}: {verdict}: {_span(interval.range)}"
    if len(told) > _TOLD:
        yield f"  {what}: {verdict}: {len(told) - _TOLD} more"


def _span(limits: Range) -> str:
    if limits.state is FixState.NOT_AFFECTED:
        return "no version at all"
    if limits.last_affected and limits.introduced == limits.last_affected:
        return f"exactly {limits.introduced}"
    span = f"from {limits.introduced}" if limits.introduced != "0" else "all versions"
    if limits.fixed:
        span += f" up to, not including, {limits.fixed}"
    elif limits.last_affected:
        span += f" up to and including {limits.last_affected}"
    return span
