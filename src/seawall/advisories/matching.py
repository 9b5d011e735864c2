"""Which flaws do these packages have? One range join for all of them.

An advisory repeats another one under a different id (PYSEC and GHSA, DEBIAN-CVE and DSA); they are
one `Flaw` here, named by its CVE where it has one.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from seawall.advisories.ecosystems import Subject, subject_of
from seawall.advisories.feeds.osv import MALICIOUS
from seawall.advisories.store import AdvisoryStore, Match
from seawall.errors import VersionSyntaxError
from seawall.model import Advisory, Distribution, FixState, Incomplete, Package, Range, Severity
from seawall.versions import key

_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
# A release of a distribution has thousands; fewer are a sample, not an answer.
_FEW = 50


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


def match(
    packages: Sequence[Package], distribution: Distribution | None, store: AdvisoryStore
) -> Matches:
    """Return the flaws of `packages`.

    Packages that nothing in the store could speak of, and versions or advisories that cannot be
    compared, are listed as incomplete: absence of findings must mean that there are none.
    """
    result = Matches()
    subjects = dict(_subjects(packages, distribution, store, result))
    products = store.products((s.ecosystems[0], s.name) for s in subjects.values())
    asked: dict[tuple[int, bytes], list[Package]] = {}
    for package, subject in subjects.items():
        product = products.get((subject.ecosystems[0], subject.name))
        if product is None:
            continue  # no advisory speaks of it
        try:
            version = key(subject.scheme, subject.version)
        except VersionSyntaxError as error:
            _match_text(package, subject, product, store, result=result, reason=str(error))
            continue
        asked.setdefault((product, version), []).append(package)
    _note_uncomparable(asked, store, result)
    numbered = list(asked)
    found: dict[int, list[Match]] = {}
    for hit in store.matches(
        (i, product, version) for i, (product, version) in enumerate(numbered)
    ):
        found.setdefault(hit.subject, []).append(hit)
    advisories = store.advisories(hit.advisory for hits in found.values() for hit in hits)
    for number, hits in found.items():
        flaws = list(_flaws([(advisories[hit.advisory], hit) for hit in hits], store))
        for package in asked[numbered[number]]:
            result.flaws[package] = flaws
    return result


def _subjects(
    packages: Sequence[Package],
    distribution: Distribution | None,
    store: AdvisoryStore,
    result: Matches,
) -> Iterator[tuple[Package, Subject]]:
    """Yield how the store names each package; those it cannot know are counted in `result`."""
    ecosystems = store.ecosystems()
    unknown: Counter[tuple[str, str]] = Counter()
    releases: set[str] = set()
    for package in packages:
        subject = subject_of(package, distribution)
        if subject is None:
            unknown[package.type, _unknown_release(package, distribution)] += 1
            continue
        known = next((name for name in subject.ecosystems if name in ecosystems), None)
        if known is None:
            unknown[package.type, subject.ecosystems[0]] += 1
        else:
            if ":" in known:
                releases.add(known)
            yield package, Subject([known], subject.name, subject.version, subject.scheme)
    for (kind, where), count in unknown.items():
        result.incomplete.append(
            Incomplete("/", f"{count} {kind} packages not judged: no advisories for {where} here")
        )
    for where in sorted(releases):
        if not store.has_advisories(where, _FEW):
            result.incomplete.append(
                Incomplete("/", f"there are hardly any advisories for {where} here")
            )


def _unknown_release(package: Package, distribution: Distribution | None) -> str:
    if package.type != "deb":
        return package.type
    if distribution is None:
        return "a distribution that is not named"
    return " ".join(filter(None, (distribution.id, distribution.version or distribution.codename)))


def _match_text(
    package: Package,
    subject: Subject,
    product: int,
    store: AdvisoryStore,
    *,
    result: Matches,
    reason: str,
) -> None:
    """Judge a version that no scheme allows: advisories may list that very text, or mean all."""
    version = package.version if subject.scheme == "pep440" else subject.version
    exact = Range(subject.ecosystems[0], subject.name, version, "", version)
    ranges = {
        row: exact for row, u in store.unparsable(product) if u.is_exact and u.text == version
    }
    for row, interval in store.spoken_of(product):
        if interval.low == b"" and interval.high is None:
            ranges[row] = interval.range
    advisories = store.advisories(ranges)
    hits = [
        (advisory, Match(0, row, ranges[row], None))
        for row, advisory in advisories.items()
        if not advisory.withdrawn
    ]
    if hits:
        result.flaws[package] = list(_flaws(hits, store))
    result.incomplete.append(
        Incomplete(package.path, f"{package.name}: {reason}; advisories for it were not compared")
    )


def _note_uncomparable(
    asked: dict[tuple[int, bytes], list[Package]], store: AdvisoryStore, result: Matches
) -> None:
    """Name the advisories for installed packages whose own versions cannot be compared."""
    for product in {product for product, _ in asked}:
        doubtful = [(row, u) for row, u in store.unparsable(product) if not u.is_exact]
        advisories = store.advisories(row for row, _ in doubtful)
        packages = [p for (asked_for, _), ps in asked.items() if asked_for == product for p in ps]
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


def _flaws(hits: list[tuple[Advisory, Match]], store: AdvisoryStore) -> Iterator[Flaw]:
    """Yield one flaw for each group of advisories that share a name."""
    group_of: dict[str, _Group] = {}  # by each name that a group has: a kernel has thousands
    for advisory, hit in hits:
        for names in flaw_names(advisory):
            group = _Group(set(names), [])
            for known in {id(g): g for name in names if (g := group_of.get(name))}.values():
                group = _Group(known.names | group.names, known.members + group.members)
            group.members.append((advisory, hit))
            group_of.update(dict.fromkeys(group.names, group))
    for group in {id(g): g for g in group_of.values()}.values():
        yield _flaw(group.names, group.members, store)


class _Group(NamedTuple):
    """Advisories that share names, so that they are about one flaw."""

    names: set[str]
    members: list[tuple[Advisory, Match]]


def flaw_names(advisory: Advisory) -> list[set[str]]:
    """Return the names of each flaw an advisory is about: one, or one for each CVE it bundles."""
    own = {advisory.id, *advisory.aliases}
    if any(_CVE.fullmatch(name) for name in advisory.aliases):
        return [own, *({name} for name in advisory.upstream if name not in own)]
    if len(advisory.upstream) > 1:
        return [{name} for name in advisory.upstream]
    return [own.union(advisory.upstream)]


def _flaw(names: set[str], members: list[tuple[Advisory, Match]], store: AdvisoryStore) -> Flaw:
    ids = tuple(dict.fromkeys(advisory.id for advisory, _ in members))
    everything = names.union(ids)
    name = _best_name(names)
    likelihoods = [store.likelihood(n) for n in names if _CVE.fullmatch(n)]
    # Of several fixes the highest is safe: whoever names a lower one may not know the rest.
    fixes = [(hit.high or b"", hit.range) for _, hit in members if hit.range.fixed]
    fix = max(fixes, key=lambda item: item[0])[1] if fixes else None
    states = [hit.range.state for _, hit in members]
    return Flaw(
        id=name,
        aliases=tuple(sorted(everything - {name})),
        severity=max(advisory.severity for advisory, _ in members),
        score=max((a.score for a, _ in members if a.score is not None), default=None),
        summary=next((a.summary for a, _ in members if a.summary), ""),
        state=_state(states),
        fixed_in=fix.fixed if fix else "",
        ranges=tuple(dict.fromkeys(hit.range for _, hit in members)),
        advisories=ids,
        exploited_since=min(
            (x.exploited_since for x in likelihoods if x.exploited_since), default=""
        ),
        epss=max((x.probability for x in likelihoods if x.probability is not None), default=None),
    )


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
