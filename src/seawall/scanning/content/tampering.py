"""Files that are not what their package brought.

dpkg, rpm, apk, pacman and Python's wheels record a checksum for each file they install, so a file
whose content differs was changed or replaced afterwards. Configuration files, which people change,
are not among them. Whoever changes a file can change the record too: this finds carelessness and
simple tools, not a patient intruder.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seawall.images import resolve, shown
from seawall.images import visible as visible_paths
from seawall.inventory import LayerFacts, Reading, folder_links
from seawall.inventory.catalogers import Checksums, Diversions
from seawall.model import Finding, Kind, Severity, Urgency
from seawall.scanning.content.inspection import LayerContent, algorithm_for

_EACH = 20  # changed files of one package that are told one by one
_PROGRAMS = ("/bin/", "/sbin/", "/lib/", "/lib64/", "/libexec/")
_TEXTS = ("usr/share/doc/", "usr/share/man/", "usr/share/info/", "usr/share/locale/")
_LINKS = 8  # behind one another


class Record(NamedTuple):
    """What a package says that a file of its own holds. There are tens of thousands."""

    owner: str  # "deb:curl"
    algorithm: str
    start: int  # the digest's first eight bytes as a number, as an inspection keeps them


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
        # What was recorded once and is no more: what an upgrade replaced was a vendor's file, too.
        self._before: dict[bytes, set[int]] = {}
        for number, (_, layer) in enumerate(reading.layers):
            for path, facts in layer.facts.items():
                is_today = reading.present.get(path) == number
                for place, record in self._recorded(facts):
                    if is_today:
                        self.today[place] = record
                    elif not record.owner.startswith("pypi:"):
                        self._before.setdefault(place, set()).add(record.start)

    def is_vendors(self, path: bytes, digest: int | None) -> bool:
        """Tell whether a file with this digest is what a system package brought there.

        A wheel's own record proves nothing: whoever packs an application writes one.
        """
        today = self.today.get(path)
        if today is not None and today.owner.startswith("pypi:"):
            return False
        return digest is not None and (
            (today is not None and today.start == digest) or digest in self._before.get(path, ())
        )

    def owner(self, path: bytes) -> str:
        """Return the package that brought a file; empty for one that it brings no more."""
        today = self.today.get(path)
        return today.owner if today else ""

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
        for path, record in records.today.items()
        if record.algorithm == algorithm_for(path, system)
    }
    in_layer = [_names_in(layer, expected) for _, layer in reading.layers]
    visible = visible_paths(
        [(names, layer.changes) for names, (_, layer) in zip(in_layer, reading.layers, strict=True)]
    )
    told: Counter[str] = Counter()
    for path in sorted(visible):
        top, record = visible[path], expected[path]
        diff_id = reading.layers[top][0]
        found = _found(path, top, reading.layers, contents, digests)
        if found is None or found == record.start:
            continue
        told[record.owner] += 1
        if told[record.owner] <= _EACH:
            yield _finding(path, record, found, diff_id, reading)
    for owner, count in told.items():
        if count > _EACH:
            yield _many(owner, count - _EACH)


def _names_in(layer: LayerFacts, expected: Mapping[bytes, Record]) -> set[bytes]:
    there = set(layer.changes.names)
    return {path for path in expected if hash(path) in there}


def _found(
    path: bytes,
    top: int,
    layers: Sequence[tuple[str, LayerFacts]],
    contents: Mapping[str, LayerContent],
    digests: Sequence[Mapping[int, int]],
) -> int | bytes | None:
    """Return what stands at `path` in a layer: a digest, a link's target, or None: not known.

    A hard link is the file it names, in this layer or below.
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
            return resolve(place, link.target)
        place = link.target
    return None


def _finding(
    path: bytes, record: Record, found: int | bytes, diff_id: str, reading: Reading
) -> Finding:
    package = next(
        (p for p in reading.inventory.packages if f"{p.type}:{p.name}" == record.owner), None
    )
    name = record.owner.partition(":")[2]
    text = shown(path)
    if isinstance(found, bytes):
        what = f"is now a link to /{shown(found)}"
    else:
        what = f"has {record.algorithm} {found:016x}…, the package recorded {record.start:016x}…"
    version = f" {package.version}" if package else ""
    later = package is not None and package.layer != diff_id
    when = "in a later layer than the package's" if later else "in the layer of the package itself"
    changed = f"; changed {when}" if diff_id else ""  # a directory has no layers
    severity = _severity(text)
    return Finding(
        kind=Kind.TAMPERED,
        id="modified-package-file",
        severity=severity,
        urgency=Urgency.SOON if severity >= Severity.HIGH else Urgency.WATCH,
        reason=f"/{text} {what}{changed}",
        layer=diff_id,
        path=text,
        name=name,
        installed=package.version if package else "",
        title=f"differs from package {name}{version}",
        remedy=f"install {name} again, or say in .seawall.yaml who changed the file and why",
        evidence=what,
    )


def _many(owner: str, count: int) -> Finding:
    name = owner.partition(":")[2]
    return Finding(
        kind=Kind.TAMPERED,
        id="modified-package-file",
        severity=Severity.HIGH,
        urgency=Urgency.SOON,
        reason=f"{count} more files of {name} differ from what the package recorded",
        name=name,
        title=f"{count} more files differ from package {name}",
        remedy=f"install {name} again",
    )


def _severity(path: str) -> Severity:
    """Return how bad a change is: programs and libraries run, texts do not."""
    if path.startswith(_TEXTS):
        return Severity.LOW
    if any(part in f"/{path}" for part in _PROGRAMS) or path.endswith((".py", ".js", ".so")):
        return Severity.HIGH
    return Severity.MEDIUM
