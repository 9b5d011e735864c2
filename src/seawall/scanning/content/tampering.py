"""Files that are not what their package brought.

dpkg, rpm, apk, pacman and Python's wheels record a checksum for each file they install, so a file
whose content differs was changed or replaced afterwards. Configuration files, which people change,
are not among them. Whoever changes a file can change the record too: this finds carelessness and
simple tools, not a patient intruder.

Where two packages speak of one file, a system's package is believed before a wheel, whose RECORD
may name any path. A record that a layer deletes while its package stays installed, in the version
of which it spoke, speaks on.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.images import resolve, shown
from seawall.images import visible as visible_paths
from seawall.inventory import LayerFacts, Reading, folder_links, purl
from seawall.inventory.catalogers import Checksums, Diversions
from seawall.model import Finding, Kind, Package, Severity, Urgency
from seawall.scanning.content.inspection import LayerContent, Link, algorithm_for

_EACH = 20  # changed files of one package that are told one by one
_PROGRAMS = ("/bin/", "/sbin/", "/lib/", "/lib64/", "/libexec/")
_TEXTS = ("usr/share/doc/", "usr/share/man/", "usr/share/info/", "usr/share/locale/")
_LINKS = 8  # behind one another
_WHEEL = "pypi:"
# Where ostree keeps the files of an image; those of packages are hard links to them (ostree,
# "Anatomy of an OSTree repository").
_OBJECTS = b"ostree/repo/objects/"
_DASHES = re.compile(r"[-_.]+")  # the same in a Python package's name (PEP 503)


class Record(NamedTuple):
    """What a package says that a file of its own holds. There are tens of thousands."""

    owner: str  # "deb:curl"
    algorithm: str
    start: int  # the digest's first eight bytes as a number, as an inspection keeps them

    @property
    def is_systems(self) -> bool:
        """Whether a package of the operating system says so, not a wheel."""
        return not self.owner.startswith(_WHEEL)


class Records:
    """All that packages say of their files: those of today, and those of every layer."""

    def __init__(self, reading: Reading) -> None:
        links = folder_links(reading.layers)
        self._at_root = {link: target for link, target in links.items() if b"/" not in link}
        # Path → where it is instead, and the one package whose own file keeps it.
        self._moved: dict[bytes, tuple[bytes, str]] = {
            path.encode(): (place.encode(), keeper)
            for _, layer in reading.layers
            for facts in layer.facts.values()
            for fact in facts
            if isinstance(fact, Diversions)
            for path, place, keeper in fact.moved
        }
        self.today: dict[bytes, Record] = {}
        # What wheels say of a system package's files: asked where that one cannot be compared.
        self.beside: dict[bytes, Record] = {}
        # What was recorded once and is no more: what an upgrade replaced was a vendor's file, too.
        self._before: dict[bytes, set[int]] = {}
        deleted: dict[bytes, Record] = {}
        versions: _Versions | None = None  # asked by few images
        for number, (_, layer) in enumerate(reading.layers):
            for path, facts in layer.facts.items():
                is_today = reading.present.get(path) == number
                is_gone = not is_today and _is_gone(path, facts, reading)
                if is_gone and versions is None:
                    versions = _Versions(reading)
                for place, record in self._recorded(facts):
                    if is_today:
                        self._add(place, record)
                    elif record.is_systems:
                        self._before.setdefault(place, set()).add(record.start)
                        if is_gone and versions and versions.stayed(record.owner, number):
                            deleted[place] = record
        for place, record in deleted.items():
            if place not in self.today or not self.today[place].is_systems:
                self._add(place, record)

    def is_vendors(self, path: bytes, digest: int | None) -> bool:
        """Tell whether a file with this digest is what a system package brought there.

        A wheel's own record proves nothing: whoever packs an application writes one.
        """
        today = self.today.get(path)
        if today is not None and not today.is_systems:
            return False
        return digest is not None and (
            (today is not None and today.start == digest) or digest in self._before.get(path, ())
        )

    def owner(self, path: bytes) -> str:
        """Return the package that brought a file; empty for one that it brings no more."""
        today = self.today.get(path)
        return today.owner if today else ""

    def _add(self, place: bytes, record: Record) -> None:
        """Take what a package says today; of two of one sort the later one counts."""
        held = self.today.get(place)
        if held is None or held.is_systems == record.is_systems:
            self.today[place] = record
        elif record.is_systems:
            self.today[place], self.beside[place] = record, held
        else:
            self.beside[place] = record

    def _recorded(self, facts: Iterable[object]) -> Iterator[tuple[bytes, Record]]:
        for fact in facts:
            if not isinstance(fact, Checksums):
                continue
            # apk 3 keeps the first 160 bits of a SHA-256: "sha256-160".
            owner, algorithm = fact.owner, fact.algorithm.partition("-")[0]
            for line in fact.lines.splitlines():
                digest, _, path = line.partition(b"  ")
                try:
                    start = int(digest[:16], 16)
                except ValueError:
                    continue  # no line of this form
                if path in self._moved:
                    place, keeper = self._moved[path]
                    path = path if keeper == owner else place
                # Where a file really lies: /lib may be a link to /usr/lib.
                first, slash, rest = path.partition(b"/")
                if slash and first in self._at_root:
                    path = self._at_root[first] + b"/" + rest
                if path:
                    yield path, Record(owner, algorithm, start)


def _is_gone(path: bytes, facts: Iterable[object], reading: Reading) -> bool:
    """Tell whether a file with checksums is deleted now, or has none any more."""
    top = reading.present.get(path)
    there = () if top is None else reading.layers[top][1].facts.get(path, ())
    return _has_checksums(facts) and not _has_checksums(there)


def _has_checksums(facts: Iterable[object]) -> bool:
    return any(isinstance(fact, Checksums) for fact in facts)


class _Versions:
    """Which packages had which versions when a layer was on top."""

    def __init__(self, reading: Reading) -> None:
        self._now = {(_owner_of(p), p.version) for p in reading.inventory.packages}
        self._by_layer: list[dict[str, set[str]]] = []
        for _, layer in reading.layers:
            named: defaultdict[str, set[str]] = defaultdict(set)
            for facts in layer.facts.values():
                for fact in facts:
                    if isinstance(fact, Package):
                        named[_owner_of(fact)].add(fact.version)
            self._by_layer.append(named)
        self._known: dict[tuple[str, int], bool] = {}  # asked for each file of a package

    def stayed(self, owner: str, number: int) -> bool:
        """Tell whether the image has the version of a package that a layer had."""
        if (owner, number) not in self._known:
            layers = reversed(self._by_layer[: number + 1])
            then = next((named[owner] for named in layers if owner in named), ())
            has = any((owner, version) in self._now for version in then)
            self._known[owner, number] = has
        return self._known[owner, number]


def _owner_of(package: Package) -> str:
    return f"{package.type}:{package.name}"


def changed_files(
    reading: Reading,
    contents: Mapping[str, LayerContent],
    digests: Sequence[Mapping[int, int]],
    records: Records,
    system: str,
) -> Iterator[Finding]:
    """Yield a finding for each visible file that differs from its package's record.

    `contents` are the inspections of all layers, `digests` those of their files, lowest layer
    first, and `system` is the algorithm they used.
    """
    expected = {
        path: record
        for said in (records.beside, records.today)
        for path, record in said.items()
        if record.algorithm == algorithm_for(path, system)
    }
    in_layer = [_names_in(layer, expected) for _, layer in reading.layers]
    visible = visible_paths(
        [(names, layer.changes) for names, (_, layer) in zip(in_layer, reading.layers, strict=True)]
    )
    changed: defaultdict[str, list[_Change]] = defaultdict(list)
    for path in sorted(visible):
        top, record = visible[path], expected[path]
        found = _found(path, record, top, system, reading.layers, contents, digests)
        if found is not None and found != record.start:
            severity = _severity(shown(path))
            changed[record.owner].append(_Change(-severity, path, record, found, top))
    packages = _Packages(reading, changed)
    for owner, changes in changed.items():
        changes.sort(key=lambda change: change[:2])  # the worst are told one by one
        for change in changes[:_EACH]:
            package = packages.at(owner, change.path)
            yield _finding(change, package, packages.url(package), reading.layers[change.top][0])
        if rest := changes[_EACH:]:
            package = packages.at(owner, rest[0].path)
            yield _many(owner, rest, package, packages.url(package))


class _Change(NamedTuple):
    """A file that is not what its package recorded."""

    worth: int  # its severity, the worst lowest
    path: bytes
    record: Record
    found: int | Link  # digest, or the link that stands there
    top: int  # number of the layer


class _Packages:
    """The packages that some owners are, with their package-urls."""

    def __init__(self, reading: Reading, owners: Iterable[str]) -> None:
        self._distribution = reading.inventory.distribution
        wanted = {_folded(owner) for owner in owners}
        self._of: defaultdict[str, list[Package]] = defaultdict(list)
        for package in reading.inventory.packages if wanted else ():
            if (owner := _folded(_owner_of(package))) in wanted:
                self._of[owner].append(package)

    def at(self, owner: str, path: bytes) -> Package | None:
        """Return the package; of wheels of one name the one in whose folder the file is."""
        found = self._of.get(_folded(owner), ())
        text = shown(path)
        inside = (p for p in found if text.startswith(p.path.rpartition("/")[0].rpartition("/")[0]))
        best = next(inside, None) if owner.startswith(_WHEEL) else None
        return best or next(iter(found), None)

    def url(self, package: Package | None) -> str:
        """Return its package-url; empty where it is not known, or can have none."""
        try:
            return purl(package, self._distribution) if package else ""
        except ValueError:
            return ""


def _folded(owner: str) -> str:
    return _DASHES.sub("-", owner).lower() if owner.startswith(_WHEEL) else owner


def _names_in(layer: LayerFacts, expected: Mapping[bytes, Record]) -> set[bytes]:
    there = set(layer.changes.names)
    return {path for path in expected if hash(path) in there}


def _found(  # noqa: PLR0917 - all that is known of one path
    path: bytes,
    record: Record,
    top: int,
    system: str,
    layers: Sequence[tuple[str, LayerFacts]],
    contents: Mapping[str, LayerContent],
    digests: Sequence[Mapping[int, int]],
) -> int | Link | None:
    """Return what stands at `path` in a layer: a digest, a link, or None: not known.

    A hard link is the file it names, in this layer or below. To one of which no comparable digest
    is computed, because no package has files there, the link itself is what was found. Not where
    such links are usual: to ostree's objects, and from wheels to the cache of what installed them.
    """
    place = path
    for _ in range(_LINKS):
        found = digests[top].get(hash(place))
        if found is not None:
            return found
        link = contents[layers[top][0]].links.get(place)
        if link is None:
            below = [d[hash(place)] for d in digests[:top] if hash(place) in d]
            return below[-1] if below and place != path else None
        if not link.is_hard:
            return Link(resolve(place, link.target), is_hard=False)
        if algorithm_for(link.target, system) != record.algorithm:
            return link if record.is_systems and _OBJECTS not in link.target else None
        place = link.target
    return None


def _finding(change: _Change, package: Package | None, url: str, diff_id: str) -> Finding:
    record, found = change.record, change.found
    name = record.owner.partition(":")[2]
    text = shown(change.path)
    if isinstance(found, Link):
        what = f"is now a {'hard ' if found.is_hard else ''}link to /{shown(found.target)}"
    else:
        what = f"has {record.algorithm} {found:016x}…, the package recorded {record.start:016x}…"
    later = package is not None and package.layer != diff_id
    when = "in a later layer than the package's" if later else "in the layer of the package itself"
    changed = f"; changed {when}" if diff_id else ""  # a directory has no layers
    severity = Severity(-change.worth)
    return Finding(
        kind=Kind.TAMPERED,
        id="modified-package-file",
        severity=severity,
        urgency=_urgency(severity),
        reason=f"/{text} {what}{changed}",
        layer=diff_id,
        path=text,
        name=name,
        installed=package.version if package else "",
        title=f"differs from package {name}{_version(package)}",
        remedy=f"install {name} again, or say in .seawall.yaml who changed the file and why",
        evidence=what,
        brought_by=url,
    )


def _many(owner: str, rest: Sequence[_Change], package: Package | None, url: str) -> Finding:
    name, count = owner.partition(":")[2], len(rest)
    files, differ = ("1 more file", "differs") if count == 1 else (f"{count} more files", "differ")
    severity = Severity(-min(change.worth for change in rest))
    return Finding(
        kind=Kind.TAMPERED,
        id="modified-package-file",
        severity=severity,
        urgency=_urgency(severity),
        reason=f"{files} of {name} {differ} from what the package recorded",
        name=name,
        installed=package.version if package else "",
        title=f"{files} {differ} from package {name}{_version(package)}",
        remedy=f"install {name} again, or say in .seawall.yaml who changed its files and why",
        brought_by=url,
    )


def _version(package: Package | None) -> str:
    return f" {package.version}" if package else ""


def _urgency(severity: Severity) -> Urgency:
    return Urgency.SOON if severity >= Severity.HIGH else Urgency.WATCH


def _severity(path: str) -> Severity:
    """Return how bad a change is: programs and libraries run, texts do not."""
    if path.startswith(_TEXTS):
        return Severity.LOW
    if any(part in f"/{path}" for part in _PROGRAMS) or path.endswith((".py", ".js", ".so")):
        return Severity.HIGH
    return Severity.MEDIUM
