"""What is not known of an image of the fleet: all that a scan of it would call incomplete.

It is told by what was noted when the image was read and the fleet was judged; no advisory store is
opened. Only what a gap names is looked up, so that a gate can ask it of every image.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from seawall.advisories.currency import Currency, currencies_by, outdated_gaps
from seawall.advisories.distributions import family_of
from seawall.advisories.ecosystems import UNCOVERED, releases_of
from seawall.advisories.silence import (
    hardly_judged,
    judged_in_part,
    nobody_publishes,
    not_judged,
)
from seawall.errors import FleetUnusable
from seawall.fleet.component import Component, Namespace, decode_distribution
from seawall.fleet.contents import Pair
from seawall.fleet.currency_notes import Worth, worth
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.judging import UNHEARD
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import ImageFacts, StoredImage
from seawall.model import Distribution, Incomplete
from seawall.scanning.end_of_life import supported_until


@dataclass(frozen=True, slots=True)
class Gaps:
    """What is not known of an image."""

    listed: tuple[Incomplete, ...]  # each once
    pending: int  # packages that were never judged
    unjudged: int  # packages that the advisory store has nothing about
    others: int  # what else is `listed`
    currencies: tuple[Currency, ...]  # of the ecosystems that were asked


def gaps_of(fleet: Fleet, image: StoredImage, now: datetime) -> Gaps:
    """Return what could not be read or judged of an image.

    Of one that was judged, and in whose files everything was looked for, these are the gaps of a
    scan of it by the same advisories on the day of `now`.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        contents = fleet.images.contents(image)
        pairs = [pair for pairs in contents.values() for pair in pairs]
        return gaps_in(fleet, fleet.images.facts(image.id), pairs, now)


def gaps_in(fleet: Fleet, facts: ImageFacts, pairs: Collection[Pair], now: datetime) -> Gaps:
    """Return the same of an image whose parts were looked up already."""
    times = Counter(row for row, _ in pairs)
    pending = pending_of(fleet, times)
    asked = _Asked(fleet, times, pending)
    noted = worth(fleet)
    unjudged, waiting = asked.silent(), sum(times[row] for row in pending)
    until = supported_until(facts.distribution)
    ecosystems = currencies_by(
        noted.feeds, noted.newest, asked.ecosystems(), until.isoformat() if until else ""
    )
    of_store = [not_judged(k, n, facts.distribution, noted.known) for k, n in unjudged.items()]
    others = dict.fromkeys(
        (
            *facts.incomplete,
            *_hardly_judged(facts.distribution, asked, noted),
            *_in_part(asked, noted),
            *nobody_publishes(asked.uncovered(), asked.programs()),
            *_uncomparable(fleet, pairs, asked.gaps),
            *outdated_gaps(ecosystems, now.astimezone(UTC).date()),
        )
    )
    if waiting:
        plural = "" if waiting == 1 else "s"
        of_store.append(Incomplete("/", f"{waiting} package{plural} not judged yet"))
    return Gaps(
        tuple(dict.fromkeys((*others, *of_store))),
        waiting,
        unjudged.total(),
        len(others),
        ecosystems,
    )


def pending_of(fleet: Fleet, components: Collection[int]) -> set[int]:
    """Return those of the components that were never judged."""
    return {
        row
        for part in parts(sorted(components))
        for (row,) in fleet.database.rows(
            f"SELECT component FROM pending WHERE component IN ({marks(part)})",  # noqa: S608 - marks only
            part,
        )
    }


class _Asked:
    """Who was asked about what an image has: by kinds of packages, not by each of them."""

    def __init__(self, fleet: Fleet, times: Mapping[int, int], pending: Collection[int]) -> None:
        self._times = times
        self.there: Counter[int] = Counter()  # packages by the rows of their namespaces
        self.judged: Counter[int] = Counter()  # the same, without those that wait
        of: dict[int, int] = {}
        for part in parts(sorted(times)):
            of.update(
                fleet.database.numbers(
                    f"SELECT id, namespace FROM component WHERE id IN ({marks(part)})",  # noqa: S608 - marks only
                    part,
                )
            )
        for row, namespace in of.items():
            self.there[namespace] += times[row]
            if row not in pending:
                self.judged[namespace] += times[row]
        self.namespaces = _namespaces(fleet, sorted(self.there))
        self.speaking: dict[int, list[str]] = {row: [] for row in self.there}
        for part in parts(sorted(self.there)):
            for ecosystem, namespace in fleet.database.rows(
                f"SELECT ecosystem, namespace FROM speaks WHERE namespace IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            ):
                self.speaking[namespace].append(ecosystem)
        self.gaps = fleet.findings.gaps(times)
        unheard = {row for row, reasons in self.gaps.items() if UNHEARD in reasons}
        self._unheard: dict[int, Component] = fleet.images.components(unheard) if unheard else {}
        for row in unheard - set(pending):
            self.judged[of[row]] -= times[row]  # nobody was asked about these

    def silent(self) -> Counter[str]:
        """Count the packages, by type, that the advisory store has nothing about."""
        found: Counter[str] = Counter()
        for row, count in self.judged.items():
            kind = self.namespaces[row].type
            if count and not self.speaking[row] and kind not in UNCOVERED:
                found[kind] += count
        return found

    def ecosystems(self) -> set[str]:
        """Return the ecosystems that were asked, with release."""
        return {name for row, count in self.judged.items() if count for name in self.speaking[row]}

    def uncovered(self) -> Counter[str]:
        """Count the packages, by type, that nobody publishes advisories for."""
        found: Counter[str] = Counter()
        for row, count in self.there.items():
            kind = self.namespaces[row].type
            if kind in UNCOVERED and kind != "generic":
                found[kind] += count
        return found

    def programs(self) -> Counter[str]:
        """Count the programs, by name, that belong to no package and that no advisory names."""
        found: Counter[str] = Counter()
        for row, component in self._unheard.items():
            if not component.package.owner:
                found[component.package.name] += self._times[row]
        return found


def _namespaces(fleet: Fleet, rows: Collection[int]) -> dict[int, Namespace]:
    found: dict[int, Namespace] = {}
    for part in parts(list(rows)):
        for row, kind, data in fleet.database.rows(
            f"SELECT id, type, distribution FROM namespace WHERE id IN ({marks(part)})",  # noqa: S608 - marks only
            part,
        ):
            try:
                found[row] = Namespace(kind, decode_distribution(bytes(data)))
            except ValueError as error:
                raise FleetUnusable(f"{fleet.database.place}: damaged ({error})") from error
    return found


def _hardly_judged(
    distribution: Distribution | None, asked: _Asked, noted: Worth
) -> Iterator[Incomplete]:
    """Yield a gap where the store has a sample of a release, and no more."""
    family = family_of(distribution)
    if family is None:
        return
    names = {
        name
        for row, namespace in asked.namespaces.items()
        if namespace.type == family.package_type
        for name in asked.speaking[row]
    }
    there = releases_of(distribution).among(names)
    if there and set(there) <= set(noted.few):
        yield hardly_judged(there[0])


def _in_part(asked: _Asked, noted: Worth) -> Iterator[Incomplete]:
    """Yield a gap for each kind of packages of whose advisories the store has a part."""
    counts: Counter[tuple[str, str]] = Counter()
    for row, count in asked.judged.items():
        kind = asked.namespaces[row].type
        # All that speak of a namespace are of one family.
        family = next(iter(asked.speaking[row]), "").partition(":")[0]
        if count and kind != "generic" and family in noted.partial:
            counts[family, kind] += count
    for (family, kind), count in sorted(counts.items()):
        yield judged_in_part(family, kind, count)


def _uncomparable(
    fleet: Fleet, pairs: Collection[Pair], gaps: Mapping[int, Collection[str]]
) -> Iterator[Incomplete]:
    """Yield what could not be compared, for each place where the image has it."""
    if not gaps:
        return
    there = [(row, place) for row, place in pairs if row in gaps]
    places = fleet.images.places({place for _, place in there})
    for row, place in there:
        for reason in gaps[row]:
            if reason != UNHEARD:
                yield Incomplete(places[place].path, reason)
