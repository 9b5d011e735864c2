"""Why did an advisory apply, or not? The losing rules are an answer too."""

from collections.abc import Iterator

from seawall.advisories import AdvisoryStore, Interval, match, subject_of
from seawall.errors import VersionSyntaxError
from seawall.model import Advisory, Inventory, Package
from seawall.scanning.vulnerabilities import Statements, judge
from seawall.versions import key


def explain(name: str, inventory: Inventory, store: AdvisoryStore) -> Iterator[str]:
    """Yield lines that say what each advisory called `name` means for this image.

    `name` may be an id, an alias or a CVE; advisories that are aliases of those are told too.
    """
    advisories = _related(name, store)
    if not advisories:
        yield f"{name}: no advisory of that name in the store, so it was not looked for."
        yield "The store holds what its feeds publish: see `seawall advisories status`."
        return
    judgement = judge(inventory, store)
    matched = match(inventory.packages, inventory.distribution, store)
    statements = Statements(inventory, store)
    names = {name, *(a.id for a in advisories.values())}
    names.update(alias for a in advisories.values() for alias in a.aliases)
    findings = [f for f in judgement.findings if names & {f.id, *f.aliases}]
    if findings:
        yield f"{name}: reported."
        for finding in findings:
            yield f"  {finding.urgency}: {finding.name} {finding.installed} ({finding.path})"
            yield f"    {finding.reason}"
    else:
        yield f"{name}: not reported."
    for row, advisory in sorted(advisories.items(), key=lambda item: item[1].id):
        yield ""
        yield from _advisory_lines(row, advisory, inventory, store)
    for package, flaws in matched.flaws.items():
        for flaw in flaws:
            owner = statements.owner(package)
            if owner is None or not flaw.names & names:
                continue
            said = statements.about(owner)
            for known in sorted(flaw.names & set(said)):
                yield ""
                yield (
                    f"{package.name} {package.version} ({package.path}) belongs to {package.owner}"
                )
                yield f"  so the distribution decides: {said[known].text}"
                break


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
    installed = _installed(inventory)
    families = {release.partition(":")[0]: release for release, _ in installed}
    absent: dict[str, None] = {}
    for interval in store.ranges(row):
        place = (interval.range.ecosystem, interval.range.name)
        family = place[0].partition(":")[0]
        if place in installed:
            for package in installed[place]:
                yield f"  {_comparison(package, interval, inventory)}"
        elif family in families and families[family] != place[0]:
            absent[f"{place[0]} is another release, this image is {families[family]}"] = None
        else:
            absent[f"{place[1]} ({place[0]}) is not installed"] = None
    for line in absent:
        yield f"  {line}"


def _installed(inventory: Inventory) -> dict[tuple[str, str], list[Package]]:
    """Return the installed packages by the names that advisories use."""
    installed: dict[tuple[str, str], list[Package]] = {}
    for package in inventory.packages:
        subject = subject_of(package, inventory.distribution)
        if subject:
            for ecosystem in subject.ecosystems:
                installed.setdefault((ecosystem, subject.name), []).append(package)
    return installed


def _comparison(package: Package, interval: Interval, inventory: Inventory) -> str:
    """Say how the installed version stands to one range."""
    subject = subject_of(package, inventory.distribution)
    if subject is None:
        return f"{package.name}: nothing speaks of it"
    what = f"{package.name} {package.version}"
    if (subject.name, subject.version) != (package.name, package.version):
        what += f" (source {subject.name} {subject.version})"
    limits = interval.range
    span = f"from {limits.introduced}" if limits.introduced != "0" else "all versions"
    if limits.fixed:
        span += f" up to, not including, {limits.fixed}"
    elif limits.last_affected:
        span += f" up to and including {limits.last_affected}"
    try:
        version = key(subject.scheme, subject.version)
    except VersionSyntaxError as error:
        return f"{what}: not compared, {error}"
    inside = interval.low <= version and (interval.high is None or version < interval.high)
    if inside:
        return f"{what}: affected, it lies in: {span}"
    return f"{what}: not affected, it lies outside: {span}"
