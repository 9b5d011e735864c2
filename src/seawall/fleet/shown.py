"""What the fleet knows of one image, put together again: its inventory.

Components are kept once for all images; here they get back the layers and places that one image
has them in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from seawall.fleet.component import Component, Place, package_at
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.model import Inventory, Package


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


def moment(text: str) -> datetime | None:
    """Return a time as feeds write it, or a day; None where it is neither."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _package_order(package: Package) -> tuple[str, str, str, str, str]:
    return (package.type, package.name, package.version, package.path, package.arch)
