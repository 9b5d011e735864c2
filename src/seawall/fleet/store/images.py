"""Images of the fleet: which components they have, by layer, and what they are called."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from seawall.errors import CorruptImage, FleetUnusable
from seawall.fleet import contents
from seawall.fleet.component import (
    Component,
    Namespace,
    Place,
    decode,
    decode_distribution,
    digest_of,
    encode,
    encode_distribution,
    namespace_of,
    watches,
)
from seawall.fleet.databases import Database
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.documents import packed, unpacked
from seawall.fleet.record import ImageRecord, LayerRecord, Located
from seawall.fleet.store.notes import RULES, Notes
from seawall.model import Distribution, Finding, Incomplete

_KNOWN = 400_000  # components whose ids are remembered
_KEPT = 400_000  # components of layers that are remembered
_NAME = 400  # letters; registries allow 255 of a repository and 128 of a tag
_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})")
_BEGINNING = re.compile(r"[0-9a-f]{6,64}")
_SHOWN_DIGITS = 12  # of a digest, where we show it short
_OF_SBOM = "sbom "  # how the analyser of a bill of materials begins


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is kept of an image beside its components."""

    distribution: Distribution | None
    target: str
    os: str
    architecture: str
    created: str
    incomplete: tuple[Incomplete, ...]
    other_findings: tuple[Finding, ...] | None
    asked_rules: str = ""  # stands for the rules that looked at it; see `Indicators.rules`
    is_claimed: bool = False  # a bill of materials is all that is known of it


_facts_decoder = msgspec.msgpack.Decoder(ImageFacts)


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image in the store."""

    id: int
    digest: str
    names: tuple[str, ...]  # that stand for it now
    first_seen: str
    last_seen: str
    gone: str  # when it was no longer where it had been; empty while it is there
    analyser: str
    top: int


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer in the store."""

    id: int
    chain_id: str
    diff_id: str
    created_by: str


@dataclass(frozen=True, slots=True)
class _Difference:
    """What one image shows of its layers otherwise than the first image with each did."""

    lacks: dict[int, list[contents.Pair]]  # layer → what it does not show
    extra: dict[int, list[contents.Pair]]


_difference_decoder = msgspec.msgpack.Decoder(_Difference)


@dataclass(slots=True)
class _KnownLayer:
    """A layer as an image has it, for the next image that has it so."""

    row: int
    diff_id: str
    parent: int  # row of the layer below; 0 where there is none
    contents: tuple[Located, ...]
    is_listed: bool  # `contents` are what the store lists of the layer


def _code(analyser: str) -> str:
    """Return the part of an analyser's fingerprint that stands for the code alone."""
    return analyser.partition(" ")[0]


def _kinds(rules: Collection[str]) -> frozenset[str]:
    """Return the names of the detectors that rules belong to."""
    return frozenset(rule.partition(":")[0] for rule in rules)


class Images:
    """All images that were ever seen; none is forgotten."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._components: dict[Component, int] = {}
        self._places: dict[Place, int] = {}
        self._namespaces: dict[Namespace, int] = {}
        self._known: dict[str, _KnownLayer] = {}  # by chain-id; those met lately are last
        self._kept = 0  # components in their contents
        self._rules: dict[tuple[str, ...], str] = {}
        self._asked: dict[str, frozenset[str]] = {}  # by what stands for rules: see `asked_kinds`

    def forget(self) -> None:
        """Forget which rows were made: a transaction that fails takes them back."""
        self._components.clear()
        self._places.clear()
        self._namespaces.clear()
        self._known.clear()
        self._kept = 0
        self._rules.clear()
        self._asked.clear()

    # --- adding ------------------------------------------------------------------------------

    def add(self, record: ImageRecord, at: str, place: str = "") -> bool:
        """Keep an image; return whether it was not there, or is there in another form now.

        What says less than what is there changes nothing: a bill of materials of an image that was
        read, or a reading that looked for less than another one by the same code had. `place` is
        where it was seen: a daemon, a repository. To be called under the right to write.

        Raises:
            CorruptImage: a layer of it is known as another one.
        """
        known = self._known_as(record.digest)
        if known is not None and not self._replaces(record, *known):
            self.seen(record.digest, record.names, at, others=record.other_digests, place=place)
            return False
        layers = self._layers(record.layers)
        difference, lacks, extra = self._difference(record.layers, layers)
        facts = ImageFacts(
            record.distribution,
            record.target,
            record.os,
            record.architecture,
            record.created,
            record.incomplete,
            record.other_findings,
            self._noted_rules(record.asked_rules),
            record.is_claimed,
        )
        row = (layers[-1].row, difference, record.analyser, packed(facts))
        if known is None:
            image = self._next("image")
            self._db.run(
                "INSERT INTO image (id, digest, top, difference, analyser, document, first_seen, "
                "last_seen, gone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')",
                (image, record.digest, *row, at, at),
            )
        else:
            image = known[0]
            self._take_apart(image)
            self._db.run(
                "UPDATE image SET top = ?, difference = ?, analyser = ?, document = ?, gone = '', "
                "last_seen = ? WHERE id = ?",
                (*row, at, image),
            )
        self._db.insert(
            "image_layer", ("layer", "image"), [(n, image) for n in {layer.row for layer in layers}]
        )
        for table, components in (("image_lacks", lacks), ("image_extra", extra)):
            if components:
                self._db.insert(table, ("component", "image"), [(n, image) for n in components])
        self._note(image, record.names, at, others=record.other_digests, place=place)
        return True

    def _replaces(self, record: ImageRecord, row: int, analyser: str) -> bool:
        """Return whether a record says more, or something newer, than what is kept of its image."""
        before = self.facts(row)
        if before.is_claimed != record.is_claimed:
            return before.is_claimed
        if analyser == record.analyser:
            return False
        if record.is_claimed or _code(analyser) != _code(record.analyser):
            return True
        asked, had = frozenset(record.asked_rules), self._rules_named(before.asked_rules)
        return _kinds(had) <= _kinds(asked) and not asked < had

    def asked_kinds(self, rules: str) -> frozenset[str]:
        """Return what was looked for by the rules that `ImageFacts.asked_rules` stands for.

        These are names of detectors: ``secrets``, ``malware``.
        """
        found = self._asked.get(rules)
        if found is None:
            found = self._asked[rules] = _kinds(self._rules_named(rules))
        return found

    def _rules_named(self, name: str) -> frozenset[str]:
        text = Notes(self._db).get(f"{RULES}{name}") if name else ""
        return frozenset(text.split("\n")) - {""}

    def _noted_rules(self, rules: tuple[str, ...]) -> str:
        """Return what stands for some rules, noted where it is new; most images share them."""
        name = self._rules.get(rules)
        if name is None:
            name = hashlib.blake2b("\n".join(rules).encode(), digest_size=8).hexdigest()
            Notes(self._db).set(f"{RULES}{name}", "\n".join(rules))
            self._rules[rules] = name
        return name

    def _known_as(self, digest: str) -> tuple[int, str] | None:
        """Return the row and the analyser of an image that is there already.

        By its own digest alone: a document may be a manifest and a configuration at once.
        """
        rows = self._db.rows("SELECT id, analyser FROM image WHERE digest = ?", (digest,))
        return next(((row, analyser) for row, analyser in list(rows)), None)

    def _take_apart(self, image: int) -> None:
        """Take its layers from an image. The tables have no index by image; it is not missed."""
        stored = self.by_id(image)
        if stored is None:
            return
        layers = [layer.id for layer in self.layers(stored)]
        difference = self._difference_of(image)
        for table, column, rows in (
            ("image_layer", "layer", layers),
            ("image_lacks", "component", {c for p in difference.lacks.values() for c, _ in p}),
            ("image_extra", "component", {c for p in difference.extra.values() for c, _ in p}),
        ):
            self._db.run_many(
                f"DELETE FROM {table} WHERE {column} = ? AND image = ?",  # noqa: S608 - our own names
                [(row, image) for row in rows],
            )

    def _located(self, pairs: Sequence[Located]) -> list[contents.Pair]:
        """Return the ids of what a layer brought; what is new to the store is made first."""
        components, places = self._components, self._places
        try:
            return [(components[component], places[place]) for component, place in pairs]
        except KeyError:
            self._make_places({place for _, place in pairs})
            self._make_components({component for component, _ in pairs})
        return [(components[component], places[place]) for component, place in pairs]

    def _make_places(self, places: set[Place]) -> None:
        missing = [place for place in places if place not in self._places]
        for part in parts(sorted({place.path for place in missing})):
            for row, path, evidence in self._db.rows(
                f"SELECT id, path, evidence FROM place WHERE path IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            ):
                self._places[Place(path, evidence)] = row
        new = sorted((p for p in missing if p not in self._places), key=lambda p: p.path)
        first = self._next("place")
        self._db.insert(
            "place",
            ("id", "path", "evidence"),
            ((first + n, p.path, p.evidence) for n, p in enumerate(new)),
        )
        self._places.update((p, first + n) for n, p in enumerate(new))

    def _make_components(self, components: set[Component]) -> None:
        missing = (c for c in components if c not in self._components)
        by_digest = {digest_of(component): component for component in missing}
        for part in parts(list(by_digest)):
            for row, digest in self._db.rows(
                f"SELECT id, digest FROM component WHERE digest IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            ):
                self._components[by_digest.pop(bytes(digest))] = row
        first = self._next("component") if by_digest else 0
        made = [(first + n, d, c) for n, (d, c) in enumerate(by_digest.items())]
        self._db.insert(
            "component",
            ("id", "digest", "namespace", "document"),
            [(row, d, self._namespace(namespace_of(c)), encode(c)) for row, d, c in made],
        )
        self._db.insert("pending", ("component",), ((row,) for row, _, _ in made))
        subjects, watched = self._watching((row, c) for row, _, c in made)
        self._db.insert("subject", ("namespace", "name", "key", "component"), subjects)
        self._db.insert("watched", ("namespace", "name", "component"), watched)
        self._components.update((c, row) for row, _, c in made)

    def _watching(
        self, components: Iterable[tuple[int, Component]]
    ) -> tuple[set[tuple[int, str, bytes, int]], set[tuple[int, str, int]]]:
        subjects: set[tuple[int, str, bytes, int]] = set()
        watched: set[tuple[int, str, int]] = set()
        for row, component in components:
            for watch in watches(component):
                namespace = self._namespace(watch.namespace)
                if watch.key is None:
                    watched.add((namespace, watch.name, row))
                else:
                    subjects.add((namespace, watch.name, watch.key, row))
        return subjects, watched

    def _namespace(self, namespace: Namespace) -> int:
        row = self._namespaces.get(namespace)
        if row is None:
            key = (namespace.type, encode_distribution(namespace.distribution))
            found = next(
                self._db.rows("SELECT id FROM namespace WHERE type = ? AND distribution = ?", key),
                None,
            )
            row = found[0] if found else self._next("namespace")
            if found is None:
                self._db.run("INSERT INTO namespace VALUES (?, ?, ?)", (row, *key))
            self._namespaces[namespace] = row
        return int(row)

    def _layers(self, layers: Sequence[LayerRecord]) -> list[_KnownLayer]:
        """Return what is known of the layers; those that are new are made."""
        if max(len(self._components), len(self._places)) > _KNOWN:
            self.forget()
        found: list[_KnownLayer] = []
        for layer in layers:
            known = self._known.get(layer.chain_id)
            parent = found[-1].row if found else 0
            if known is None or known.contents != layer.contents:
                known = self._layer(layer, parent)
            if (known.diff_id, known.parent) != (layer.diff_id, parent):
                raise CorruptImage(
                    f"{layer.chain_id}: the fleet knows this layer with another content, or on "
                    "another base",
                    "one of the two readings names false layers: see  seawall images affected "
                    f"{layer.chain_id}",
                )
            found.append(known)
            self._remember(layer.chain_id, known)
        return found

    def _remember(self, chain_id: str, layer: _KnownLayer) -> None:
        if not layer.is_listed:
            return
        before = self._known.pop(chain_id, None)
        self._known[chain_id] = layer
        self._kept += len(layer.contents) - (len(before.contents) if before else 0)
        while self._kept > _KEPT:
            self._kept -= len(self._known.pop(next(iter(self._known))).contents)

    def _layer(self, layer: LayerRecord, parent: int) -> _KnownLayer:
        pairs = sorted(self._located(layer.contents))
        mark = contents.mark(pairs)
        stored = next(
            self._db.rows(
                "SELECT id, diff_id, parent, mark FROM layer WHERE chain = ?", (layer.chain_id,)
            ),
            None,
        )
        if stored is not None:
            found, diff_id, below, known = stored
            return _KnownLayer(found, diff_id, below, layer.contents, bytes(known) == mark)
        row = self._next("layer")
        self._db.run(
            "INSERT INTO layer (id, chain, diff_id, parent, created_by, mark, contents) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                row,
                layer.chain_id,
                layer.diff_id,
                parent,
                layer.created_by,
                mark,
                contents.pack(pairs),
            ),
        )
        self._db.insert(
            "layer_component",
            ("component", "layer"),
            [(c, row) for c in dict.fromkeys(c for c, _ in pairs)],
        )
        return _KnownLayer(row, layer.diff_id, parent, layer.contents, is_listed=True)

    def _difference(
        self, layers: Sequence[LayerRecord], known: Sequence[_KnownLayer]
    ) -> tuple[bytes, set[int], set[int]]:
        """Return how this image differs from what its layers list: as bytes, and in components."""
        if all(layer.is_listed for layer in known):
            return b"", set(), set()
        mine = {
            layer.row: set(self._located(record.contents))
            for layer, record in zip(known, layers, strict=True)
        }
        listed = {row: set(pairs) for row, pairs in self._listed(list(mine)).items()}
        difference = _Difference(
            {row: gone for row in mine if (gone := sorted(listed[row] - mine[row]))},
            {row: more for row in mine if (more := sorted(mine[row] - listed[row]))},
        )
        has = {component for pairs in mine.values() for component, _ in pairs}
        told = {component for pairs in listed.values() for component, _ in pairs}
        return msgspec.msgpack.encode(difference), told - has, has - told

    def _listed(self, rows: Sequence[int]) -> dict[int, list[contents.Pair]]:
        found: dict[int, list[contents.Pair]] = {}
        for part in parts(rows):
            for row, data in self._db.rows(
                f"SELECT id, contents FROM layer WHERE id IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            ):
                found[row] = self._unpacked(data)
        return found

    def _unpacked(self, data: bytes) -> list[contents.Pair]:
        try:
            return contents.unpack(bytes(data))
        except ValueError as error:
            raise FleetUnusable(f"{self._db.place}: damaged ({error})") from error

    def _next(self, table: str) -> int:
        return int(next(self._db.rows(f"SELECT coalesce(max(id), 0) + 1 FROM {table}"))[0])  # noqa: S608 - our own names

    def watch_anew(self) -> None:
        """Compute again which advisories are about what: the code that names packages changed."""
        self._db.run("DELETE FROM subject")
        self._db.run("DELETE FROM watched")
        everything = list(self._db.rows("SELECT id FROM component ORDER BY id"))
        for part in parts([row for (row,) in everything], 5_000):
            subjects, watched = self._watching(self.components(part).items())
            self._db.insert("subject", ("namespace", "name", "key", "component"), subjects)
            self._db.insert("watched", ("namespace", "name", "component"), watched)

    # --- names and times ---------------------------------------------------------------------

    def seen(
        self,
        digest: str,
        names: Iterable[str],
        at: str,
        *,
        others: Iterable[str] = (),
        place: str = "",
    ) -> None:
        """Note that an image is in a place, under these names (or more: none is taken away)."""
        for row in self._rows_with(digest)[:1]:
            self._db.run("UPDATE image SET last_seen = ?, gone = '' WHERE id = ?", (at, row))
            self._note(row, names, at, others=others, place=place)

    def _note(
        self, image: int, names: Iterable[str], at: str, *, others: Iterable[str], place: str
    ) -> None:
        self._db.run(
            "INSERT INTO presence VALUES (?, ?, ?, ?, '') ON CONFLICT (place, image) DO UPDATE "
            "SET last_seen = excluded.last_seen, until = ''",
            (place, image, at, at),
        )
        for name in names:
            if len(name) > _NAME:
                continue
            self._db.run(
                "UPDATE tag SET until = ? "
                "WHERE place = ? AND name = ? AND until = '' AND image != ?",
                (at, place, name, image),
            )
            if not self._db.run(
                "UPDATE tag SET last_seen = ? "
                "WHERE place = ? AND name = ? AND image = ? AND until = ''",
                (at, place, name, image),
            ):
                self._db.run(
                    "INSERT INTO tag VALUES (?, ?, ?, ?, ?, '') ON CONFLICT "
                    "(place, name, image, first_seen) DO UPDATE SET until = ''",
                    (place, name, image, at, at),
                )
        for other in others:
            self._db.run(
                "INSERT INTO image_digest VALUES (?, ?) ON CONFLICT DO NOTHING", (other, image)
            )

    def untagged(self, name: str, at: str, place: str = "") -> None:
        """Note that a name means no image any more."""
        self._db.run(
            "UPDATE tag SET until = ? WHERE place = ? AND name = ? AND until = ''",
            (at, place, name),
        )

    def left(self, digest: str, names: Collection[str], at: str, place: str = "") -> None:
        """Note which names an image has left in a place: it lost all others."""
        image = self.find(digest)
        if image is None:
            return
        rows = self._db.rows(
            "SELECT name FROM tag WHERE place = ? AND image = ? AND until = ''", (place, image.id)
        )
        for (name,) in list(rows):
            if name not in names:
                self.untagged(name, at, place)

    def gone(self, digest: str, at: str, place: str = "") -> None:
        """Note that an image is no longer in a place. All that is known of it stays."""
        image = self.find(digest)
        if image is None:
            return
        where = "WHERE place = ? AND image = ? AND until = ''"
        for table in ("presence", "tag"):
            self._db.run(f"UPDATE {table} SET until = ? {where}", (at, place, image.id))  # noqa: S608 - our own words
        self._db.run(
            "UPDATE image SET gone = ? WHERE id = ? AND gone = '' AND NOT EXISTS "
            "(SELECT 1 FROM presence WHERE image = ? AND until = '')",
            (at, image.id, image.id),
        )

    def other_digests(self, image: int) -> list[str]:
        """Return the digests of manifests that name an image."""
        rows = self._db.rows("SELECT digest FROM image_digest WHERE image = ?", (image,))
        return [digest for (digest,) in rows]

    def place_of(self, image: StoredImage) -> str:
        """Return the place where an image was seen last."""
        found = next(
            self._db.rows(
                "SELECT place FROM presence WHERE image = ? ORDER BY until != '', last_seen DESC",
                (image.id,),
            ),
            ("",),
        )
        return str(found[0])

    def places_of(self, image: StoredImage) -> list[str]:
        """Return the places where an image is."""
        rows = self._db.rows(
            "SELECT place FROM presence WHERE image = ? AND until = '' ORDER BY place", (image.id,)
        )
        return [place for (place,) in rows]

    def places_with_images(self) -> list[str]:
        """Return all places where an image is."""
        rows = self._db.rows("SELECT DISTINCT place FROM presence WHERE until = ''")
        return sorted(place for (place,) in rows)

    def listed(
        self, place: str, names: Collection[str], digests: Collection[str], asked: str, at: str
    ) -> int:
        """Note all the names that there are in a place; return how many images are gone.

        `digests` are those of the images that the names led to, of any kind. Any other name there
        means nothing any more. An image is gone that had a name there, has none any more, and
        was not led to: another platform's is led to by their index. One that never had a name there
        was never listed, and stays. So does what was seen there after the place was `asked`.
        """
        here = (place, asked)
        rows = self._db.rows(
            "SELECT DISTINCT name FROM tag WHERE place = ? AND until = '' AND last_seen <= ?", here
        )
        for (name,) in list(rows):
            if name not in names:
                self.untagged(name, at, place)
        named = "SELECT 1 FROM tag AS t WHERE t.place = p.place AND t.image = p.image"
        rows = self._db.rows(
            "SELECT i.id, i.digest FROM presence AS p JOIN image AS i ON i.id = p.image "  # noqa: S608 - our own words
            "WHERE p.place = ? AND p.until = '' AND p.last_seen <= ? "
            f"AND EXISTS ({named}) AND NOT EXISTS ({named} AND t.until = '')",
            here,
        )
        led_to = set(digests)
        gone = [one for row, one in list(rows) if not {one, *self.other_digests(row)} & led_to]
        for digest in gone:
            self.gone(digest, at, place)
        return len(gone)

    def present(self, place: str) -> list[str]:
        """Return the digests of the images that are in a place, as far as is known."""
        rows = self._db.rows(
            "SELECT i.digest FROM presence AS p JOIN image AS i ON i.id = p.image "
            "WHERE p.place = ? AND p.until = ''",
            (place,),
        )
        return [digest for (digest,) in rows]

    # --- finding -----------------------------------------------------------------------------

    def find(self, digest: str) -> StoredImage | None:
        """Return the image with this digest: its configuration's, or a manifest's.

        Of several with an index's digest it is the one that came first: for what must not choose
        there is `with_digest`.
        """
        found = self._rows_with(digest)
        return self.by_id(found[0]) if found else None

    def was_read(self, digest: str) -> bool:
        """Return whether the image with this digest was read; a bill of materials is hearsay."""
        found = self.find(digest)
        return found is not None and not found.analyser.startswith(_OF_SBOM)

    def with_digest(self, digest: str) -> list[StoredImage]:
        """Return the images with this digest: its configuration's, a manifest's, or an index's.

        An index has an image for each platform, so several may have been seen.
        """
        found = self.by_ids(self._rows_with(digest))
        return [found[row] for row in sorted(found)]

    def named(self, text: str) -> list[StoredImage]:
        """Return the images that a text means: one, or several where it does not decide.

        It is a digest, a name, or the beginning of a digest. Of ``NAME@DIGEST`` the digest counts
        alone. A name means what it means now, in whichever place; one that means nothing any more
        means what it meant last. Names come before beginnings of digests, but where these have
        twelve digits, as we show them, both count; and no name begins with ``sha256:``.
        """
        digest = text.rpartition("@")[2]
        if _DIGEST.fullmatch(digest):
            return self.with_digest(digest)
        bare = text.removeprefix("sha256:")
        begun = self._beginning(bare) if _BEGINNING.fullmatch(bare) else []
        if bare != text:
            return begun
        meant = self._meant_by(text)
        if meant and len(bare) < _SHOWN_DIGITS:
            return meant
        return list({image.id: image for image in (*meant, *begun)}.values())

    def _beginning(self, digits: str) -> list[StoredImage]:
        """Return the images with a digest that begins so."""
        low = f"sha256:{digits}"
        where = "(i.digest >= ? AND i.digest < ?)"
        others = "i.id IN (SELECT image FROM image_digest WHERE digest >= ? AND digest < ?)"
        return list(self._found(f"{where} OR {others}", (low, low + "g") * 2, "ORDER BY i.id"))

    def _meant_by(self, name: str) -> list[StoredImage]:
        """Return the images that a name means, or meant last."""
        names = [name] if ":" in name.rpartition("/")[2] else [name, f"{name}:latest"]
        rows = list(
            self._db.rows(
                f"SELECT image, until FROM tag WHERE name IN ({marks(names)})",  # noqa: S608 - marks only
                names,
            )
        )
        last = "" if any(not until for _, until in rows) else max((u for _, u in rows), default="")
        found = self.by_ids(image for image, until in rows if until == last)
        for row, image in list(found.items()):
            if image.analyser.startswith(_OF_SBOM):  # maybe of one that was read
                del found[row]
                found |= {one.id: one for one in self.with_digest(image.digest)}
        return [found[row] for row in sorted(found)]

    def _rows_with(self, digest: str) -> list[int]:
        """Return the rows of the images with a digest.

        That of a configuration is one image's. But a bill of materials says of itself what it is
        of, and many say a manifest's: who was read as having that is before it.
        """
        own = self._known_as(digest)
        if own is not None and not own[1].startswith(_OF_SBOM):
            return [own[0]]
        rows = self._db.rows("SELECT image FROM image_digest WHERE digest = ?", (digest,))
        return sorted(row for (row,) in rows) or ([own[0]] if own else [])

    def by_id(self, row: int) -> StoredImage | None:
        """Return the image in a row."""
        return next(self._found("i.id = ?", (row,)), None)

    def by_ids(self, rows: Iterable[int]) -> dict[int, StoredImage]:
        """Return the images in these rows."""
        return {
            image.id: image
            for part in parts(sorted(set(rows)))
            for image in self._found(f"i.id IN ({marks(part)})", part)
        }

    def rows_of(self, digests: Iterable[str]) -> dict[str, int]:
        """Return the rows of images by their digests, as `find` finds them."""
        wanted = sorted(set(digests))
        found: dict[str, int] = {}
        claims = f"substr(analyser, 1, {len(_OF_SBOM)}) = '{_OF_SBOM}'"
        for what, where, order in (
            ("digest, id FROM image", f"AND {claims}", ""),  # what comes later stands above
            ("digest, image FROM image_digest", "", "ORDER BY image DESC"),
            ("digest, id FROM image", f"AND NOT {claims}", ""),
        ):
            for part in parts(wanted):
                sql = f"SELECT {what} WHERE digest IN ({marks(part)}) {where} {order}"
                found.update(self._db.rows(sql, part))
        return found

    def all(self) -> Iterator[StoredImage]:
        """Yield all images, those seen last first."""
        yield from list(self._found("1 = 1", (), "ORDER BY i.last_seen DESC, i.id DESC"))

    def _found(
        self, where: str, values: Sequence[object], order: str = ""
    ) -> Iterator[StoredImage]:
        sql = (
            "SELECT i.id, i.digest, i.first_seen, i.last_seen, i.gone, i.analyser, i.top "  # noqa: S608 - our own words
            f"FROM image AS i WHERE {where} {order}"
        )
        rows = list(self._db.rows(sql, values))
        names: dict[int, list[str]] = defaultdict(list)
        for part in parts([row[0] for row in rows]):
            for image, name in self._db.rows(
                "SELECT DISTINCT image, name FROM tag "  # noqa: S608 - marks only
                f"WHERE until = '' AND image IN ({marks(part)}) ORDER BY name",
                part,
            ):
                names[image].append(name)
        for row, digest, first, last, gone, analyser, top in rows:
            yield StoredImage(row, digest, tuple(names[row]), first, last, gone, analyser, top)

    def facts(self, image: int) -> ImageFacts:
        """Return what is kept of an image beside its components."""
        row = next(self._db.rows("SELECT document FROM image WHERE id = ?", (image,)), None)
        return self._facts(row[0] if row else b"")

    def all_facts(self) -> Iterator[tuple[int, ImageFacts]]:
        """Yield the rows of all images, with what is kept of each beside its components."""
        last = 0
        while rows := list(
            self._db.rows(
                "SELECT id, document FROM image WHERE id > ? ORDER BY id LIMIT 1000", (last,)
            )
        ):
            for row, document in rows:
                yield row, self._facts(document)
            last = rows[-1][0]

    def _facts(self, document: bytes) -> ImageFacts:
        try:
            return unpacked(bytes(document), _facts_decoder)
        except ValueError as error:
            raise FleetUnusable(f"{self._db.place}: damaged ({error})") from error

    def layers(self, image: StoredImage) -> list[StoredLayer]:
        """Return the layers of an image, lowest first."""
        rows = self._db.rows(
            "WITH RECURSIVE chain (id, parent, depth) AS ("
            "SELECT id, parent, 0 FROM layer WHERE id = ? UNION ALL "
            "SELECT l.id, l.parent, c.depth + 1 FROM chain AS c JOIN layer AS l ON l.id = c.parent"
            ") SELECT l.id, l.chain, l.diff_id, l.created_by FROM chain AS c "
            "JOIN layer AS l ON l.id = c.id ORDER BY c.depth DESC",
            (image.top,),
        )
        return [StoredLayer(*row) for row in rows]

    def contents(self, image: StoredImage) -> dict[int, list[contents.Pair]]:
        """Return what an image shows: by layer's row, the components and their places."""
        rows = [layer.id for layer in self.layers(image)]
        found = {row: set(pairs) for row, pairs in self._listed(rows).items()}
        difference = self._difference_of(image.id)
        for row, pairs in difference.lacks.items():
            found[row] -= set(pairs)
        for row, pairs in difference.extra.items():
            found[row] |= set(pairs)
        return {row: sorted(found[row]) for row in rows}

    def _difference_of(self, image: int) -> _Difference:
        found = next(self._db.rows("SELECT difference FROM image WHERE id = ?", (image,)), (b"",))
        data = bytes(found[0])
        if not data:
            return _Difference({}, {})
        try:
            return _difference_decoder.decode(data)
        except msgspec.MsgspecError as error:
            raise FleetUnusable(f"{self._db.place}: damaged ({error})") from error

    def components_of(self, image: StoredImage) -> set[int]:
        """Return the rows of all components of an image."""
        return {row for pairs in self.contents(image).values() for row, _ in pairs}

    def components(self, rows: Iterable[int]) -> dict[int, Component]:
        """Return the components in these rows."""
        namespaces = dict(self.namespaces())
        found: dict[int, Component] = {}
        for part in parts(list(rows)):
            for row, namespace, data in self._db.rows(
                f"SELECT id, namespace, document FROM component WHERE id IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            ):
                try:
                    found[row] = decode(bytes(data), namespaces[namespace].distribution)
                except (ValueError, KeyError) as error:
                    raise FleetUnusable(f"{self._db.place}: damaged ({error})") from error
        return found

    def places(self, rows: Iterable[int]) -> dict[int, Place]:
        """Return the places in these rows."""
        return {
            row: Place(path, evidence)
            for part in parts(list(set(rows)))
            for row, path, evidence in self._db.rows(
                f"SELECT id, path, evidence FROM place WHERE id IN ({marks(part)})",  # noqa: S608 - marks only
                part,
            )
        }

    def namespaces(self) -> Iterator[tuple[int, Namespace]]:
        """Yield all namespaces with their rows."""
        for row, kind, data in list(
            self._db.rows("SELECT id, type, distribution FROM namespace ORDER BY id")
        ):
            try:
                yield row, Namespace(kind, decode_distribution(bytes(data)))
            except ValueError as error:
                raise FleetUnusable(f"{self._db.place}: damaged ({error})") from error

    def with_components(self, components: Collection[int]) -> dict[int, set[int]]:
        """Return which images have each of these components, gone ones too."""
        layers: dict[int, list[int]] = defaultdict(list)
        for component, layer in self._pairs("component", "layer", "layer_component", components):
            layers[component].append(layer)
        images = self.with_layers({layer for found in layers.values() for layer in found})
        found = {
            component: set().union(*[images[layer] for layer in layers[component]])
            for component in components
        }
        for component, image in self._pairs("component", "image", "image_lacks", components):
            found[component].discard(image)
        for component, image in self._pairs("component", "image", "image_extra", components):
            found[component].add(image)
        return found

    def with_layers(self, layers: Collection[int]) -> defaultdict[int, list[int]]:
        """Return which images have each of these layers."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for layer, image in self._pairs("layer", "image", "image_layer", layers):
            found[layer].append(image)
        return found

    def _pairs(
        self, one: str, other: str, table: str, wanted: Collection[int]
    ) -> Iterator[tuple[int, int]]:
        """Yield the pairs of two columns, of those rows whose first is wanted."""
        for part in parts(sorted(wanted)):
            yield from self._db.numbers(
                f"SELECT {one}, {other} FROM {table} WHERE {one} IN ({marks(part)})",  # noqa: S608 - our own names
                part,
            )
