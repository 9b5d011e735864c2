"""From an open image to its inventory.

Each layer is read by itself, in whatever order the source has them; the merge afterwards decides
what of each layer is still visible, who owns it, and which layer brought it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from seawall.images import (
    FoundFile,
    Inspection,
    LayerReading,
    OpenImage,
    Pattern,
    Selector,
    resolve,
    shown,
)
from seawall.images import visible as visible_paths
from seawall.images.layers import Changes
from seawall.inventory.catalogers import (
    CATALOGERS,
    Cataloger,
    Channels,
    Checksums,
    Diversions,
    Fact,
    ImageFile,
    Ownership,
)
from seawall.inventory.layer_facts import (
    Facts,
    LayerFacts,
    NameLog,
    decode,
    encode,
    folder_links,
    names_in,
)
from seawall.model import Distribution, Image, Incomplete, Inventory, Package

NOTHING_FOUND = Incomplete("/", "no package database or package found: nothing to judge")
_HOPS = 8  # links behind one another; a real image has one or two
_DATABASES = {
    "deb": "var/lib/dpkg",
    "rpm": "var/lib/rpm",
    "apk": "lib/apk/db",
    "alpm": "var/lib/pacman",
}
_SYSTEM = frozenset((*_DATABASES, "opkg"))  # package types that own files and are owned by none
# What each distribution's packages are; os-release IDs. Of any other nothing is expected.
_PACKAGED = {
    "deb": ("debian", "ubuntu", "kali", "linuxmint", "raspbian"),
    "rpm": (
        *("rhel", "centos", "fedora", "almalinux", "rocky", "ol", "amzn", "sles", "suse"),
        *("opensuse", "opensuse-leap", "opensuse-tumbleweed", "mariner", "azurelinux", "photon"),
        *("openeuler", "cloudlinux", "virtuozzo", "sle-micro", "sl-micro"),
    ),
    "apk": ("alpine", "wolfi", "chainguard", "postmarketos"),
    "alpm": ("arch", "archarm", "manjaro", "endeavouros"),
}

Progress = Callable[[int, int], None]  # layers read, packages seen in them


class LayerCache(Protocol):
    """Where readings are kept; `layer_store` is one in a file."""

    def get(self, subject: str, part: str) -> bytes | None:
        """Return what was kept of a layer or image, read by today's code; else None."""

    def put(self, subject: str, part: str, data: bytes) -> None:
        """Keep it."""


class KeptInspection(Inspection, Protocol):
    """An inspection whose result can be kept."""

    def encode(self, names: Iterable[bytes]) -> bytes:
        """Return the result as bytes; `names` are all that were handed on, in their order."""


class Inspector(Protocol):
    """Makes inspections, and makes them again from what was kept."""

    part: str  # what its results are called in a cache; says which settings they depend on

    def begin(self) -> KeptInspection:
        """Return the inspection of a layer that is about to be read."""

    def restore(self, data: bytes, names: Iterable[bytes]) -> KeptInspection:
        """Return what `KeptInspection.encode` wrote; ValueError when `data` is nothing of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An image that was read: what is inside, and what was asked for beside."""

    image: Image
    inventory: Inventory
    layers: Sequence[tuple[str, LayerFacts]]  # diff-id and facts, lowest first
    present: Mapping[bytes, int]  # files that name packages and are visible → number of the layer
    inspections: Mapping[str, KeptInspection]  # by diff-id; empty without an inspector
    cached: int = 0  # layers that were not read, because they had been before


def read_inventory(
    opened: OpenImage,
    progress: Progress | None = None,
    catalogers: Iterable[Cataloger] = CATALOGERS,
) -> Inventory:
    """Return what the image contains; see `read_image`."""
    return read_image(opened, progress, catalogers).inventory


def read_image(
    opened: OpenImage,
    progress: Progress | None = None,
    catalogers: Iterable[Cataloger] = CATALOGERS,
    inspector: Inspector | None = None,
    cache: LayerCache | None = None,
) -> Reading:
    """Read the image, but for what `cache` has of it.

    Raises:
        ImageError: the image cannot be read (see `OpenImage.layers`). A single file that cannot be
            analysed is listed in `Inventory.incomplete` instead.
    """
    book = _Book(catalogers)
    desk = _Desk(inspector, cache)
    known = desk.recall(opened)
    inspect = desk.begin if inspector or cache else None
    packages = 0
    read: set[str] = set()
    for number, reading in enumerate(opened.layers(book.selector, inspect, known), 1):
        facts = _layer_facts(reading, book)
        read.add(reading.diff_id)  # perhaps a known one: not all sources can leave these out
        desk.keep(reading.diff_id, facts, reading.inspection)
        packages += sum(len(found) for found in facts.facts.values())
        if progress is not None:
            progress(number, packages)
    desk.store()
    image = opened.image
    ordered = [(layer.diff_id, desk.layers[layer.diff_id]) for layer in image.layers]
    _follow_links(ordered, opened, book)
    present = _present(ordered)
    inventory = _merge(image, ordered, present)
    return Reading(image, inventory, ordered, present, desk.inspections, len(known - read))


def inspect_layers(
    opened: OpenImage, inspector: Inspector, cache: LayerCache | None = None
) -> Mapping[str, KeptInspection]:
    """Return another inspection of all layers of an image that was read before.

    Raises what `read_image` raises.
    """
    desk = _Desk(inspector, cache)
    known = desk.recall(opened)
    for reading in opened.layers(Selector(()), desk.begin, known):
        for _ in reading.files:
            pass  # nothing is wanted: the inspection sees all there is
        desk.keep_inspection(reading.diff_id, reading.inspection)
    desk.store()
    return desk.inspections


class _Desk:
    """The layers of one image, from wherever they come: read now, or kept from before."""

    def __init__(self, inspector: Inspector | None, cache: LayerCache | None) -> None:
        self._inspector, self._cache = inspector, cache
        self.layers: dict[str, LayerFacts] = {}
        self.inspections: dict[str, KeptInspection] = {}
        self._unproven: list[tuple[str, str, bytes]] = []

    def recall(self, opened: OpenImage) -> set[str]:
        """Take from the cache what it has of the image; return the diff-ids of its layers."""
        for diff_id in dict.fromkeys(opened.diff_ids):
            self._recall_layer(diff_id)
        return set(self.layers)

    def _recall_layer(self, diff_id: str) -> None:
        cache, inspector = self._cache, self._inspector
        data = cache.get(diff_id, "facts") if cache and diff_id else None
        if cache is None or data is None:
            return
        try:
            facts, names = decode(data)
            if inspector is not None:
                content = cache.get(diff_id, inspector.part)
                if content is None:
                    return
                self.inspections[diff_id] = inspector.restore(content, names_in(names))
        except ValueError:
            return  # as good as absent: it is read and kept anew
        self.layers[diff_id] = facts

    def begin(self) -> "_Recorded":
        """Return the inspection of a layer that is about to be read."""
        return _Recorded(self._inspector.begin() if self._inspector else None)

    def keep(self, diff_id: str, facts: LayerFacts, inspection: Inspection | None) -> None:
        """Take a layer that was just read."""
        self.layers[diff_id] = facts
        log = self.keep_inspection(diff_id, inspection)
        if log is not None and self._cache is not None and diff_id:
            self._unproven.append((diff_id, "facts", encode(facts, log)))

    def store(self) -> None:
        """Keep for later what was read.

        Not before all of the image was read: only then were all digests compared, and what an
        image with a wrong digest says must not be believed of the right one.
        """
        for diff_id, part, data in self._unproven:
            if self._cache is not None:
                self._cache.put(diff_id, part, data)
        self._unproven.clear()

    def keep_inspection(self, diff_id: str, inspection: Inspection | None) -> bytes | None:
        """Take the inspection of a layer; return the layer's names."""
        if not isinstance(inspection, _Recorded):
            return None
        log = inspection.log.finish()
        if inspection.inner is not None and self._inspector is not None:
            self.inspections[diff_id] = inspection.inner
            if self._cache is not None and diff_id:
                content = inspection.inner.encode(names_in(log))
                self._unproven.append((diff_id, self._inspector.part, content))
        return log


class _Recorded:
    """Another inspection, or none, and a record of all names."""

    def __init__(self, inner: KeptInspection | None) -> None:
        self.inner, self.log = inner, NameLog()
        self.reads_content = inner is not None and inner.reads_content

    def names(self, paths: Sequence[bytes]) -> None:
        """Record the names and hand them on."""
        self.log.add(paths)
        if self.inner is not None:
            self.inner.names(paths)

    def link(self, path: bytes, target: bytes, is_hard: bool) -> None:
        """Hand the link on; never called without another inspection."""
        if self.inner is not None:
            self.inner.link(path, target, is_hard)

    def file(self, path: bytes, mode: int, size: int, blocks: Iterator[bytes]) -> None:
        """Hand the file on; never called without another inspection."""
        if self.inner is not None:
            self.inner.file(path, mode, size, blocks)


class _Book:
    """The catalogers, found by path."""

    def __init__(self, catalogers: Iterable[Cataloger]) -> None:
        self._catalogers = tuple(catalogers)
        self._of: dict[Pattern, list[Cataloger]] = {}  # several may share a pattern
        for cataloger in self._catalogers:
            for pattern in cataloger.patterns:
                self._of.setdefault(pattern, []).append(cataloger)
        self.selector = Selector(self._of)

    def facts(self, path: bytes, content: bytes) -> Facts:
        """Return all that the catalogers meant by `path` say of the content."""
        file = ImageFile(shown(path), content)
        patterns = self.selector.wanted_by(path, content)
        facts: list[Fact] = []
        for cataloger in dict.fromkeys(c for pattern in patterns for c in self._of[pattern]):
            try:
                for fact in cataloger.parse(file):
                    facts.append(  # noqa: PERF401 - what came before an error must stay
                        replace(fact, path=file.path)
                        if isinstance(fact, Package)
                        and not fact.path.startswith(f"{file.path}!/")  # of an archive's inside
                        else fact
                    )
            except (ValueError, RecursionError) as error:
                reason = str(error) or type(error).__name__
                facts.append(Incomplete(file.path, f"{cataloger.name}: {reason[:200]}"))
        return tuple(facts)


def _layer_facts(reading: LayerReading, book: _Book) -> LayerFacts:
    layer = LayerFacts(reading.changes)
    for file in reading.files:
        layer.links.pop(file.path, None)  # a later entry of the same name replaces the earlier
        layer.symlinks.pop(file.path, None)
        layer.facts.pop(file.path, None)
        if file.content is not None:
            facts = book.facts(file.path, file.content)
            if facts or book.selector.candidates(file.path):
                layer.facts[file.path] = facts
        elif file.link is not None:
            known = layer.facts.get(file.link)
            if known is None:
                layer.links[file.path] = file.link
            else:
                layer.facts[file.path] = _moved(known, file)
        elif file.symlink is not None:
            layer.symlinks[file.path] = file.symlink
    layer.incomplete = reading.incomplete
    return layer


def _moved(facts: Facts, file: FoundFile) -> Facts:
    """Return the same facts for another name of the same file."""
    path = shown(file.path)
    return tuple(
        replace(f, path="!/".join((path, *f.path.split("!/")[1:]))) if isinstance(f, Package) else f
        for f in facts
    )


def _follow_links(layers: list[tuple[str, LayerFacts]], opened: OpenImage, book: _Book) -> None:
    """Read what hard links and symbolic links stand for, where their targets were not read.

    Rare (package stores that link into ``node_modules``), so it costs another pass over the image
    only when something is missing, and one more for each link behind a link.
    """
    links = folder_links(layers)
    pending: dict[tuple[int, bytes], bytes] = {}  # (layer, path) → where it leads
    for position, (_, layer) in enumerate(layers):
        for path, target in layer.links.items():
            pending[position, path] = target
        for path, target in layer.symlinks.items():
            place = _behind(resolve(path, target), links)
            if not book.selector.candidates(place):  # else its facts count under its own name
                pending[position, path] = place
    known = {path for _, layer in layers for path in (*layer.facts, *layer.symlinks, *layer.links)}
    for pattern in book.selector.exact:
        path = pattern.path.encode()
        place = _behind(path, links)
        if place != path and path not in known and not book.selector.candidates(place):
            pending[len(layers) - 1, path] = place
    for _ in range(_HOPS):
        if not pending:
            return
        found = _Targets(set(pending.values()), layers, opened)
        further: dict[tuple[int, bytes], bytes] = {}
        for (position, path), place in pending.items():
            layer = layers[position][1]
            hard = layer.links.get(path) == place
            file = found.linked(position, place) if hard else found.visible(place)
            if file is None:
                if hard:
                    reason = f"a hard link to {shown(place)}, which is not there"
                    layer.facts[path] = (Incomplete(shown(path), reason),)
            elif file.content is not None:
                layer.facts[path] = book.facts(path, file.content)
            elif file.symlink is not None:
                further[position, path] = _behind(resolve(place, file.symlink), links)
            elif file.link is not None:
                further[position, path] = file.link
        pending = further
    for position, path in pending:
        layers[position][1].facts[path] = (Incomplete(shown(path), "a chain of too many links"),)


class _Targets:
    """What stands at some paths, in each layer, from one more pass over the image."""

    def __init__(
        self, paths: set[bytes], layers: list[tuple[str, LayerFacts]], opened: OpenImage
    ) -> None:
        # A name with a star is no place that a pattern can name; such a link leads nowhere.
        patterns = [
            Pattern(path.decode("utf-8", "surrogateescape")) for path in paths if b"*" not in path
        ]
        read: dict[str, tuple[dict[bytes, FoundFile], Changes]] = {}
        for reading in opened.layers(Selector(patterns)):
            files = {file.path: file for file in reading.files}
            read[reading.diff_id] = (files, reading.changes)
        self._files = [read[diff_id][0] for diff_id, _ in layers]
        self._visible = visible_paths(
            [
                (set(files), read[diff_id][1])
                for files, (diff_id, _) in zip(self._files, layers, strict=True)
            ]
        )

    def visible(self, path: bytes) -> FoundFile | None:
        """Return the file that the merged image shows at `path`; symbolic links mean that one."""
        top = self._visible.get(path)
        return None if top is None else self._files[top][path]

    def linked(self, position: int, path: bytes) -> FoundFile | None:
        """Return the file that a hard link in a layer means: the layer's own, else a lower one."""
        for files in reversed(self._files[: position + 1]):
            if path in files:
                return files[path]
        return None


def _present(layers: list[tuple[str, LayerFacts]]) -> dict[bytes, int]:
    return visible_paths(
        [(set(layer.facts) | set(layer.symlinks), layer.changes) for _, layer in layers]
    )


def _merge(
    image: Image, layers: list[tuple[str, LayerFacts]], present: Mapping[bytes, int]
) -> Inventory:
    packages: list[Package] = []
    owned: list[Ownership] = []
    moved: dict[str, tuple[str, str]] = {}
    distributions: dict[bytes, Distribution] = {}
    incomplete: list[Incomplete] = []
    channels: set[str] = set()
    for path, top in present.items():
        for fact in layers[top][1].facts.get(path, ()):
            match fact:
                case Distribution():
                    distributions[path] = fact
                case Ownership():
                    owned.append(fact)
                case Diversions():
                    moved.update((name, (place, by)) for name, place, by in fact.moved)
                case Incomplete():
                    incomplete.append(replace(fact, layer=layers[top][0]))
                case Channels():
                    channels.update(fact.names)
                case Package() | Checksums():
                    pass
        packages.extend(_attributed(path, layers, top))
    for diff_id, layer in layers:
        incomplete.extend(replace(item, layer=diff_id) for item in layer.incomplete)
    packages = list(_owned(packages, _Owners(owned, moved, folder_links(layers))))
    distribution = distributions.get(b"etc/os-release") or distributions.get(b"usr/lib/os-release")
    if distribution is not None and channels:
        distribution = replace(distribution, channels=tuple(sorted(channels)))
    incomplete.extend(_doubts(distribution, packages, incomplete))
    return Inventory(
        target=str(image.ref),
        digest=image.digest,
        distribution=distribution,
        packages=tuple(sorted(_not_twice(packages), key=_order)),
        incomplete=tuple(sorted(set(incomplete), key=lambda i: (i.path, i.reason, i.layer))),
        layers=tuple(diff_id for diff_id, _ in layers if diff_id),
    )


def _attributed(path: bytes, layers: list[tuple[str, LayerFacts]], top: int) -> Iterator[Package]:
    """Yield the packages a file names, each with the layer that brought that very version.

    A package database is written anew by every layer that installs something, so a package
    belongs to the first layer since which it has been there without a break.
    """
    since: dict[Package, str] = {}
    for diff_id, layer in layers[: top + 1]:
        if path in layer.facts:
            named = [fact for fact in layer.facts[path] if isinstance(fact, Package)]
            since = {package: since.get(package, diff_id) for package in named}
    for package, diff_id in since.items():
        yield replace(package, layer=diff_id)


class _Owners:
    """Who owns a file.

    A package database names files as they were packed: where ``/lib`` is a link to ``/usr/lib``
    the file itself lies behind the link, and a diverted file has another name.
    """

    def __init__(
        self,
        claims: Sequence[Ownership],
        moved: Mapping[str, tuple[str, str]],  # name → where it is instead, for all but one owner
        links: Mapping[bytes, bytes],
    ) -> None:
        self._claims, self._moved = claims, moved
        self._links = [(shown(a), shown(b)) for a, b in links.items() if b"/" not in a]

    def of(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the owner of each of these files that has one.

        One look-up for each line of each list, whatever the number of paths.
        """
        real: dict[str, str] = {}  # names that a list may give to a file
        for path in paths:
            real[path] = path
            for link, to in self._links:
                if path.startswith(to + "/"):
                    real[link + path[len(to) :]] = path
        moved = {name: to for name, to in self._moved.items() if name in real or to[0] in real}
        asked = {*real, *moved}
        owners: dict[str, str] = {}
        for claim in self._claims:
            names = claim.paths.decode("utf-8", "backslashreplace").split("\n")
            for name in asked.intersection(names):
                place, keeper = moved.get(name, ("", claim.owner))
                file = real.get(name if claim.owner == keeper else place)
                if file is not None:
                    owners[file] = claim.owner
        return owners


def _owned(packages: Iterable[Package], owners: _Owners) -> Iterator[Package]:
    """Yield the packages with the owner of the file that names them."""
    packages = list(packages)
    # What lies in an archive belongs to whoever owns the archive.
    archive = {p: p.path.partition("!/")[0] for p in packages if p.type not in _SYSTEM}
    found = owners.of(set(archive.values()))
    brought = {(f"{p.type}:{p.name}", p.layer) for p in packages if p.type in _SYSTEM}
    for package in packages:
        owner = found.get(archive.get(package, ""), "")
        if package.type == "generic" and (owner, package.layer) in brought:
            continue  # what the owner's own version says already
        itself = owner == f"{package.type}:{package.name}"
        yield package if not owner or itself else replace(package, owner=owner)


def _behind(path: bytes, links: Mapping[bytes, bytes]) -> bytes:
    """Return where `path` really lies when folders above it are links; `path` in a circle."""
    place = path
    for _ in range(_HOPS):
        folder = place
        while folder := folder.rpartition(b"/")[0]:
            if folder in links:
                place = links[folder] + place[len(folder) :]
                break
        else:
            return place
    return path


def _doubts(
    distribution: Distribution | None, packages: list[Package], incomplete: list[Incomplete]
) -> Iterator[Incomplete]:
    """Yield what is missing from the whole: a result of nothing must not look like a clean one."""
    if not packages and not incomplete:
        yield NOTHING_FOUND
    elif distribution is not None:
        for kind, names in _PACKAGED.items():
            place = _DATABASES[kind]
            if (
                distribution.id in names
                and not any(package.type == kind for package in packages)
                and not any(_is_near(item.path, kind) for item in incomplete)
            ):
                name = distribution.name or distribution.id
                yield Incomplete(place, f"{name} without a package database")


def _is_near(path: str, kind: str) -> bool:
    """Tell whether a gap at `path` already says that packages of this kind are missing."""
    return {"deb": "dpkg", "rpm": "/rpm", "apk": "/apk/", "alpm": "/pacman/"}[kind] in path


def _not_twice(packages: Iterable[Package]) -> set[Package]:
    """Return the packages without those that a lock file names and that are installed as well."""
    there = {(p.type, p.name, p.version) for p in packages if not p.locked}
    return {p for p in packages if not p.locked or (p.type, p.name, p.version) not in there}


def _order(package: Package) -> tuple[str, str, str, str, str]:
    return (package.type, package.name, package.version, package.path, package.arch)
