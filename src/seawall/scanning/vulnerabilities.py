"""From an inventory to findings: who may speak of a package, and how urgent it is.

Distributions fix flaws without changing the upstream version, so where a distribution package
owns the files of a Python or npm package, the distribution speaks: its statement wins, and where
it says nothing the flaw is reported as unconfirmed, below all others.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from seawall.advisories import (
    AdvisoryStore,
    Currency,
    Flaw,
    Interval,
    Matches,
    currencies,
    flaw_names,
    holds,
    is_about,
    match,
    subject_of,
)
from seawall.advisories.currency import outdated_gaps
from seawall.errors import VersionSyntaxError
from seawall.inventory import purl
from seawall.model import (
    Distribution,
    Finding,
    FixState,
    Incomplete,
    Inventory,
    Kind,
    Package,
    Severity,
    Urgency,
)
from seawall.scanning.end_of_life import end_of_life, supported_until
from seawall.scanning.kernel import HostKernel, is_kernel_part

_LIKELY = 0.1  # EPSS probability from which a flaw counts as likely to be exploited
SYSTEM_TYPES = frozenset({"alpm", "apk", "deb", "rpm"})  # packages of distributions
_NOTICES = {
    "unmaintained": "a notice that nobody maintains it, no flaw by itself",
    "unsound": "a notice that it can be used unsafely, no flaw by itself",
    "notice": "a notice, no flaw by itself",
    "unreviewed": "nobody of the Go project has reviewed the record",
}
_REBUILD = re.compile(r"~deb\d+u\d+")
_CHANNELS = {"espos": "SUSE's ESPOS", "ltss": "SUSE's LTSS"}  # all others are Ubuntu Pro's


@dataclass(frozen=True, slots=True)
class Statement:
    """What the distribution says of a flaw in one of its source packages."""

    affected: bool
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings, and what could not be judged."""

    findings: tuple[Finding, ...]
    incomplete: tuple[Incomplete, ...]
    notes: tuple[str, ...] = ()  # what a reader must know of how it was judged
    ecosystems: tuple[Currency, ...] = ()  # that were asked, and how current each is
    asked: frozenset[str] = frozenset()  # the same, each release by its name
    partial: tuple[str, ...] = ()  # of which the store has a part: silence says little


NOTHING_JUDGED = Judgement((), ())


def judge(
    inventory: Inventory,
    store: AdvisoryStore,
    *,
    today: date | None = None,
    host: HostKernel | None = None,
    locked_counts: bool = False,
) -> Judgement:
    """Return all findings, most urgent first.

    Without `today` nothing is said of the distribution's end of life, nor are ecosystems whose
    advisories are outdated listed as incomplete. Kernel headers are judged
    against `host`, the kernel that runs here. `locked_counts` says that lock files tell what is
    going to be installed, as in a project's directory.
    """
    owners = Owners(inventory)
    findings, matches = judge_packages(
        {package: owners.of(package) for package in inventory.packages},
        inventory.distribution,
        store,
        host=host,
        locked_counts=locked_counts,
    )
    if today is not None and (ended := end_of_life(inventory.distribution, today)):
        findings.append(ended)
    findings.sort(key=flaw_order)
    until = supported_until(inventory.distribution)
    ecosystems = currencies(store, matches.ecosystems, until.isoformat() if until else "")
    gaps = dict.fromkeys(
        (*matches.incomplete, *(outdated_gaps(ecosystems, today) if today else ()))
    )
    return Judgement(
        tuple(findings),
        tuple(gaps),
        tuple(matches.notes),
        ecosystems,
        frozenset(matches.ecosystems),
        tuple(sorted(matches.partial)),
    )


def judge_packages(
    packages: Mapping[Package, Package | None],
    distribution: Distribution | None,
    store: AdvisoryStore,
    *,
    host: HostKernel | None = None,
    locked_counts: bool = False,
) -> tuple[list[Finding], Matches]:
    """Return the findings of packages, in no order, and what matching said of them.

    Each package comes with the package of the distribution that owns its files, if there is one
    (see `Owners`); nothing else of an image has a part in it. They need not be of one image.
    """
    matches = match(list(packages), distribution, store)
    statements = Statements(distribution, store)
    running = _Running(host, distribution, store)
    url_of = lru_cache(maxsize=1)(purl)  # the findings of a package follow each other
    judged = (
        _finding(
            package,
            flaw,
            packages[package],
            distribution=distribution,
            statements=statements,
            running=running,
            url_of=url_of,
        )
        for package, flaws in matches.flaws.items()
        for flaw in flaws
    )
    findings = [finding for finding in judged if finding is not None]
    if not locked_counts:
        findings = [_only_locked(finding) if finding.locked else finding for finding in findings]
    return findings, matches


def _only_locked(finding: Finding) -> Finding:
    """Return a finding that says what it rests on: a lock file is left over from a build."""
    urgency = finding.urgency if finding.urgency is Urgency.HIDDEN else Urgency.WATCH
    reason = f"{finding.reason}; only a lock file names it, nothing shows that it is installed"
    return replace(finding, urgency=urgency, reason=reason)


class Owners:
    """Which packages of the distribution own the files of others, in one image."""

    def __init__(self, inventory: Inventory) -> None:
        self._installed: Mapping[tuple[str, str], Package] = {
            (package.type, package.name): package
            for package in inventory.packages
            if package.type in SYSTEM_TYPES
        }
        self._layers = {layer: number for number, layer in enumerate(inventory.layers, 1)}

    def of(self, package: Package) -> Package | None:
        """Return the distribution package that owns the files of `package`."""
        kind, _, name = package.owner.partition(":")
        owner = self._installed.get((kind, name))
        return None if owner and self._is_replaced(package, owner) else owner

    def _is_replaced(self, package: Package, owner: Package) -> bool:
        """Tell whether somebody wrote another version over what the distribution had put there."""
        since, laid = self._layers.get(package.layer, 0), self._layers.get(owner.layer, 0)
        return since > laid and package.version not in owner.version


class Statements:
    """What the distribution says of packages that it owns; asked once a package."""

    def __init__(self, distribution: Distribution | None, store: AdvisoryStore) -> None:
        self._store = store
        self._distribution = distribution
        self._ecosystems = store.ecosystems()
        self._known: dict[Package, dict[str, Statement]] = {}

    def about(self, owner: Package) -> dict[str, Statement]:
        """Return what is said of the owner's source package, by the flaws' names."""
        if owner not in self._known:
            known: dict[str, Statement] = {}
            for name, statement in self._statements(owner):
                # Of several ranges one is enough to be affected.
                if name not in known or (statement.affected and not known[name].affected):
                    known[name] = statement
            self._known[owner] = known
        return self._known[owner]

    def _statements(self, owner: Package) -> Iterator[tuple[str, Statement]]:
        subject = subject_of(owner, self._distribution, self._ecosystems)
        if subject is None:
            return
        products = self._store.products(
            (ecosystem, name) for ecosystem in subject.ecosystems for name in subject.names
        )
        for (ecosystem, name), product in products.items():
            spoken = list(self._store.spoken_of(product))
            advisories = self._store.advisories(row for row, _ in spoken)
            for row, interval in spoken:
                if advisories[row].withdrawn or not is_about(subject, interval):
                    continue
                try:
                    affected = holds(subject, interval)
                except VersionSyntaxError:
                    return
                said = _said(interval, affected)
                text = f"{ecosystem} says of {name}: {said}, installed {subject.version}"
                advisory = advisories[row]
                for alias in {advisory.id}.union(*flaw_names(advisory)):
                    yield alias, Statement(affected, text)


class _Running:
    """What the distribution of this host says of its own kernel; asked when headers are found."""

    def __init__(
        self, host: HostKernel | None, distribution: Distribution | None, store: AdvisoryStore
    ) -> None:
        self._host, self._store = host, store
        self._is_same = (
            host is not None
            and distribution is not None
            and host.distribution.id == distribution.id
        )
        self._said: Mapping[str, Statement] | None = None

    def verdict(self, flaw: Flaw) -> tuple[bool, str]:
        """Return whether the running kernel has the flaw, and that in words."""
        headers = "headers only, no kernel code runs from this package"
        if self._host is None:
            return False, headers
        if not self._is_same:
            return False, f"{headers}; the host's kernel is another distribution's: not compared"
        kernel = f"this host's kernel {self._host.package.version}"
        if self._said is None:
            statements = Statements(self._host.distribution, self._store)
            self._said = statements.about(self._host.package)
        known = decided(flaw, self._said)
        if not known:
            return False, f"{headers}; {kernel} is not known to have it"
        if any(self._said[name].affected for name in known):
            return True, f"headers only, but {kernel} is affected as well"
        return False, f"headers only; {kernel} has the fix"


def _said(interval: Interval, affected: bool) -> str:
    limits = interval.range
    if limits.state is FixState.NOT_AFFECTED:
        return "not affected"
    if affected:
        return f"affected, fixed in {limits.fixed}" if limits.fixed else f"affected, {limits.state}"
    if limits.fixed:
        span = f"fixed in {limits.fixed}"
    elif limits.last_affected:
        span = f"last affected is {limits.last_affected}"
    else:
        span = str(limits.state)
    return span if limits.introduced == "0" else f"affected from {limits.introduced}, {span}"


def decided(flaw: Flaw, said: Mapping[str, Statement]) -> list[str]:
    """Return the names under which the distribution speaks of a flaw; empty where it does not.

    A flaw with several CVEs is decided only when each of them is: one that the distribution did
    not look at may be there all the same.
    """
    known = sorted(flaw.names & said.keys())
    cves = {name for name in flaw.names if name.startswith("CVE-")}
    return known if cves <= said.keys() else []


def _finding(
    package: Package,
    flaw: Flaw,
    owner: Package | None,
    *,
    distribution: Distribution | None,
    statements: Statements,
    running: _Running,
    url_of: Callable[[Package, Distribution | None], str],
) -> Finding | None:
    """Return the finding, or None where the distribution that owns the files says otherwise."""
    confirmed = True
    reason = _range_reason(package, flaw, distribution)
    if owner is not None:
        said = statements.about(owner)
        if decided(flaw, said):
            return None  # the distribution's own finding, or its "not affected", stands instead
        confirmed = False
        known = sorted(flaw.names & said.keys())
        what = f"speaks only of {', '.join(known)}" if known else "says nothing of it"
        reason += f"; its files belong to {package.owner}, and the distribution {what}"
    if flaw.rated_by:
        reason += f"; rated {flaw.severity} by {flaw.rated_by}, for its own advisories rate nothing"
    urgency = urgency_of(flaw, confirmed)
    if package.type == "deb" and _is_rebuild(package, flaw.fixed_in):
        # Sorted below it, yet made from it: such a record names another release's version.
        reason += f"; {package.version} is the rebuild of that very version for this release"
        urgency = Urgency.WATCH
    if is_kernel_part(package):
        is_affected, words = running.verdict(flaw)
        reason += f"; {words}"
        urgency = Urgency.WATCH if is_affected else Urgency.HIDDEN
    return Finding(
        kind=Kind.VULNERABILITY,
        id=flaw.id,
        aliases=flaw.aliases,
        severity=flaw.severity,
        package=url_of(package, distribution),
        name=package.name,
        installed=package.version,
        fixed_in=flaw.fixed_in,
        state=flaw.state,
        urgency=urgency,
        layer=package.layer,
        path=package.path,
        reason=reason,
        source=package.source or package.name,
        score=flaw.score,
        rated_by=flaw.rated_by,
        fix_published=flaw.fix_published,
        exploited_since=flaw.exploited_since,
        epss=flaw.epss,
        summary=flaw.summary,
        confirmed=confirmed,
        locked=package.locked,
        evidence=package.evidence,
    )


def _is_rebuild(package: Package, fixed: str) -> bool:
    """Tell whether a Debian version is the stable release's rebuild of `fixed` (``~deb12u1``)."""
    version = package.source_version or package.version
    is_longer = bool(fixed) and version.startswith(fixed)
    return is_longer and _REBUILD.fullmatch(version, len(fixed)) is not None


def urgency_of(flaw: Flaw, confirmed: bool) -> Urgency:
    """Return what to do about a flaw; only what can be acted on is urgent.

    A package that is hostile as such is removed, so it needs no fix to be acted on.
    """
    if flaw.is_malicious and confirmed:
        return Urgency.NOW
    if flaw.state is FixState.WILL_NOT_FIX or flaw.notice in ("notice", "unmaintained"):
        return Urgency.HIDDEN
    if flaw.state is not FixState.FIXED or flaw.notice or not confirmed:
        return Urgency.WATCH
    if flaw.exploited_since or flaw.severity is Severity.CRITICAL:
        return Urgency.NOW
    likely = flaw.epss is not None and flaw.epss >= _LIKELY
    # A security team that publishes an advisory of its own has judged the flaw to need one; what
    # somebody else rates it makes that no less so.
    has_advisory = (flaw.severity is Severity.UNKNOWN or bool(flaw.rated_by)) and any(
        name.startswith(("DSA-", "DLA-", "USN-")) for name in flaw.advisories
    )
    # What nobody has rated yet is mostly new; that must not make it look harmless.
    unrated = flaw.severity is Severity.UNKNOWN and flaw.epss is None
    if flaw.severity is Severity.HIGH or likely or has_advisory or unrated:
        return Urgency.SOON
    return Urgency.WATCH


def _range_reason(package: Package, flaw: Flaw, distribution: Distribution | None) -> str:
    """Say in one line which versions are affected and which one was compared."""
    subject = subject_of(package, distribution)
    version = subject.version if subject else package.version
    # The range that the fix comes from, where several advisories speak.
    where = next((r for r in flaw.ranges if r.fixed == flaw.fixed_in), flaw.ranges[0])
    if flaw.withheld:
        paid = _CHANNELS.get(flaw.channel) or f"Ubuntu Pro ({flaw.channel})"
        text = f"{version} is affected, and the fix {flaw.withheld} is only in {paid}, "
        text += "which this image does not use"
    elif where.fixed:
        text = f"{version} is below {where.fixed}"
    elif where.last_affected and where.last_affected == where.introduced:
        text = f"{version} is listed as affected"
    elif where.last_affected:
        text = f"{version} is not above {where.last_affected}, the last affected version"
    else:
        text = f"{version} is affected and no fix is known"
    if where.introduced not in ("0", where.last_affected):
        text += f" and not below {where.introduced}"
    if flaw.state is FixState.WILL_NOT_FIX:
        text += ", rated unimportant by the distribution"
    elif flaw.state is FixState.END_OF_LIFE:
        text += ", and the release is no longer supported"
    if flaw.notice:
        text += f"; {_NOTICES.get(flaw.notice, flaw.notice)}"
    return f"{', '.join(flaw.advisories)} ({where.ecosystem}, {where.name}): {text}"


def flaw_order(finding: Finding) -> tuple[int, bool, int, float, str, str, str, str]:
    """Return a key that sorts the findings of one image as a scan tells them: what to do first."""
    return (
        finding.urgency.rank,
        not finding.exploited_since,
        -finding.severity,
        -(finding.epss or 0.0),
        finding.source,
        finding.id,
        finding.package,
        finding.path,
    )
