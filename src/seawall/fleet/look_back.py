"""Ask all images that were ever seen whether they had something; ask each new one the same.

Nothing is opened: what is asked was noted when the images were read, so those that are gone answer,
too. An image that cannot answer is named, and never counts as one without it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import assert_never
from urllib.parse import unquote

from seawall.errors import FleetUnusable
from seawall.fleet import contents, files
from seawall.fleet.component import Component
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.indicators import (
    FileIndicator,
    Indicator,
    IndicatorKind,
    Match,
    NameSpan,
    PackageIndicator,
    PathIndicator,
    RuleIndicator,
    Seen,
    in_words,
)
from seawall.fleet.notifying.notice import (
    AffectedImage,
    FoundFlaw,
    FoundPackage,
    Notice,
    NoticeKind,
    bounded,
    identity,
)
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import ImageFacts, StoredImage
from seawall.fleet.store.indicators import Sighting, StoredIndicator
from seawall.fleet.workloads import Workload
from seawall.inventory.purl import purl
from seawall.model import Kind, Severity, Urgency

MOST_PLACES = 100  # of one image that are told; all are counted
_DETAIL = 500  # letters of what is kept of a sighting
_KINDS = {IndicatorKind.SECRET: Kind.SECRET, IndicatorKind.MALWARE: Kind.MALWARE}
_BY_64_BITS = "files are told by the first 64 bits of their SHA-256: compare the whole of it"
_IN_ANY_LAYER = "found is what a layer holds, also where a later layer of the image removed it"


@dataclass(frozen=True, slots=True)
class SeenIn:
    """An image that had it."""

    image: StoredImage
    names: tuple[NameSpan, ...]  # those it has now first
    places: tuple[Seen, ...]  # at most `MOST_PLACES`
    places_total: int
    containers: tuple[Workload, ...]  # all that ever ran it, those that run first


@dataclass(frozen=True, slots=True)
class NotKnown:
    """An image of which the question cannot be answered."""

    image: StoredImage
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Which of all images that were ever seen had it."""

    indicator: Indicator
    found: tuple[SeenIn, ...]  # those that run first, then those that are there, then the latest
    not_found: int  # images that were asked, and have it not
    not_known: tuple[NotKnown, ...]  # in the same order
    notes: tuple[str, ...] = ()  # what limits the answer


@dataclass(frozen=True, slots=True)
class NewSighting:
    """Something that is asked for was seen in an image for the first time."""

    asked: StoredIndicator
    seen: SeenIn


@dataclass(slots=True)
class _Hits:
    """What was found, by the images' rows."""

    places: dict[int, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    total: Counter[int] = field(default_factory=Counter)
    doubts: dict[int, str] = field(default_factory=dict)  # why an image cannot answer
    notes: list[str] = field(default_factory=list)

    def add(self, image: int, places: Sequence[Seen], total: int | None = None) -> None:
        """Note places in an image; of very many only some are kept."""
        self.total[image] += len(places) if total is None else total
        kept = self.places[image]
        kept.extend(places[: MOST_PLACES - len(kept)])


def look_back(fleet: Fleet, indicator: Indicator) -> Answer:
    """Return which images have, or had, what is asked for.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        hits = _hits(fleet, indicator, None)
        everything = list(fleet.images.all())
        containers = _containers(fleet)
        names = fleet.indicators.name_history(hits.places)
        told = set(_told_by_sboms(fleet)) if hits.doubts else set()

        def order(image: StoredImage) -> tuple[bool, bool]:
            ran = containers.get(image.id, ())
            return all(workload.ended for workload in ran), bool(image.gone)

        everything.sort(key=order)  # those that were seen last stay first among equal ones
        found = tuple(
            _seen_in(image, hits, names, containers)
            for image in everything
            if image.id in hits.places
        )
        not_known = tuple(
            NotKnown(image, hits.doubts[image.id], _remedy(image, image.id in told))
            for image in everything
            if image.id in hits.doubts and image.id not in hits.places
        )
    rest = len(everything) - len(found) - len(not_known)
    return Answer(indicator, found, rest, not_known, tuple(hits.notes))


def watch(fleet: Fleet, indicator: Indicator, note: str, at: str) -> Answer:
    """Ask for it from now on; return where it is and was.

    These images are told here, so no notice speaks of them; of a new one a notice does.
    """
    with fleet.writing():
        asked = fleet.indicators.add(indicator, note, at)
        answer = look_back(fleet, indicator)
        fleet.indicators.sighted(_sighting(asked, seen, at) for seen in answer.found)
    return answer


def check_new(fleet: Fleet, image: StoredImage, at: str) -> list[NewSighting]:
    """Ask a new image, or one that was read again, all that is asked; return what is news.

    Each is noted, with a notice in the outbox, once for an indicator and an image. To be called
    under the right to write, after the image and its files were added.
    """
    asked = fleet.indicators.listed()
    if not asked:
        return []
    told = {sighting.indicator for sighting in fleet.indicators.sightings(image=image.id)}
    found: list[NewSighting] = []
    for one in asked:
        if one.id in told:
            continue
        hits = _hits(fleet, one.indicator, image)
        if image.id not in hits.places:
            continue
        names = fleet.indicators.name_history([image.id])
        containers = {image.id: _ran(fleet, image)}
        new = NewSighting(one, _seen_in(image, hits, names, containers))
        fleet.indicators.sighted([_sighting(one, new.seen, at)])
        fleet.outbox.put(_notice(new, at))
        found.append(new)
    return found


def _sighting(asked: StoredIndicator, seen: SeenIn, at: str) -> Sighting:
    detail = in_words(seen.places, seen.places_total)[:_DETAIL]
    return Sighting(asked.id, seen.image.id, detail, at)


def _found_package(package_url: str) -> FoundPackage:
    """Return a package as notices name it; `in_words` has all of the package-url."""
    plain = package_url.partition("?")[0].removeprefix("pkg:").partition("/")[2]
    name, _, version = plain.rpartition("@")
    return FoundPackage(unquote(name.rpartition("/")[2] or plain), unquote(version))


def _notice(new: NewSighting, at: str) -> Notice:
    asked, seen = new.asked, new.seen
    image = seen.image
    running = tuple(workload.name for workload in seen.containers if not workload.ended)
    packages: tuple[FoundPackage, ...] = ()
    if asked.indicator.kind is IndicatorKind.PACKAGE:
        packages = tuple(sorted({_found_package(place.what) for place in seen.places}))
    flaw = FoundFlaw(
        id=f"{asked.indicator.kind}: {asked.indicator.text}",
        severity=Severity.UNKNOWN,  # whoever asked knows how bad it is
        urgency=Urgency.NOW,
        summary=asked.note,
        packages=packages,
        packages_total=len(packages),
        reason=in_words(seen.places, seen.places_total),
        images_total=1,
        running_total=int(bool(running)),
        images=(AffectedImage(image.digest, image.names, running),),
    )
    return bounded(
        Notice(
            id=identity(str(NoticeKind.INDICATOR), str(asked.id), asked.added, image.digest),
            kind=NoticeKind.INDICATOR,
            at=at,
            flaws=(flaw,),
        )
    )


def _seen_in(
    image: StoredImage,
    hits: _Hits,
    names: Mapping[int, tuple[NameSpan, ...]],
    containers: Mapping[int, tuple[Workload, ...]],
) -> SeenIn:
    return SeenIn(
        image,
        names.get(image.id, ()),
        tuple(hits.places[image.id]),
        hits.total[image.id],
        containers.get(image.id, ()),
    )


def _told_by_sboms(fleet: Fleet) -> Iterator[int]:
    """Yield the rows of the images of which only a bill of materials was read."""
    for row, facts in fleet.images.all_facts():
        if facts.target.startswith("sbom:"):
            yield row


def _remedy(image: StoredImage, is_told_by_sbom: bool) -> str:
    if image.gone:
        return "it is gone: what was not noted then cannot be known any more"
    if is_told_by_sbom:
        return "only a bill of materials was read: add the image itself (seawall images add TARGET)"
    return f"seawall images rescan --read {image.names[0] if image.names else image.digest}"


def _containers(fleet: Fleet) -> dict[int, tuple[Workload, ...]]:
    """Return the containers that ever ran an image, by its row."""
    found: dict[int, list[Workload]] = defaultdict(list)
    for (digest,) in list(fleet.database.rows("SELECT DISTINCT image FROM workload")):
        image = fleet.images.find(digest)
        if image is not None:  # else it was never read
            found[image.id].extend(fleet.workloads.of(digest))
    return {row: tuple(sorted(ran, key=lambda w: bool(w.ended))) for row, ran in found.items()}


def _ran(fleet: Fleet, image: StoredImage) -> tuple[Workload, ...]:
    """Return the containers that ever ran an image, by whichever of its digests."""
    others = fleet.database.rows("SELECT digest FROM image_digest WHERE image = ?", (image.id,))
    digests = dict.fromkeys((image.digest, *(digest for (digest,) in list(others))))
    ran = [workload for digest in digests for workload in fleet.workloads.of(digest)]
    return tuple(sorted(ran, key=lambda workload: bool(workload.ended)))


# --- by kind ---------------------------------------------------------------------------------


def _hits(fleet: Fleet, indicator: Indicator, only: StoredImage | None) -> _Hits:
    """Ask all images, or only this one."""
    hits = _Hits()
    match indicator:
        case PackageIndicator():
            _packages(fleet, indicator, only, hits)
        case FileIndicator():
            _files(fleet, _with_digest(fleet, indicator, _diff_ids(fleet, only)), only, hits)
            hits.notes += (_BY_64_BITS, _IN_ANY_LAYER)
        case PathIndicator():
            _files(fleet, _with_name(fleet, indicator, _diff_ids(fleet, only)), only, hits)
            hits.notes.append(_IN_ANY_LAYER)
        case RuleIndicator():
            _rules(fleet, indicator, only, hits)
        case _:
            assert_never(indicator)
    return hits


def _packages(
    fleet: Fleet, indicator: PackageIndicator, only: StoredImage | None, hits: _Hits
) -> None:
    if only is None:
        token = indicator.token
        rows = [row for row, data in fleet.indicators.components() if token in data.lower()]
        placed = None
    else:
        placed = {only.id: _placed(fleet, only)}
        rows = sorted({component for _, component, _ in placed[only.id]})
    meant: dict[int, str] = {}
    unclear: dict[int, str] = {}
    for row, component in fleet.images.components(rows).items():
        match indicator.match(component):
            case Match.YES:
                meant[row] = _named(component)
            case Match.UNCLEAR:
                unclear[row] = _named(component)
    asked = meant.keys() | unclear.keys()
    if placed is None:
        placed = _everywhere(fleet, asked)
    paths = fleet.images.places({p for ones in placed.values() for _, c, p in ones if c in asked})
    for image, ones in placed.items():
        seen = sorted({Seen(paths[p].path, d, meant[c]) for d, c, p in ones if c in meant})
        if seen:
            hits.add(image, seen)
        elif doubtful := sorted({unclear[c] for _, c, _ in ones if c in unclear}):
            hits.doubts[image] = f"the version of {doubtful[0]} cannot be compared"
    if only is None:
        without = (f for row, f in _facts(fleet, None) if row not in hits.places)
        _note_gaps(sum(bool(facts.incomplete) for facts in without), hits)


def _note_gaps(count: int, hits: _Hits) -> None:
    if count:
        images = "1 image" if count == 1 else f"{count:,} images"
        hits.notes.append(f"{images} without it could not be read whole: it may be in what is left")


def _named(component: Component) -> str:
    package = component.package
    try:
        return purl(package, component.distribution)
    except ValueError:
        return f"{package.type} {package.name} {package.version}"


_Placed = tuple[str, int, int]  # diff-id, component, place


def _placed(fleet: Fleet, image: StoredImage) -> list[_Placed]:
    """Return where an image has its components."""
    layers = {layer.id: layer.diff_id for layer in fleet.images.layers(image)}
    return [
        (layers[row], component, place)
        for row, pairs in fleet.images.contents(image).items()
        for component, place in pairs
    ]


def _everywhere(fleet: Fleet, components: Collection[int]) -> dict[int, list[_Placed]]:
    """Return where images have some components: what `Images.contents` says of each image.

    What layers list is read once a layer. Only images that show their layers otherwise than these
    list them are looked at one by one.
    """
    database = fleet.database
    layers = {
        row
        for part in parts(sorted(components))
        for (row,) in database.rows(
            f"SELECT DISTINCT layer FROM layer_component WHERE component IN ({marks(part)})",  # noqa: S608 - marks only
            part,
        )
    }
    listed: dict[int, list[_Placed]] = {}
    for part in parts(sorted(layers)):
        for row, diff_id, data in database.rows(
            f"SELECT id, diff_id, contents FROM layer WHERE id IN ({marks(part)})",  # noqa: S608 - marks only
            part,
        ):
            try:
                pairs = contents.unpack(bytes(data))
            except ValueError as error:
                raise FleetUnusable(f"{database.place}: damaged ({error})") from error
            listed[row] = [(diff_id, c, place) for c, place in pairs if c in components]
    found: dict[int, list[_Placed]] = defaultdict(list)
    for layer, images in fleet.images.with_layers(layers).items():
        for image in images:
            found[image] += listed[layer]
    extra = {
        image
        for part in parts(sorted(components))
        for (image,) in database.rows(
            f"SELECT DISTINCT image FROM image_extra WHERE component IN ({marks(part)})",  # noqa: S608 - marks only
            part,
        )
    }
    otherwise = {
        row for (row,) in database.rows("SELECT id FROM image WHERE length(difference) > 0")
    }
    for row in sorted(otherwise & (found.keys() | extra)):
        stored = fleet.images.by_id(row)
        if stored is not None:
            found[row] = [one for one in _placed(fleet, stored) if one[1] in components]
    return {row: ones for row, ones in found.items() if ones}


def _diff_ids(fleet: Fleet, only: StoredImage | None) -> set[str] | None:
    return None if only is None else {layer.diff_id for layer in fleet.images.layers(only)}


_InLayers = Iterator[tuple[str, list[Seen], int]]  # diff-id, some places, how many there are


def _with_digest(fleet: Fleet, indicator: FileIndicator, diff_ids: set[str] | None) -> _InLayers:
    for diff_id, digests in fleet.indicators.digests(diff_ids):
        numbers = files.positions(digests, indicator.start)
        if numbers:
            [(_, log, _)] = fleet.indicators.names({diff_id})
            some = _read(fleet, files.names_at(log, numbers[:MOST_PLACES]))
            what = f"sha256:{indicator.start.hex()}…"
            yield diff_id, [Seen(path, diff_id, what) for path in some], len(numbers)


def _with_name(fleet: Fleet, indicator: PathIndicator, diff_ids: set[str] | None) -> _InLayers:
    for diff_id, *logs in fleet.indicators.names(diff_ids):
        some: list[Seen] = []
        total = 0
        for log in logs:
            for path in _read(fleet, files.matching(log, indicator)):
                total += 1
                if total <= MOST_PLACES:
                    some.append(Seen(path, diff_id))
        if total:
            yield diff_id, some, total


def _read(fleet: Fleet, names: Iterator[str]) -> Iterator[str]:
    try:
        yield from names
    except ValueError as error:
        raise FleetUnusable(f"{fleet.database.place}: damaged ({error})") from error


def _files(fleet: Fleet, in_layers: _InLayers, only: StoredImage | None, hits: _Hits) -> None:
    found = {diff_id: (some, total) for diff_id, some, total in in_layers}
    by_row = fleet.indicators.layers_with(found)
    asked = {only.id} if only else None
    there: dict[int, set[str]] = defaultdict(set)  # a change may be in an image twice
    for layer, images in fleet.images.with_layers(by_row).items():
        for image in images:
            if asked is None or image in asked:
                there[image].add(by_row[layer])
    for image, diff_ids in there.items():
        for diff_id in sorted(diff_ids):
            hits.add(image, *found[diff_id])
    unread = set(fleet.indicators.layers_without_files()) if only is None else set()
    without: Counter[int] = Counter(
        image for images in fleet.images.with_layers(unread).values() for image in images
    )
    for image, count in without.items():
        layers = "one of its layers" if count == 1 else f"{count} of its layers"
        hits.doubts[image] = f"nobody noted which files {layers} brought"


def _rules(fleet: Fleet, indicator: RuleIndicator, only: StoredImage | None, hits: _Hits) -> None:
    asked_by = cache(fleet.indicators.rules)
    kind = _KINDS[indicator.kind]
    known: set[str] = set()
    gaps = 0
    for row, facts in _facts(fleet, only):
        found = [
            Seen(f.path, f.layer, f.evidence)
            for f in facts.other_findings or ()
            if f.kind is kind and f.id == indicator.rule
        ]
        asked = asked_by(facts.asked_rules)
        known |= asked
        if found:
            hits.add(row, sorted(set(found)))
        elif facts.other_findings is None:
            hits.doubts[row] = "nobody looked into its files"
        elif indicator.asked not in asked:
            hits.doubts[row] = "it was read before this rule was there, or without it"
        else:
            gaps += bool(facts.incomplete)
    _note_gaps(gaps, hits)
    if only is None and indicator.asked not in known:
        prefix = indicator.asked.removesuffix(indicator.rule)
        rules = [rule.removeprefix(prefix) for rule in sorted(known) if rule.startswith(prefix)]
        near = get_close_matches(indicator.rule, rules, n=3)
        meant = f": is it {' or '.join(near)}?" if near else ""
        hits.notes.append(f"no image was ever asked about a rule of this name{meant}")


def _facts(fleet: Fleet, only: StoredImage | None) -> Iterator[tuple[int, ImageFacts]]:
    if only is not None:
        yield only.id, fleet.images.facts(only.id)
    else:
        yield from fleet.images.all_facts()
