"""What the fleet knows of one image, put together again: its inventory, findings and gaps.

Components are judged once for all images; here they get back the layers and places that one image
has them in. The result is what a scan of that image would say with the same advisories.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from seawall.advisories import subject_of
from seawall.advisories.currency import OUTDATED
from seawall.advisories.ecosystems import UNCOVERED
from seawall.fleet.component import Component, Place, namespace_of, package_at
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import StoredFinding
from seawall.fleet.store.images import StoredImage
from seawall.model import Distribution, Finding, Incomplete, Inventory, Package
from seawall.scanning.end_of_life import end_of_life, supported_until
from seawall.scanning.vulnerabilities import SYSTEM_TYPES, flaw_order

AS_OF = "as-of:"  # notes of how current the advisories of an ecosystem are


@dataclass(frozen=True, slots=True)
class Located:
    """A component where an image has it."""

    row: int  # of the component
    component: Component
    place: Place
    layer: str  # diff-id

    @property
    def package(self) -> Package:
        """The package as the image's inventory has it."""
        return package_at(self.component, self.place, self.layer)


def located_by_layer(fleet: Fleet, image: StoredImage) -> dict[int, list[Located]]:
    """Return all that an image has, by the rows of its layers, lowest first."""
    with fleet.database.reading():
        contents = fleet.images.contents(image)
        components = fleet.images.components(
            {row for pairs in contents.values() for row, _ in pairs}
        )
        places = fleet.images.places({place for pairs in contents.values() for _, place in pairs})
        layers = {layer.id: layer.diff_id for layer in fleet.images.layers(image)}
    return {
        layer: [Located(row, components[row], places[place], layers[layer]) for row, place in pairs]
        for layer, pairs in contents.items()
    }


def located_in(fleet: Fleet, image: StoredImage) -> list[Located]:
    """Return all that an image has: its lowest layer first, in no order within one."""
    return [one for ones in located_by_layer(fleet, image).values() for one in ones]


def inventory_of(fleet: Fleet, image: StoredImage) -> Inventory:
    """Return the inventory of an image as it was read.

    A package that was in none of the image's layers is in the uppermost one here.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        facts = fleet.images.facts(image.id)
        packages = [located.package for located in located_in(fleet, image)]
        layers = [layer.diff_id for layer in fleet.images.layers(image) if layer.diff_id]
    return Inventory(
        target=facts.target,
        digest=image.digest,
        distribution=facts.distribution,
        packages=tuple(sorted(packages, key=_package_order)),
        incomplete=facts.incomplete,
        layers=tuple(layers),
    )


def findings_of(
    fleet: Fleet, image: StoredImage, *, today: date | None = None
) -> tuple[Finding, ...]:
    """Return the findings of an image as a scan lists them.

    Flaws of packages are as of the last time the fleet was judged; what else was found is as of
    when the image was read. Without `today` nothing is said of the distribution's end of life.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        facts = fleet.images.facts(image.id)
        there = located_in(fleet, image)
        stored = fleet.findings.of({located.row for located in there})
    findings = [
        replace(
            one.finding,
            layer=located.layer,
            path=located.place.path,
            evidence=located.place.evidence,
        )
        for located in there
        for one in stored.get(located.row, ())
    ]
    if today is not None and (ended := end_of_life(facts.distribution, today)):
        findings.append(ended)
    # What was found beside flaws was kept in the order that the scan gave it.
    return (*sorted(findings, key=flaw_order), *(facts.other_findings or ()))


def first_seen(stored: StoredFinding, image: StoredImage) -> str:
    """Return since when an image is known to have a finding: the later of both, RFC 3339."""
    return max(stored.first_seen, image.first_seen)


def gaps_of(
    fleet: Fleet, image: StoredImage, *, now: datetime | None = None
) -> tuple[Incomplete, ...]:
    """Return what could not be read or judged of an image.

    Without `now` nothing is said of advisories that are outdated.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        facts = fleet.images.facts(image.id)
        there = located_in(fleet, image)
        rows = {located.row for located in there}
        reasons = fleet.findings.gaps(rows)
        pending = pending_of(fleet, rows)
        speaking = _speaking(fleet)
        as_of = fleet.notes.starting_with(AS_OF)
    judged = [located for located in there if located.row not in pending]
    gaps = [
        *facts.incomplete,
        *(Incomplete(one.place.path, why) for one in there for why in reasons.get(one.row, ())),
        *_unspoken(judged, speaking, facts.distribution),
        *_unpublished(there),
    ]
    if waiting := sum(located.row in pending for located in there):
        gaps.append(Incomplete("/", f"{_packages(waiting)} not judged yet"))
    if facts.other_findings is None:
        gaps.append(Incomplete("/", "its files were not looked at: only packages are known"))
    if now is not None:
        asked = {name for one in judged for name in speaking.get(namespace_of(one.component), ())}
        gaps += _outdated({name: as_of.get(name, "") for name in asked}, facts.distribution, now)
    return tuple(dict.fromkeys(gaps))


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


def moment(text: str) -> datetime | None:
    """Return a time as feeds write it, or a day; None where it is neither."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _speaking(fleet: Fleet) -> Mapping[object, frozenset[str]]:
    names = fleet.notes.speaking()
    return {space: names.get(row, frozenset()) for row, space in fleet.images.namespaces()}


def _unspoken(
    there: Collection[Located],
    speaking: Mapping[object, frozenset[str]],
    distribution: Distribution | None,
) -> Iterator[Incomplete]:
    """Yield a gap for each kind of packages that the advisory store has nothing about."""
    silent = Counter(
        located.component.package.type
        for located in there
        if located.component.package.type not in UNCOVERED
        and not speaking.get(namespace_of(located.component))
    )
    for kind, count in sorted(silent.items()):
        subject = subject_of(Package(kind, "x", "1"), distribution)
        where = f"{subject.ecosystems[0] if subject and subject.ecosystems else kind} here"
        if kind in SYSTEM_TYPES and not (subject and subject.ecosystems):
            where = "a distribution that is not named here"
            if distribution is not None:
                release = distribution.version or distribution.codename
                where = f"{' '.join(filter(None, (distribution.id, release)))} here"
        yield Incomplete("/", f"{count} {kind} packages not judged: no advisories for {where}")


def _unpublished(there: Collection[Located]) -> Iterator[Incomplete]:
    """Yield a gap for what nobody publishes advisories for; some programs have them."""
    kinds = Counter(
        located.component.package.type
        for located in there
        if located.component.package.type in UNCOVERED
        and located.component.package.type != "generic"
    )
    if kinds:
        told = "; ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield Incomplete("/", f"not judged, nobody publishes advisories for them: {told}")


def _outdated(
    as_of: Mapping[str, str], distribution: Distribution | None, now: datetime
) -> Iterator[Incomplete]:
    """Yield a gap for each ecosystem of which half a year is missing, as a scan does."""
    until = supported_until(distribution)
    ended = datetime.combine(until, time(), UTC) + timedelta(days=1) if until else now
    for name, text in sorted(as_of.items()):
        there = min(now, ended) if ":" in name else now  # a release that ended has no more news
        known = moment(text)
        if known is None or there - known > OUTDATED:
            since = f"end at {text[:10]}" if known else "are of unknown age"
            yield Incomplete("/", f"the advisories for {name} {since}: later flaws are missing")


def _packages(count: int) -> str:
    return f"{count} package{'' if count == 1 else 's'}"


def _package_order(package: Package) -> tuple[str, str, str, str, str]:
    return (package.type, package.name, package.version, package.path, package.arch)
