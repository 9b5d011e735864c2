"""Why "no advisory" may mean little: each reason in words, for scans and for what is remembered."""

import re
from collections import Counter
from collections.abc import Collection, Iterator

from seawall.advisories.distributions import family_of, is_stream
from seawall.advisories.ecosystems import releases_of, subject_of
from seawall.model import Distribution, Incomplete, Package

# A release of a distribution has thousands; fewer are a sample, not an answer.
FEW = 50
_NAMED = 5  # programs


def not_judged(
    kind: str, count: int, distribution: Distribution | None, known: Collection[str]
) -> Incomplete:
    """Say that the store has nothing about packages of a kind; `known` are its ecosystems."""
    where = _unknown_release(kind, distribution, known)
    return Incomplete("/", f"{count} {kind} packages not judged: no advisories for {where}")


def hardly_judged(release: str) -> Incomplete:
    """Say that the store has less than `FEW` ranges for a release of a distribution."""
    return Incomplete("/", f"there are hardly any advisories for {release} here")


def judged_in_part(family: str, kind: str, count: int) -> Incomplete:
    """Say that the store has a part only of an ecosystem (without release)."""
    what = f"{count} {kind} package{'s' if count > 1 else ''}"
    return Incomplete("/", f"{what} judged by a part of the advisories for {family}")


def nobody_publishes(kinds: Counter[str], programs: Counter[str]) -> Iterator[Incomplete]:
    """Yield one line on packages of kinds, and programs without package, that nobody speaks of."""
    told = [f"{count} {kind}" for kind, count in sorted(kinds.items())]
    if programs:
        names = sorted(programs)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        told.append(f"{programs.total()} without package ({', '.join(names[:_NAMED])}{more})")
    if told:
        what = "; ".join(told)
        yield Incomplete("/", f"not judged, nobody publishes advisories for them: {what}")


def _unknown_release(kind: str, distribution: Distribution | None, known: Collection[str]) -> str:
    """Say for what the store has nothing, and whether anybody has."""
    if kind not in ("deb", "rpm", "apk"):
        subject = subject_of(Package(kind, "x", "1"), distribution)
        return f"{subject.ecosystems[0] if subject else kind} here"
    if distribution is None:
        return "a distribution that is not named here"
    family = family_of(distribution)
    version = distribution.version or distribution.codename
    release = releases_of(distribution).names
    if family is None or family.package_type != kind:
        return f"{' '.join(filter(None, (distribution.id, version)))} here"
    if is_stream(distribution):
        return f"CentOS Stream {version}; Red Hat's are about versions that it is ahead of"
    if not family.ecosystem:
        return f"{' '.join(filter(None, (family.title, version)))}; OSV has none"
    if not release:
        return f"{' '.join(filter(None, (distribution.id, version)))} here"
    others = [e for e in known if e.partition(":")[0] == family.ecosystem]
    newest = max(others, key=_numbers, default="")
    if newest and _numbers(newest) < _numbers(release[0]):
        return f"{release[0]} here, the newest are for {newest}"
    return f"{release[0]} here"


def _numbers(text: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"[0-9]{1,9}", text)]
