"""Which flaws do these packages have? One range join for all of them.

An advisory repeats another one under a different id (PYSEC and GHSA, DEBIAN-CVE and DSA); they are
one `Flaw` here, named by its CVE where it has one.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from seawall.advisories.distributions import family_of
from seawall.advisories.ecosystems import UNCOVERED, Subject, releases_of, subject_of
from seawall.advisories.feeds.osv import MALICIOUS, Interval, contains
from seawall.advisories.silence import (
    FEW,
    hardly_judged,
    judged_in_part,
    nobody_publishes,
    not_judged,
)
from seawall.advisories.store import AdvisoryStore, Match
from seawall.errors import VersionSyntaxError
from seawall.model import Advisory, Distribution, FixState, Incomplete, Package, Range, Severity
from seawall.versions import key

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_MODULAR = ".module"  # in the release of an rpm that was built in a module


@dataclass(frozen=True, slots=True)
class Flaw:
    """One flaw that a version has, whatever number of advisories say so."""

    id: str
    aliases: tuple[str, ...]  # all other names, sorted
    severity: Severity
    score: float | None
    summary: str
    state: FixState
    fixed_in: str
    ranges: tuple[Range, ...]  # those that hold the version
    advisories: tuple[str, ...]  # ids of the advisories that say so
    exploited_since: str = ""
    epss: float | None = None
    withheld: str = ""  # a fixed version that only a paid channel has, which this image lacks
    channel: str = ""  # that channel: "esm-apps"
    notice: str = ""  # all that its advisories are: "unmaintained", "unreviewed"
    rated_by: str = ""  # the advisory of somebody else that the severity is from; see `_rating`
    fix_published: str = ""  # when the first advisory that names a fix was published, RFC 3339

    @property
    def names(self) -> set[str]:
        """All names of the flaw."""
        return {self.id, *self.aliases}

    @property
    def is_malicious(self) -> bool:
        """Whether the package itself is the flaw: it was published to do harm."""
        return any(name.startswith(MALICIOUS) for name in self.advisories)


@dataclass(slots=True)
class Matches:
    """The flaws of each package, and what could not be judged."""

    flaws: dict[Package, list[Flaw]] = field(default_factory=dict)
    incomplete: list[Incomplete] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what a reader must know of how it was judged
    ecosystems: set[str] = field(default_factory=set)  # with release; those that were asked
    partial: set[str] = field(default_factory=set)  # of these, without release: here in part
    # Programs without package that no advisory names: their ecosystem was not asked for them.
    unheard: list[Package] = field(default_factory=list)


class _Asked(NamedTuple):
    """What packages have to share to have the same flaws."""

    products: tuple[int, ...]
    key: bytes
    version: str
    module: str


def match(
    packages: Sequence[Package], distribution: Distribution | None, store: AdvisoryStore
) -> Matches:
    """Return the flaws of `packages`.

    Packages that nothing in the store could speak of, and versions or advisories that cannot be
    compared, are listed as incomplete: absence of findings must mean that there are none.
    """
    result = Matches()
    known = store.ecosystems()
    subjects = list(_subjects(packages, distribution, known, store, result))
    products = store.products(
        (ecosystem, name) for _, s in subjects for ecosystem in s.ecosystems for name in s.names
    )
    asked: dict[_Asked, tuple[Subject, list[Package]]] = {}
    for package, subject in subjects:
        rows = [products.get((e, name)) for e in subject.ecosystems for name in subject.names]
        found = tuple(row for row in rows if row is not None)
        if not found:  # no advisory speaks of it
            if package.type == "generic":
                result.unheard.append(package)  # Bitnami knows some programs, not all there are
            else:
                result.ecosystems.update(subject.ecosystems)
            continue
        result.ecosystems.update(subject.ecosystems)
        try:
            version = key(subject.scheme, subject.version)
        except VersionSyntaxError as error:
            _match_text(package, subject, found, store, result=result, reason=str(error))
            continue
        same = _Asked(found, version, subject.version, subject.module)
        asked.setdefault(same, (subject, []))[1].append(package)
    _note_partial(subjects, store, result)
    _note_uncovered(packages, result)
    _note_uncomparable([(a.products, ps) for a, (_, ps) in asked.items()], store, result)
    groups = list(asked.values())
    for number, hits in _hits(list(asked), store).items():
        subject, alike = groups[number]
        if flaws := list(_flaws(hits, store, subject)):
            result.flaws.update(dict.fromkeys(alike, flaws))
    return result


def _hits(
    asked: Sequence[_Asked], store: AdvisoryStore
) -> dict[int, list[tuple[Advisory, Interval]]]:
    """Return what speaks of each; not yet whether it applies."""
    found: dict[int, list[Match]] = {}
    for hit in store.matches((i, row, a.key) for i, a in enumerate(asked) for row in a.products):
        found.setdefault(hit.subject, []).append(hit)
    advisories = store.advisories(hit.advisory for hits in found.values() for hit in hits)
    return {
        number: [(advisories[hit.advisory], hit.interval) for hit in hits]
        for number, hits in found.items()
    }


def holds(subject: Subject, interval: Interval) -> bool:
    """Tell whether an interval is about this very build, and holds its version.

    Raises:
        VersionSyntaxError: the version cannot be compared.
    """
    version = subject.version
    place = key(subject.scheme, version)
    return contains(interval, subject.scheme, place, version) and is_about(subject, interval)


def is_about(subject: Subject, interval: Interval) -> bool:
    """Tell whether an interval is about builds of this sort.

    An rpm of a module is compared with that module's fixes only, and any other with none of them:
    streams have versions of their own. The release tells a modular build (``.module_el8``) where
    nothing names its stream; then any module's fix counts.
    """
    if subject.scheme != "rpm" or not interval.range.fixed:
        return True
    is_modular = bool(subject.module) or _MODULAR in subject.version
    if bool(interval.module) != is_modular:
        return False
    stream = ":".join(subject.module.split(":")[:2])
    return (
        not is_modular or not stream or interval.module == "*" or stream in interval.module.split()
    )


def _subjects(
    packages: Sequence[Package],
    distribution: Distribution | None,
    known: Collection[str],
    store: AdvisoryStore,
    result: Matches,
) -> Iterator[tuple[Package, Subject]]:
    """Yield how the store names each package; those it cannot know are counted in `result`."""
    unknown: Counter[str] = Counter()
    release = releases_of(distribution)
    for package in packages:
        subject = subject_of(package, distribution, known)
        if subject is not None and subject.ecosystems:
            yield package, subject
        elif package.type not in UNCOVERED:
            unknown[package.type] += 1
    for kind, count in unknown.items():
        result.incomplete.append(not_judged(kind, count, distribution, known))
    family = family_of(distribution)
    there = release.among(known)
    if family is None or not any(package.type == family.package_type for package in packages):
        return
    if there and release.note:
        result.notes.append(release.note)
    if there and not any(store.has_advisories(name, FEW) for name in there):
        result.incomplete.append(hardly_judged(there[0]))


def _note_partial(
    subjects: Sequence[tuple[Package, Subject]], store: AdvisoryStore, result: Matches
) -> None:
    """Name the ecosystems of which the store has a part, so that its silence says little."""
    partial = store.partial() & {name.partition(":")[0] for name in result.ecosystems}
    judged: Counter[tuple[str, str]] = Counter()
    for package, subject in subjects:
        family = subject.ecosystems[0].partition(":")[0]
        if family in partial and package.type != "generic":
            judged[family, package.type] += 1
    for (family, kind), count in sorted(judged.items()):
        result.partial.add(family)
        result.incomplete.append(judged_in_part(family, kind, count))


def _note_uncovered(packages: Sequence[Package], result: Matches) -> None:
    """Say in one line what nobody publishes advisories for."""
    kinds = Counter(p.type for p in packages if p.type in UNCOVERED and p.type != "generic")
    names = Counter(package.name for package in result.unheard if not package.owner)
    result.incomplete.extend(nobody_publishes(kinds, names))


def _match_text(
    package: Package,
    subject: Subject,
    products: Sequence[int],
    store: AdvisoryStore,
    *,
    result: Matches,
    reason: str,
) -> None:
    """Judge a version that no scheme allows: advisories may list that very text, or mean all."""
    version = package.version if subject.scheme == "pep440" else subject.version
    exact = Interval(Range(subject.ecosystems[0], subject.name, version, "", version), b"", None)
    intervals: dict[int, Interval] = {}
    for product in products:
        for row, u in store.unparsable(product):
            if u.is_exact and u.text == version:
                intervals[row] = exact
        intervals |= {
            row: interval
            for row, interval in store.spoken_of(product)
            if interval.low == b"" and interval.high is None
        }
    hits = [
        (advisory, intervals[row])
        for row, advisory in store.advisories(intervals).items()
        if not advisory.withdrawn
    ]
    if hits:
        result.flaws[package] = list(_flaws(hits, store, None))
    result.incomplete.append(
        Incomplete(package.path, f"{package.name}: {reason}; advisories for it were not compared")
    )


def _note_uncomparable(
    asked: Sequence[tuple[Sequence[int], Sequence[Package]]],
    store: AdvisoryStore,
    result: Matches,
) -> None:
    """Name the advisories for installed packages whose own versions cannot be compared."""
    by_product: dict[int, list[Package]] = {}
    for products, packages in asked:
        for product in products:
            by_product.setdefault(product, []).extend(packages)
    for product, packages in by_product.items():
        doubtful = [(row, u) for row, u in store.unparsable(product) if not u.is_exact]
        advisories = store.advisories(row for row, _ in doubtful)
        for row, uncomparable in doubtful:
            if not advisories[row].withdrawn:
                result.incomplete.extend(
                    Incomplete(
                        package.path,
                        f"{package.name} {package.version}: {advisories[row].id} cannot be "
                        f"compared ({uncomparable.text})",
                    )
                    for package in packages
                )


def _flaws(
    hits: list[tuple[Advisory, Interval]], store: AdvisoryStore, subject: Subject | None
) -> Iterator[Flaw]:
    """Yield one flaw for each group of advisories that share a name.

    With a `subject`, intervals that turn out not to hold it are left out.
    """
    group_of: dict[str, _Group] = {}  # by each name that a group has: a kernel has thousands
    for advisory, hit in hits:
        if subject is not None and not holds(subject, hit):
            continue
        for names in flaw_names(advisory):
            group = _Group(set(names), [])
            for known in {id(g): g for name in names if (g := group_of.get(name))}.values():
                group = _Group(known.names | group.names, known.members + group.members)
            group.members.append((advisory, hit))
            group_of.update(dict.fromkeys(group.names, group))
    for group in {id(g): g for g in group_of.values()}.values():
        yield _flaw(group.names, group.members, store, subject.channels if subject else ())


class _Group(NamedTuple):
    """Advisories that share names, so that they are about one flaw."""

    names: set[str]
    members: list[tuple[Advisory, Interval]]


def flaw_names(advisory: Advisory) -> list[set[str]]:
    """Return the names of each flaw an advisory is about: one, or one for each CVE it bundles."""
    own = {advisory.id, *advisory.aliases}
    if any(_CVE.fullmatch(name) for name in advisory.aliases):
        return [own, *({name} for name in advisory.upstream if name not in own)]
    if len(advisory.upstream) > 1:
        return [{name} for name in advisory.upstream]
    return [own.union(advisory.upstream)]


def _flaw(
    names: set[str],
    members: list[tuple[Advisory, Interval]],
    store: AdvisoryStore,
    channels: Sequence[str],
) -> Flaw:
    ids = tuple(dict.fromkeys(advisory.id for advisory, _ in members))
    everything = names.union(ids)
    name = _best_name(names)
    likelihoods = [store.likelihood(n) for n in names if _CVE.fullmatch(n)]
    # Of several fixes the highest is safe: whoever names a lower one may not know the rest.
    fixes = [(hit.high or b"", hit) for _, hit in members if hit.range.fixed]
    had = [fix for fix in fixes if is_open(fix[1].channel, channels)]
    fix = max(had, key=lambda item: item[0])[1] if had else None
    paid = max(fixes, key=lambda item: item[0])[1] if fixes and not had else None
    states = [
        hit.range.state if not hit.range.fixed or is_open(hit.channel, channels) else _without(hit)
        for _, hit in members
    ]
    notices = {hit.notice for _, hit in members}
    severity = max(advisory.severity for advisory, _ in members)
    score = max((a.score for a, _ in members if a.score is not None), default=None)
    other = _rating(names, store) if severity is Severity.UNKNOWN else None
    return Flaw(
        id=name,
        aliases=tuple(sorted(everything - {name})),
        severity=other.severity if other else severity,
        score=other.score if other else score,
        summary=next((a.summary for a, _ in members if a.summary), ""),
        state=_state(states),
        fixed_in=fix.range.fixed if fix else "",
        ranges=tuple(dict.fromkeys(hit.range for _, hit in members)),
        advisories=ids,
        exploited_since=min(
            (x.exploited_since for x in likelihoods if x.exploited_since), default=""
        ),
        epss=max((x.probability for x in likelihoods if x.probability is not None), default=None),
        withheld=paid.range.fixed if paid else "",
        channel=paid.channel if paid else "",
        # One advisory that is more than a notice makes it a flaw.
        notice="" if "" in notices else ", ".join(sorted(notices)),
        rated_by=other.id if other else "",
        fix_published=min(
            (
                advisory.published
                for advisory, hit in members
                if advisory.published and hit.range.fixed and is_open(hit.channel, channels)
            ),
            default="",
        ),
    )


def _rating(names: Collection[str], store: AdvisoryStore) -> Advisory | None:
    """Return whose rating stands for a flaw that its own advisories leave unrated.

    Go, PYSEC and most of Debian's records rate nothing, yet somebody else in the store often has
    the same CVE. Of several the highest rating counts, then the higher score: who rated it lower
    had another package in mind, and a gate must not pass on the kinder opinion. A record that
    bundles flaws rates the worst of them, which says nothing of the others: it does not count.
    """
    alone = (advisory for advisory in store.rated(names) if len(flaw_names(advisory)) == 1)
    return min(alone, key=lambda a: (-a.severity, -(a.score or 0.0), a.id), default=None)


def is_open(channel: str, channels: Sequence[str]) -> bool:
    """Tell whether fixes of a channel are to be had: "esm" is any of Ubuntu's."""
    return not channel or any(c == channel or c.startswith(f"{channel}-") for c in channels)


def _without(interval: Interval) -> FixState:
    """Return the state of a fix that is not to be had; a judgement on the flaw itself stays."""
    state = interval.range.state
    return FixState.UNFIXED if state is FixState.FIXED else state


def _state(states: Iterable[FixState]) -> FixState:
    """Return what counts of several states: a judgement by the publisher, then a fix."""
    there = set(states)
    for state in (FixState.WILL_NOT_FIX, FixState.FIXED, FixState.END_OF_LIFE):
        if state in there:
            return state
    return FixState.UNFIXED


def _best_name(names: set[str]) -> str:
    """Return the name most people know: CVE, then GHSA, then whatever there is."""
    for prefix in ("CVE-", "GHSA-"):
        found = sorted(name for name in names if name.startswith(prefix))
        if found:
            return found[0]
    return min(names)
