"""Java archives, and those inside them: jar, war, ear and what others call the same form.

Never unpacked: of thousands of classes only the directory's names are seen. An archive in another
one is read, too, to a depth of `DEPTH` and within a `Budget` for the whole file; beyond that the
file counts as limited.
"""

from collections.abc import Iterator
from dataclasses import replace

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.java.identity import Clues, packages, record
from seawall.inventory.catalogers.java.zip_file import (
    Budget,
    Damaged,
    Entry,
    Limited,
    ZipFile,
    read,
)
from seawall.model import Incomplete, Package

DEPTH = 8  # an application in an archive in an archive has three
JAVA_ENDINGS = ("jar", "war", "ear")
# Jenkins plug-ins, Liferay and Karaf packages, NiFi archives; other files have these endings, too.
OTHER_ENDINGS = ("par", "sar", "jpi", "hpi", "lpkg", "kar", "nar")
_ENDINGS = tuple(
    f".{ending}".encode()
    for word in (*JAVA_ENDINGS, *OTHER_ENDINGS, "rar", "aar")
    for ending in (word, word.upper())
)
_RECORD = "/pom.properties"
_MANIFEST = "META-INF/MANIFEST.MF"
_WANTED_ENDINGS = (_RECORD.encode(), _MANIFEST.encode(), *_ENDINGS)
_RECORD_BYTES, _MANIFEST_BYTES = 1 << 16, 4 << 20
_RECORDS = 4096  # in one archive
_UNPACKED_BYTES, _RATIO = 32 << 20, 16  # of a whole file: so much, and so much a byte of it
_INNER_BYTES = 128 << 20  # one archive inside another; it is in memory as a whole


def jar(file: ImageFile) -> Iterator[Fact]:
    """Yield what is in a Java archive: its identity, and those of all archives inside.

    Each archive is accounted for: by the packages that it records, or as one package under its
    own name. The path of one inside another is ``outer.jar!/BOOT-INF/lib/inner.jar``.
    """
    if not file.content:
        return
    try:
        # Jars in jars are mostly stored as they are; what unpacks to much more wants only our time.
        budget = Budget(size_bytes=min(1 << 30, _UNPACKED_BYTES + _RATIO * len(file.content)))
        yield from _archive(memoryview(file.content), file.path, DEPTH, budget)
    except Limited as error:
        yield Incomplete(file.path, f"a Java archive, {error}")


def _archive(view: memoryview, path: str, depth: int, budget: Budget) -> Iterator[Fact]:
    """Yield what is in the archive at `path`, with `depth` more levels below it allowed."""
    budget.spend_archive()
    try:
        archive = read(view, _is_wanted, budget)
    except Damaged as error:
        yield Incomplete(path, f"a damaged Java archive: {error}")
        return
    if archive is None:
        if path.rpartition(".")[2].lower() in JAVA_ENDINGS:
            yield Incomplete(path, "a Java archive that is no zip file")
        return
    if archive.is_cut:
        yield Incomplete(path, "a damaged Java archive: its directory is cut off")
    inner = [entry for entry in archive.entries if not entry.name.endswith((_RECORD, _MANIFEST))]
    yield from _identity(archive, path, budget, has_inner=bool(inner))
    if inner and not depth:
        raise Limited(f"limited: archives in one another deeper than {DEPTH}")
    for entry in inner:
        try:
            content = archive.content(entry, _INNER_BYTES, budget)
        except Damaged as error:
            yield Incomplete(path, f"a damaged Java archive: {error}")
        except Limited as error:
            if not budget.size_bytes:
                raise
            yield Incomplete(path, f"a Java archive, {error}")
        else:
            yield from _archive(content, f"{path}!/{entry.name}", depth - 1, budget)


def _identity(archive: ZipFile, path: str, budget: Budget, has_inner: bool) -> Iterator[Fact]:
    """Yield the packages of the archive itself, with its own path."""
    records: list[tuple[str, str]] = []
    manifest = ""
    for entry in archive.entries:
        is_manifest = entry.name == _MANIFEST
        if not is_manifest and not entry.name.endswith(_RECORD):
            continue
        try:
            text = _text(archive, entry, _MANIFEST_BYTES if is_manifest else _RECORD_BYTES, budget)
        except (Damaged, Limited) as error:
            yield Incomplete(path, f"a damaged Java archive: {error}")
            continue
        if is_manifest:
            manifest = text
        elif len(records) < _RECORDS:
            records.append((entry.name, text))
    name, _, ending = path.rpartition("/")[2].rpartition(".")
    if ending.lower() in OTHER_ENDINGS and not (records or manifest or has_inner):
        return  # another kind of file with such an ending
    for package in packages(Clues(name, records, manifest, archive.directory)):
        yield replace(package, path=path)


def _text(archive: ZipFile, entry: Entry, limit: int, budget: Budget) -> str:
    return bytes(archive.content(entry, limit, budget)).decode("utf-8", "backslashreplace")


def _is_wanted(name: bytes) -> bool:
    """Tell whether an entry of that name says anything; asked once for each class of an archive."""
    if not name.endswith(_WANTED_ENDINGS):
        return False
    if name.endswith(_WANTED_ENDINGS[0]):
        return b"META-INF/maven/" in name
    return not name.endswith(_WANTED_ENDINGS[1]) or name == _WANTED_ENDINGS[1]


def pom_properties(file: ImageFile) -> Iterator[Fact]:
    """Yield the package of a Maven record in an unpacked archive."""
    found = record(file.text[:_RECORD_BYTES])
    if found is not None:
        group, artifact, version = found
        yield Package("maven", f"{group}:{artifact}", version, evidence="pom.properties")
