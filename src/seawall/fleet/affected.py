"""Blast radius: from a flaw, a package or a layer to base images, images and containers.

An image is built from another one when the other's uppermost layer is among its own. So what a
base image brings is in all images that were built from it, unless they removed it; each image hangs
below the nearest one that it has it from. What no known image brings alone is told by its layer.

All is read in sets: a flaw may be in every image there is.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from seawall.errors import FleetUnusable, UnknownTarget
from seawall.fleet import contents
from seawall.fleet.component import decode
from seawall.fleet.databases import Database
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import StoredFinding
from seawall.fleet.store.images import StoredLayer
from seawall.inventory.purl import located, same_name
from seawall.model import Finding, Package

_NOTHING: frozenset[int] = frozenset()
_WHOLE = 5_000  # rows asked for from which on reading the table is cheaper
_PURL = "pkg:"
_HINT = "name an advisory, a package (NAME, NAME@VERSION, pkg:…), or a layer (sha256:… in full)"


class HitPackage(NamedTuple):
    """A package that it is about."""

    type: str
    name: str
    version: str
    fixed_in: str = ""  # empty without a fix, or without a flaw


class Container(NamedTuple):
    """A container made from an affected image."""

    id: str
    name: str
    runtime: str
    host: str
    ended: str  # empty while it runs


@dataclass(slots=True)
class Affected:
    """An image that has it, and the images built from this one that have it from here."""

    digest: str
    names: tuple[str, ...]  # that stand for it now; else the last one that did
    first_seen: str
    gone: str  # empty while it is there
    since: str  # when it was known to be affected
    until: str  # when that was over; empty while it is not
    packages: tuple[HitPackage, ...]
    containers: tuple[Container, ...] = ()
    derived: Sequence["Affected"] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """The lowest layer that brings it, and the images that have it from there."""

    chain_id: str
    diff_id: str
    created_by: str
    # The images that nothing known brings it to. Where the layer is the uppermost of one of them,
    # it is the base image that brings it; else it is a layer that all of them share.
    roots: tuple[Affected, ...]
    is_of_image: bool  # the layer is the uppermost one of a known image
    images: int  # affected ones that have it from this layer and are there


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What one flaw, package or layer reaches."""

    what: str  # as it was asked
    flaws: tuple[Finding, ...]  # each once, at its most severe; none for a package or a layer
    packages: tuple[HitPackage, ...]  # none for a layer
    origins: tuple[Origin, ...]  # those with most images first
    images: int  # that are there
    images_gone: int  # only asked about the past
    containers: int  # that run

    def walk(self) -> Iterator[tuple[int, Affected]]:
        """Yield all images with their generation: 0 for what nothing known brings it to."""
        for origin in self.origins:
            waiting = [(0, root) for root in reversed(origin.roots)]
            while waiting:
                depth, image = waiting.pop()
                yield depth, image
                waiting.extend((depth + 1, one) for one in reversed(image.derived))


class _Hit(NamedTuple):
    """Why a component is asked for."""

    package: HitPackage
    since: str
    until: str


def affected_by(fleet: Fleet, what: str, *, past: bool = False) -> BlastRadius:
    """Return what is affected by a flaw, or has a package or a layer.

    `what` is the id of an advisory or an alias of it; ``NAME``, ``NAME@VERSION`` or a package-url
    (a name may be the source package's, too); or a layer's diff-id or chain-id. With `past` also
    what was affected, images that are gone, and containers that have ended. Otherwise an image
    that is gone is named only where others are built from it.

    Raises:
        UnknownTarget: it is a digest, and of no layer.
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        if layers := _layers_named(fleet.database, what):
            return _Search(fleet, past, layers={row: {0} for row in layers}).result(what)
        if findings := fleet.findings.named(what, also_resolved=past):
            return _of_flaw(fleet, what, findings, past)
        if what.startswith("sha256:"):
            raise UnknownTarget(f"{what}: no layer of the fleet has this digest", _HINT)
        wanted = _wanted(what)
        hits = {
            row: _Hit(HitPackage(package.type, package.name, package.version), "", "")
            for row, package in _components_named(fleet.database, wanted)
        }
        if not hits:  # a flaw or a package that no image has, or had
            return BlastRadius(what, (), (), (), 0, 0, 0)
        return _Search(fleet, past, hits=hits).result(what)


def _of_flaw(fleet: Fleet, what: str, findings: Sequence[StoredFinding], past: bool) -> BlastRadius:
    types = {
        row: component.package.type
        for row, component in fleet.images.components(
            sorted({stored.component for stored in findings})
        ).items()
    }
    hits: dict[int, _Hit] = {}
    for stored in findings:
        f = stored.finding
        hit = _Hit(
            HitPackage(types[stored.component], f.name, f.installed, f.fixed_in),
            stored.first_seen,
            stored.resolved,
        )
        same = hits.get(stored.component)
        if same is not None:  # two flaws share the alias that was asked for
            open_one = "" in (same.until, hit.until)
            hit = _Hit(
                max(same.package, hit.package, key=lambda package: bool(package.fixed_in)),
                min(same.since, hit.since),
                "" if open_one else max(same.until, hit.until),
            )
        hits[stored.component] = hit
    worst: dict[str, Finding] = {}
    for stored in findings:
        told = worst.get(stored.finding.id)
        if told is None or stored.finding.severity > told.severity:
            worst[stored.finding.id] = stored.finding
    flaws = tuple(sorted(worst.values(), key=lambda f: (-f.severity, f.id)))
    return _Search(fleet, past, hits=hits).result(what, flaws)


# --- what is asked for ----------------------------------------------------------------------------


class _Wanted(NamedTuple):
    type: str  # empty: any
    name: str
    version: str  # empty: any
    is_folded: bool  # package-urls fold letters of names


def _wanted(what: str) -> _Wanted:
    if what.startswith(_PURL):
        try:
            package = located(what).package
        except ValueError as error:
            raise UnknownTarget(f"{what}: no package-url ({error})", _HINT) from error
        return _Wanted(package.type, package.name, package.version, is_folded=True)
    name, at, version = what.rpartition("@")
    if not name:  # no version, or the scope of an npm package
        name, version = at + version, ""
    return _Wanted("", name, version, is_folded=False)


def _layers_named(database: Database, what: str) -> list[int]:
    if not what.startswith("sha256:"):
        return []
    rows = database.rows("SELECT id FROM layer WHERE chain = ? OR diff_id = ?", (what, what))
    return [row for (row,) in rows]


def _components_named(database: Database, wanted: _Wanted) -> Iterator[tuple[int, Package]]:
    """Yield the components that are meant, by their own name or their source package's.

    All of them are looked through: names are in the documents only. What cannot have the name is
    known by its bytes, so few are decoded.
    """
    letters = max(re.split(rb"[-_.]+", wanted.name.encode().lower()), key=len)
    for row, data in database.rows("SELECT id, document FROM component"):
        document = bytes(data)
        if letters not in document.lower():
            continue
        try:
            package = decode(document, None).package
        except ValueError as error:
            raise FleetUnusable(f"{database.place}: damaged ({error})") from error
        if wanted.type and package.type != wanted.type:
            continue
        own = _is_name(wanted, package.name) and wanted.version in ("", package.version)
        source = _is_name(wanted, package.source) and wanted.version in (
            "",
            package.source_version or package.version,
        )
        if own or source:
            yield row, package


def _is_name(wanted: _Wanted, name: str) -> bool:
    same = name == wanted.name or (wanted.is_folded and same_name(name, wanted.name))
    return bool(name) and same


# --- where it is ----------------------------------------------------------------------------------


class _ImageRow(NamedTuple):
    id: int
    digest: str
    top: int
    first_seen: str
    gone: str


class _Source(NamedTuple):
    """What is found in an image: the hits, and the layer that brings each."""

    hits: frozenset[int]
    by_layer: tuple[tuple[int, frozenset[int]], ...]  # lowest first


class _Search:
    """One question to the fleet: either components with their hits, or layers that are the hit."""

    def __init__(
        self,
        fleet: Fleet,
        past: bool,
        *,
        hits: Mapping[int, _Hit] | None = None,
        layers: Mapping[int, set[int]] | None = None,
    ) -> None:
        self._fleet, self._db, self._past = fleet, fleet.database, past
        self._hits = hits or {}
        self._brings: Mapping[int, set[int]] = layers or self._bringing()
        self._told: dict[frozenset[int], tuple[str, str, tuple[HitPackage, ...]]] = {}
        self._parents: dict[int, int] = dict(self._db.rows("SELECT id, parent FROM layer"))

    def result(self, what: str, flaws: tuple[Finding, ...] = ()) -> BlastRadius:
        """Return the answer."""
        found = self._found()
        rows = {row.id: row for row in self._images(found)}
        names, containers = self._names(rows), self._containers(rows)
        sources = self._sources(rows, found)
        nodes = {
            row.id: self._affected(row, sources[row.id], names, containers) for row in rows.values()
        }
        roots = self._hang(rows, sources, nodes)
        if not self._past and any(row.gone for row in rows.values()):
            roots = [(layer, root) for layer, root in roots if _prune(nodes[root])]
        there = [row for row in rows.values() if not row.gone]
        return BlastRadius(
            what=what,
            flaws=flaws,
            packages=tuple(sorted({hit.package for hit in self._hits.values()})),
            origins=self._origins(roots, rows, nodes),
            images=len(there),
            images_gone=len(rows) - len(there) if self._past else 0,
            containers=sum(not one.ended for ones in containers.values() for one in ones),
        )

    def _bringing(self) -> dict[int, set[int]]:
        """Return the layers that list one of the components."""
        found: dict[int, set[int]] = defaultdict(set)
        for part in parts(sorted(self._hits)):
            for component, layer in self._db.rows(
                f"SELECT component, layer FROM layer_component WHERE component IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            ):
                found[layer].add(component)
        return found

    def _found(self) -> dict[int, frozenset[int]]:
        """Return the images with what they have of it; many share one set."""
        if not self._hits:
            layers = self._fleet.images.with_layers(self._brings).values()
            return dict.fromkeys((image for images in layers for image in images), frozenset({0}))
        found: dict[int, frozenset[int]] = {}
        for component, having in self._fleet.images.with_components(self._hits).items():
            with_it: dict[frozenset[int], frozenset[int]] = {}
            for image in having:
                before = found.get(image, _NOTHING)
                if before not in with_it:
                    with_it[before] = before | {component}
                found[image] = with_it[before]
        return found

    def _images(self, wanted: Collection[int]) -> Iterator[_ImageRow]:
        columns = "id, digest, top, first_seen, gone"
        for row in _picked(self._db, f"SELECT {columns} FROM image", "id", wanted):  # noqa: S608 - our own words
            yield _ImageRow(*row)

    def _names(self, wanted: Collection[int]) -> Mapping[int, tuple[str, ...]]:
        now: dict[int, tuple[str, ...]] = {}
        before: dict[int, tuple[str, str]] = {}
        for image, name, until in _picked(
            self._db, "SELECT image, name, until FROM tag", "image", wanted
        ):
            if until:
                before[image] = max(before.get(image, ("", "")), (until, name))
            elif image in now:
                now[image] = tuple(sorted({*now[image], name}))
            else:
                now[image] = (name,)
        return {**{image: (name,) for image, (_, name) in before.items()}, **now}

    def _containers(self, images: Mapping[int, _ImageRow]) -> Mapping[int, list[Container]]:
        """Return the containers of images, by any digest that an image is known by."""
        ended = "" if self._past else "WHERE w.ended = ''"
        found: dict[int, list[Container]] = defaultdict(list)
        seen: set[tuple[int, Container]] = set()
        for join in (
            "JOIN image AS i ON i.digest = w.image",
            "JOIN image_digest AS i ON i.digest = w.image",
        ):
            column = "i.image" if "image_digest" in join else "i.id"
            for image, *told in self._db.rows(
                f"SELECT {column}, w.id, w.name, w.runtime, w.host, w.ended "  # noqa: S608 - our own words
                f"FROM workload AS w {join} {ended} ORDER BY w.ended != '', w.name, w.id"
            ):
                container = Container(*told)
                if image in images and (image, container) not in seen:
                    seen.add((image, container))
                    found[image].append(container)
        return found

    # --- which layer brings it ---

    def _sources(
        self, rows: Mapping[int, _ImageRow], found: Mapping[int, frozenset[int]]
    ) -> dict[int, _Source]:
        """Return by which layers each image has it."""
        chains = _Chains(self._parents, self._brings)
        known: dict[tuple[tuple[int, ...], frozenset[int]], _Source] = {}
        odd = self._odd(rows, found) if self._hits else set()
        sources: dict[int, _Source] = {}
        for row in rows.values():
            has = found[row.id]
            if row.id in odd:
                sources[row.id] = self._exact(row, has)
                continue
            same = (chains.through(row.top), has)
            if same not in known:
                known[same] = _source(((layer, self._brings[layer]) for layer in same[0]), has)
            sources[row.id] = known[same]
        return sources

    def _odd(self, rows: Mapping[int, _ImageRow], found: Mapping[int, frozenset[int]]) -> set[int]:
        """Return the images that have one of the components, but otherwise than layers list it."""
        odd = set()
        for image, data in _picked(
            self._db, "SELECT id, difference FROM image", "id", rows, "length(difference) > 0"
        ):
            mentioned = _mentioned(bytes(data), self._db.place)
            if not mentioned.isdisjoint(found[image]):
                odd.add(image)
        return odd

    def _exact(self, row: _ImageRow, has: frozenset[int]) -> _Source:
        image = self._fleet.images.by_id(row.id)
        if image is None:
            raise FleetUnusable(f"{self._db.place}: damaged (no image {row.id})")
        shown = self._fleet.images.contents(image)
        found = _source(
            ((layer, {component for component, _ in pairs}) for layer, pairs in shown.items()), has
        )
        if not found.by_layer:
            raise FleetUnusable(f"{self._db.place}: damaged (image {row.id} lacks what it has)")
        return found

    # --- the tree ---

    def _affected(
        self,
        row: _ImageRow,
        source: _Source,
        names: Mapping[int, tuple[str, ...]],
        containers: Mapping[int, list[Container]],
    ) -> Affected:
        since, until, packages = self._reasons(source.hits)
        return Affected(
            row.digest,
            names.get(row.id, ()),
            row.first_seen,
            row.gone,
            max(since, row.first_seen),
            until,
            packages,
            tuple(containers.get(row.id, ())),
        )

    def _reasons(self, components: frozenset[int]) -> tuple[str, str, tuple[HitPackage, ...]]:
        """Return since when and until when, and by what; the same for many images."""
        if components not in self._told:
            hits = [self._hits[component] for component in components] if self._hits else []
            ends = [hit.until for hit in hits]
            self._told[components] = (
                min((hit.since for hit in hits), default=""),
                "" if not ends or "" in ends else max(ends),
                tuple(sorted({hit.package for hit in hits})),
            )
        return self._told[components]

    def _hang(
        self,
        rows: Mapping[int, _ImageRow],
        sources: Mapping[int, _Source],
        nodes: Mapping[int, Affected],
    ) -> list[tuple[int, int]]:
        """Hang each image below the one that it has it from; return those left: layer and image."""
        by_top: dict[int, list[_ImageRow]] = defaultdict(list)
        for row in rows.values():
            by_top[row.top].append(row)
        below = _Below(self._parents, by_top.keys())
        # Most images on a base have the same of it from the same layers: they are one question.
        known: dict[tuple[int, _Source], int] = {}
        derived: dict[int, list[Affected]] = defaultdict(list)
        roots = []
        for row in sorted(rows.values(), key=lambda row: (row.first_seen, row.id)):
            source = sources[row.id]
            asked = (below.of(row.top), source)
            if asked not in known:
                known[asked] = self._giver(*asked, by_top, sources, below)
            if giver := known[asked]:
                derived[giver].append(nodes[row.id])
            else:
                roots.append((source.by_layer[0][0], row.id))
        for giver, images in derived.items():
            nodes[giver].derived = images
        return roots

    def _giver(
        self,
        top: int,
        source: _Source,
        by_top: Mapping[int, Sequence[_ImageRow]],
        sources: Mapping[int, _Source],
        below: "_Below",
    ) -> int:
        """Return the nearest image, from a layer downwards, with any of it from the same layer."""
        while top:
            givers = [base for base in by_top[top] if _shares(sources[base.id], source)]
            if givers:
                # Of images with the very same layers, one that is there, known for longest.
                return min(givers, key=lambda b: (b.gone != "", b.first_seen, b.id)).id
            top = below.of(top)
        return 0

    def _origins(
        self,
        roots: Iterable[tuple[int, int]],
        rows: Mapping[int, _ImageRow],
        nodes: Mapping[int, Affected],
    ) -> tuple[Origin, ...]:
        by_layer: dict[int, list[int]] = defaultdict(list)
        for layer, root in roots:
            by_layer[layer].append(root)
        told = {
            row[0]: StoredLayer(*row)
            for part in parts(sorted(by_layer))
            for row in self._db.rows(
                f"SELECT id, chain, diff_id, created_by FROM layer WHERE id IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            )
        }
        origins = []
        for number, ids in by_layer.items():
            origin = told[number]
            trees = tuple(nodes[row] for row in ids)
            origins.append(
                Origin(
                    origin.chain_id,
                    origin.diff_id,
                    origin.created_by,
                    trees,
                    any(rows[row].top == number for row in ids),
                    sum(not node.gone for node in _all(trees)),
                )
            )
        return tuple(sorted(origins, key=lambda o: (-o.images, o.chain_id)))


def _source(layers: Iterable[tuple[int, Collection[int]]], has: frozenset[int]) -> _Source:
    """Return for each component that is there the lowest layer that brings it."""
    left = set(has)
    by_layer = []
    for layer, components in layers:
        if here := left.intersection(components):
            by_layer.append((layer, frozenset(here)))
            left -= here
    return _Source(has, tuple(by_layer))


def _shares(base: _Source, source: _Source) -> bool:
    """Tell whether an image has any of it from the layers that its base has it from."""
    there = dict(base.by_layer)
    return any(components & there.get(layer, frozenset()) for layer, components in source.by_layer)


def _prune(root: Affected) -> bool:
    """Leave out images that are gone and bring it to none that is there; tell what is left."""
    order, waiting = [], [root]
    while waiting:  # not by calling itself: images built on images may be many
        node = waiting.pop()
        order.append(node)
        waiting.extend(node.derived)
    for node in reversed(order):
        node.derived = [one for one in node.derived if not one.gone or one.derived]
    return not root.gone or bool(root.derived)


def _all(trees: Iterable[Affected]) -> Iterator[Affected]:
    waiting = list(trees)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.derived)


class _Chains:
    """The layers below and with a layer that bring something; each chain is walked once."""

    def __init__(self, parents: Mapping[int, int], brings: Collection[int]) -> None:
        self._parents, self._brings = parents, brings
        self._known: dict[int, tuple[int, ...]] = {0: ()}

    def through(self, top: int) -> tuple[int, ...]:
        """Return the rows of those layers, lowest first."""
        way = []
        while top not in self._known:
            way.append(top)
            top = self._parents.get(top, 0)
        found = self._known[top]
        for layer in reversed(way):
            if layer in self._brings:
                found = (*found, layer)
            self._known[layer] = found
        return found


class _Below:
    """For a layer, the nearest one below it that is the uppermost of an affected image."""

    def __init__(self, parents: Mapping[int, int], tops: Collection[int]) -> None:
        self._parents, self._tops = parents, tops
        self._known: dict[int, int] = {0: 0}

    def of(self, layer: int) -> int:
        """Return that layer; 0 where there is none."""
        way = []
        while layer not in self._known:
            way.append(layer)
            parent = self._parents.get(layer, 0)
            if parent in self._tops:
                self._known[layer] = parent
                break
            layer = parent
        found = self._known[layer]
        for one in reversed(way):
            # Between this one and the one found there is no top, or the walk had ended there.
            self._known[one] = found
        return found


def _mentioned(difference: bytes, place: str) -> set[int]:
    """Return the components in which an image differs from what its layers list."""
    try:
        told = msgspec.msgpack.decode(difference, type=dict[str, dict[int, list[contents.Pair]]])
    except msgspec.MsgspecError as error:
        raise FleetUnusable(f"{place}: damaged ({error})") from error
    return {
        component for layers in told.values() for pairs in layers.values() for component, _ in pairs
    }


def _picked(
    database: Database, select: str, column: str, wanted: Collection[int], where: str = "1 = 1"
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows with the wanted ids, in `column`, which a statement selects."""
    if len(wanted) <= _WHOLE:
        for part in parts(sorted(wanted)):
            yield from list(
                database.rows(f"{select} WHERE {column} IN ({marks(part)}) AND {where}", part)
            )
        return
    place = [name.strip() for name in select[len("SELECT ") : select.index(" FROM")].split(",")]
    at = place.index(column)
    for row in database.rows(f"{select} WHERE {where}"):
        if row[at] in wanted:
            yield row
