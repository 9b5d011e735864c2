"""What is judged once for the whole fleet: a package, and all that its judgement depends on.

Two images with the same version of a package share one `Component`, so a new advisory is judged
for it once, however many images have it. Where a package lies (`Place`) and which layer brought
it changes nothing about a flaw; it is kept beside.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from seawall.advisories import subject_of
from seawall.errors import VersionSyntaxError
from seawall.fleet.databases.text import plain
from seawall.fleet.documents import packed, unpacked
from seawall.model import Distribution, Inventory, Package
from seawall.scanning.vulnerabilities import SYSTEM_TYPES, Owners
from seawall.versions import key

DIGEST_BYTES = 16
# Of a name or a key in an index: databases hold no longer ones, and no advisory has such.
_INDEXED_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Component:
    """A package as it is judged."""

    package: Package  # without layer, path and evidence
    owner: Package | None = None  # package of the distribution whose files these are; same form
    # None where it has no part in the judgement: a wheel is the same wheel in any distribution.
    distribution: Distribution | None = None

    def __hash__(self) -> int:
        # Of an image's hundreds, each is looked up: two fields tell nearly all of them apart.
        return hash((self.package.name, self.package.version))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image names a package."""

    path: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Namespace:
    """Components that the same ecosystems speak of: of one type, in one distribution."""

    type: str
    distribution: Distribution | None


@dataclass(frozen=True, slots=True)
class Watch:
    """Advisories that may change the judgement of a component, by the name they use.

    With a `key` only those whose ranges hold it; without, all that speak of the name: the version
    cannot be compared or is very long, or it is the owner's, of which each statement counts.
    """

    namespace: Namespace
    name: str
    key: bytes | None


class _Stored(msgspec.Struct, array_like=True, frozen=True):
    """The stored form of a package; fields in the order of the file, so none may move."""

    type: str
    name: str
    version: str
    source: str
    source_version: str
    arch: str
    owned_by: str
    module: str
    locked: bool


_decoder = msgspec.msgpack.Decoder(tuple[_Stored, _Stored | None])
_distribution_decoder: msgspec.msgpack.Decoder[Distribution | None] = msgspec.msgpack.Decoder(
    Distribution | None
)


def encode(component: Component) -> bytes:
    """Return a component as bytes, but for its distribution, which its namespace has."""
    owner = component.owner
    return packed((_stored(component.package), _stored(owner) if owner else None))


def decode(data: bytes, distribution: Distribution | None) -> Component:
    """Return what `encode` wrote.

    Raises:
        ValueError: `data` is nothing of it.
    """
    try:
        package, owner = unpacked(data, _decoder)
    except ValueError as error:
        raise ValueError(f"not a stored component: {error}") from error
    return Component(_package(package), _package(owner) if owner else None, distribution)


def encode_distribution(distribution: Distribution | None) -> bytes:
    """Return a distribution as bytes: equal ones, and no others, have equal bytes."""
    return packed(distribution)


def decode_distribution(data: bytes) -> Distribution | None:
    """Return what `encode_distribution` wrote.

    Raises:
        ValueError: `data` is nothing of it.
    """
    try:
        return unpacked(data, _distribution_decoder)
    except ValueError as error:
        raise ValueError(f"not a stored distribution: {error}") from error


def digest_of(component: Component) -> bytes:
    """Return what a component is known by in a store."""
    state = hashlib.blake2b(encode(component), digest_size=DIGEST_BYTES)
    state.update(encode_distribution(component.distribution))
    return state.digest()


def _stored(p: Package) -> _Stored:
    return _Stored(
        p.type,
        p.name,
        p.version,
        p.source,
        p.source_version,
        p.arch,
        p.owner,
        p.module,
        p.locked,
    )


def _package(s: _Stored) -> Package:
    return Package(
        s.type,
        s.name,
        s.version,
        s.source,
        s.source_version,
        s.arch,
        owner=s.owned_by,
        module=s.module,
        locked=s.locked,
    )


def namespace_of(component: Component) -> Namespace:
    """Return which ecosystems are asked about a component, whatever its name."""
    return Namespace(component.package.type, component.distribution)


def watches(component: Component) -> Iterator[Watch]:
    """Yield what has to change in the advisories for the component to be judged again."""
    yield from _of_package(component.package, component, is_owner=False)
    if component.owner is not None:
        yield from _of_package(component.owner, component, is_owner=True)


def _of_package(package: Package, component: Component, *, is_owner: bool) -> Iterator[Watch]:
    subject = subject_of(package, component.distribution)
    if subject is None:
        return
    place: bytes | None = None
    # Of a program without package it counts, too, whether any advisory names it.
    if not is_owner and package.type != "generic":
        try:
            place = key(subject.scheme, subject.version)
        except VersionSyntaxError:
            place = None
    if place is not None and len(place) > _INDEXED_BYTES:
        place = None
    namespace = Namespace(package.type, component.distribution)
    for name in dict.fromkeys(subject.names):
        if len(plain(name).encode()) <= _INDEXED_BYTES:
            yield Watch(namespace, name, place)


def located(inventory: Inventory) -> Iterator[tuple[Component, Place, str]]:
    """Yield the components of an image with their places and the diff-ids of their layers."""
    owners = Owners(inventory)
    bare: dict[Package, Package] = {}
    for package in inventory.packages:
        owner = owners.of(package) if package.owner else None
        if owner is not None:
            owner = bare.setdefault(owner, _bare(owner))
        speaks = package.type in SYSTEM_TYPES or owner is not None
        yield (
            Component(_bare(package), owner, inventory.distribution if speaks else None),
            Place(package.path, package.evidence),
            package.layer,
        )


def _bare(package: Package) -> Package:
    return replace(package, layer="", path="", evidence="")


def package_at(component: Component, place: Place, layer: str) -> Package:
    """Return the package as the image's inventory has it."""
    return replace(component.package, path=place.path, evidence=place.evidence, layer=layer)
