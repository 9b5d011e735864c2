"""What would be better on a newer base image, and what differs between two images of the fleet.

A rebuilt image is foretold: all that its own layers show now, on what the newer base shows. What
the own layers removed or replaced of the base stays as they made it, for nobody knows what they
would do to the newer one; the packages are named. Findings are told apart by flaw and package, and
only those count that can be acted on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.shown import Located, located_by_layer, moment
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import counts
from seawall.fleet.store.images import ImageFacts, StoredImage
from seawall.model import Finding
from seawall.scanning.vulnerabilities import SYSTEM_TYPES, flaw_order

_Key = tuple[str, str, str]  # type and name of a package, and the file that names it


@dataclass(frozen=True, slots=True)
class Change:
    """Findings that differ, each once for a flaw and a package; most urgent first."""

    vanish: tuple[Finding, ...]
    appear: tuple[Finding, ...]
    stay: tuple[Finding, ...]

    def __str__(self) -> str:
        many = len(self.vanish)
        finding = f"{many} finding{'' if many == 1 else 's'} vanish{'es' if many == 1 else ''}"
        return f"{finding}, {len(self.appear)} appear{'s' if len(self.appear) == 1 else ''}"


@dataclass(frozen=True, slots=True)
class Option:
    """A newer base image, and what it would make of the image."""

    image: StoredImage
    names: tuple[str, ...]  # of it, that make it a successor of the base: the same name first
    is_same_name: bool  # a name that the base had means this one now
    change: Change
    touched: tuple[str, ...]  # packages of the bases that the own layers replaced or removed
    is_other_release: bool  # of the distribution: the own layers would install other versions

    def __str__(self) -> str:
        name = self.names[0] if self.names else "another image"
        return f"rebase on {name} ({self.image.digest}): {self.change}"


@dataclass(frozen=True, slots=True)
class Advice:
    """On what an image should be built anew."""

    image: StoredImage
    base: StoredImage | None  # that it was built from; None where no known image is
    base_names: tuple[str, ...]  # under which the base was ever known, those of now first
    options: tuple[Option, ...]  # those with the fewest counting findings left first
    why: str  # why there is no option; empty where there is one


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package in both images, in other versions."""

    type: str
    name: str
    before: tuple[str, ...]  # versions, sorted as text
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What is different in a new image; packages are told apart by type and name."""

    old: StoredImage
    new: StoredImage
    added: tuple[PackageChange, ...]
    removed: tuple[PackageChange, ...]
    changed: tuple[PackageChange, ...]
    change: Change


def advice(fleet: Fleet, image: StoredImage) -> Advice:
    """Return on which newer base image an image should be built.

    Its base is the largest known image that all its lower layers are; where there is nothing newer
    of that, the next smaller one. Newer is what a name of the base means now, or a later image
    with another tag of the same repository. Nothing is guessed where no base is known.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        bases = _bases(fleet, image)
        if not bases:
            why = "no known image is its base: add the image that it was built from"
            return Advice(image, None, (), (), why)
        nearest: Advice | None = None
        for level in bases:
            base, names = _told(fleet, level)
            options = _options(fleet, image, base, names, {one.id for one in level})
            if options:
                return Advice(image, base, names, options, "")
            if nearest is None:
                nearest = Advice(image, base, names, (), _why_none(base, names))
        assert nearest is not None  # noqa: S101 - there is at least one level
        return nearest


def pull_preview(fleet: Fleet, old: StoredImage, new: StoredImage) -> Preview:
    """Return what changes for who has one image and gets the other.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    with fleet.database.reading():
        before = [one for there in located_by_layer(fleet, old).values() for one in there]
        after = [one for there in located_by_layer(fleet, new).values() for one in there]
        change = _change(fleet, before, after)
    was, now = _versions(before), _versions(after)
    changes = [
        PackageChange(*key, tuple(sorted(was.get(key, ()))), tuple(sorted(now.get(key, ()))))
        for key in sorted(was.keys() | now.keys())
        if was.get(key) != now.get(key)
    ]
    return Preview(
        old,
        new,
        added=tuple(c for c in changes if not c.before),
        removed=tuple(c for c in changes if not c.after),
        changed=tuple(c for c in changes if c.before and c.after),
        change=change,
    )


def _versions(there: Iterable[Located]) -> Mapping[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in there:
        package = one.component.package
        found[package.type, package.name].add(package.version)
    return found


# --- the base, and what is newer ------------------------------------------------------------------


def _bases(fleet: Fleet, image: StoredImage) -> list[list[StoredImage]]:
    """Return the images that an image was built from, nearest first; equal layers together."""
    lower = [layer.id for layer in fleet.images.layers(image)][:-1]
    by_top: dict[int, list[int]] = defaultdict(list)
    for part in parts(lower):
        for row, top in fleet.database.rows(
            f"SELECT id, top FROM image WHERE top IN ({marks(part)}) ORDER BY id",  # noqa: S608 - marks only
            part,
        ):
            by_top[top].append(row)
    return [
        [base for row in by_top[layer] if (base := fleet.images.by_id(row))]
        for layer in reversed(lower)
        if layer in by_top
    ]


def _told(fleet: Fleet, level: Sequence[StoredImage]) -> tuple[StoredImage, tuple[str, ...]]:
    """Return one of the images with the same layers, and the names that any of them ever had."""
    names: dict[str, str] = {}
    rows = [base.id for base in level]
    for name, until in fleet.database.rows(
        f"SELECT name, until FROM tag WHERE image IN ({marks(rows)}) ORDER BY until != '', name",  # noqa: S608 - marks only
        rows,
    ):
        names.setdefault(name, until)
    base = min(level, key=lambda one: (one.gone != "", not one.names, one.first_seen, one.id))
    return base, tuple(names)


def _why_none(base: StoredImage, names: Sequence[str]) -> str:
    if not names:
        return f"its base {base.digest} was never known by a name, so nothing is newer of it"
    return f"nothing newer is known of its base {names[0]}"


def _options(
    fleet: Fleet,
    image: StoredImage,
    base: StoredImage,
    names: Sequence[str],
    same: set[int],
) -> tuple[Option, ...]:
    candidates = _candidates(fleet, names)
    own_facts, base_facts = fleet.images.facts(image.id), fleet.images.facts(base.id)
    split = _Split.of(fleet, image, base)
    options = []
    for row, called in candidates.items():
        if row in same or row == image.id or (newer := fleet.images.by_id(row)) is None:
            continue
        facts = fleet.images.facts(row)
        if newer.gone or newer.top == base.top or not _fits(facts, own_facts):
            continue
        kept = tuple(sorted(set(called), key=lambda name: (name not in names, name)))
        is_same_name = kept[0] in names
        if not is_same_name and not _is_later(newer, facts, base, base_facts):
            continue
        after, touched = split.on(located_by_layer(fleet, newer))
        system = any(one.component.package.type in SYSTEM_TYPES for one in split.own)
        options.append(
            Option(
                newer,
                kept,
                is_same_name,
                _change(fleet, split.all, after),
                touched,
                is_other_release=system and facts.distribution != own_facts.distribution,
            )
        )
    return tuple(
        sorted(
            options,
            key=lambda o: (
                len(o.change.stay) + len(o.change.appear),
                not o.is_same_name,
                o.names,
                o.image.digest,
            ),
        )
    )


def _candidates(fleet: Fleet, names: Sequence[str]) -> Mapping[int, list[str]]:
    """Return the images that a name of the same repositories means now."""
    found: dict[int, list[str]] = defaultdict(list)
    for repository in dict.fromkeys(map(_repository, names)):
        pattern = "".join(f"!{c}" if c in "%_!" else c for c in repository) + ":%"
        for name, row in fleet.database.rows(
            "SELECT name, image FROM tag WHERE until = '' AND name LIKE ? ESCAPE '!' ORDER BY name",
            (pattern,),
        ):
            if _repository(name) == repository:  # LIKE does not mind the case of letters
                found[row].append(name)
    return found


def _repository(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}"


def _fits(facts: ImageFacts, others: ImageFacts) -> bool:
    """Tell whether two images are for the same machine, as far as they say."""
    return all(
        not one or not other or one == other
        for one, other in ((facts.os, others.os), (facts.architecture, others.architecture))
    )


def _is_later(
    newer: StoredImage, facts: ImageFacts, base: StoredImage, base_facts: ImageFacts
) -> bool:
    made, was_made = moment(facts.created), moment(base_facts.created)
    if made is not None and was_made is not None and made != was_made:
        return made > was_made
    return newer.first_seen > base.first_seen


# --- an image on another base ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Split:
    """An image in two: what it has from its base, and its own."""

    all: tuple[Located, ...]
    own: tuple[Located, ...]
    lost: frozenset[_Key]  # what the base itself has, and the image has no more from it

    @classmethod
    def of(cls, fleet: Fleet, image: StoredImage, base: StoredImage) -> "_Split":
        by_layer = located_by_layer(fleet, image)
        lower = {layer.id for layer in fleet.images.layers(base)}
        from_base = [one for row, ones in by_layer.items() if row in lower for one in ones]
        own = [one for row, ones in by_layer.items() if row not in lower for one in ones]
        there = [one for ones in located_by_layer(fleet, base).values() for one in ones]
        # By name, not by component: who owns its files may be another version now.
        lost = frozenset(map(_key, there)) - frozenset(map(_key, from_base))
        return cls((*from_base, *own), tuple(own), lost)

    def on(self, newer: Mapping[int, Sequence[Located]]) -> tuple[list[Located], tuple[str, ...]]:
        """Return what a rebuilt image is foretold to have, and what it is not certain of."""
        mine = {_key(one) for one in self.own}
        after, touched = list(self.own), set()
        for one in (one for ones in newer.values() for one in ones):
            key = _key(one)
            if key in self.lost or key in mine:
                touched.add(one.component.package.name)
            else:
                after.append(one)
        return after, tuple(sorted(touched))


def _key(one: Located) -> _Key:
    return (one.component.package.type, one.component.package.name, one.place.path)


def _change(fleet: Fleet, before: Iterable[Located], after: Iterable[Located]) -> Change:
    was, now = {one.row for one in before}, {one.row for one in after}
    stored = fleet.findings.of(was | now)

    def by_name(rows: set[int]) -> dict[tuple[str, str], Finding]:
        findings = [one.finding for row in sorted(rows) for one in stored.get(row, ())]
        ordered = sorted(filter(counts, findings), key=flaw_order, reverse=True)
        return {(finding.id, finding.name): finding for finding in ordered}

    had, has = by_name(was), by_name(now)

    def told(
        keys: Iterable[tuple[str, str]], where: Mapping[tuple[str, str], Finding]
    ) -> tuple[Finding, ...]:
        return tuple(sorted((where[key] for key in keys), key=flaw_order))

    return Change(
        vanish=told(had.keys() - has.keys(), had),
        appear=told(has.keys() - had.keys(), has),
        stay=told(had.keys() & has.keys(), has),
    )
