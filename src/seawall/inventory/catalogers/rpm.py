"""RPM packages: rpm's database in each of its three forms, and the list of images without rpm.

The forms of the file are in `seawall.inventory.rpmdb`. CBL-Mariner's and Azure Linux's distroless
images have no database but a list that rpm printed: name, version-release, times, vendor, epoch,
size, architecture, epoch as a number, source package (CBL-Mariner, ``toolkit/docs/how_it_works``).
"""

import re
from collections.abc import Callable, Iterator
from itertools import repeat

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import (
    Cataloger,
    Checksums,
    Fact,
    ImageFile,
    Ownership,
    is_version,
)
from seawall.inventory.rpmdb import Damage, Header, berkeley, ndb, sqlite
from seawall.inventory.rpmdb.header import Tag
from seawall.model import Incomplete, Package

_FOLDERS = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+%~{}-]*")
_KEY = "gpg-pubkey"  # a public key that was imported stands among the packages
_PACKAGES = 100_000  # a full distribution has some ten thousand
_DAMAGES = 1_000
_CONFIG, _GHOST = 1, 64  # include/rpm/rpmfiles.h: the user's to change; not in the package
_ALGORITHMS = {
    1: "md5",
    2: "sha1",
    8: "sha256",
    9: "sha384",
    10: "sha512",
    11: "sha224",
    12: "sha3_256",
    14: "sha3_512",
}
# Names of files take less room spelled out than their headers do; made up ones need not.
_SPELLED_OUT = 8


def _reader(
    records: Callable[[bytes], Iterator[bytes | Damage]],
) -> Callable[[ImageFile], Iterator[Fact]]:
    def installed(file: ImageFile) -> Iterator[Fact]:
        """Yield each package of a database, its files and their checksums.

        What is damaged is left out and counted; an empty file holds nothing.
        """
        if file.content:
            yield from _facts(file, records(file.content))

    return installed


def _facts(file: ImageFile, records: Iterator[bytes | Damage]) -> Iterator[Fact]:
    damages: list[str] = []
    used = 0  # a record that is there twice must not make a small file a large inventory
    for number, record in enumerate(records):
        if isinstance(record, Damage):
            damages.append(record.reason)
        else:
            used += len(record)
            try:
                yield from _package(Header(record))
            except ValueError as error:
                damages.append(str(error))
        if number >= _PACKAGES or used > len(file.content) or len(damages) >= _DAMAGES:
            damages.append(f"the rest, after {number + 1:,} records")
            break
    if damages:
        more = f", and {len(damages) - 1:,} more" if len(damages) > 1 else ""
        yield Incomplete(file.path, f"a damaged rpm database: {damages[0]}{more}")


def _package(header: Header) -> Iterator[Fact]:
    """Yield what a header says.

    The version has the epoch in front only where there is one and it is not 0, as rpm and all
    advisories take a missing one for 0.

    Raises:
        ValueError: the header is damaged. What can be told without the damaged part has come.
    """
    name = header.text(Tag.NAME)
    if name == _KEY:
        return
    package = _named(
        name,
        f"{header.text(Tag.VERSION)}-{header.text(Tag.RELEASE)}",
        str(next(iter(header.numbers(Tag.EPOCH)), 0)),
        header.text(Tag.ARCH),
        header.text(Tag.SOURCE),
        module=header.text(Tag.MODULE),
    )
    yield package
    owner = f"rpm:{name}"
    try:
        paths = _paths(header)
        if paths:
            yield Ownership(owner, b"\n".join(paths))
            yield from _checksums(owner, header, paths)
    except ValueError as error:
        raise ValueError(f"{package.name}: {error}") from error


def _named(
    name: str, version: str, epoch: str, arch: str, source: str, *, module: str = ""
) -> Package:
    upstream, _, release = version.rpartition("-")
    if not _NAME.fullmatch(name) or not upstream or not release or not is_version(version):
        raise ValueError(
            f"a package without a usable name or version ({name!r:.80} {version!r:.80})"
        )
    prefix = f"{epoch}:" if epoch.isdecimal() and int(epoch) else ""
    source_name, source_version = _source(source)
    return Package(
        type="rpm",
        name=name,
        version=prefix + version,
        source=source_name,
        # The file's name has no epoch; the packages of a source nearly always share one.
        source_version=prefix + source_version if source_version else "",
        arch="" if arch == "(none)" else arch,
        module=":".join(module.split(":")[:2]) if module.isprintable() else "",
    )


def _source(file_name: str) -> tuple[str, str]:
    """Return name and version-release of ``bash-5.1.8-6.el9.src.rpm``; else nothing."""
    stem, dot, _ = file_name.removesuffix(".rpm").rpartition(".")  # "src" or "nosrc"
    parts = stem.rsplit("-", 2)
    if not dot or len(parts) != 3 or not all(parts) or not stem.isprintable():
        return "", ""
    return parts[0], f"{parts[1]}-{parts[2]}"


def _paths(header: Header) -> list[bytes]:
    """Return the paths of all files, without leading slash."""
    names = header.texts(Tag.BASENAMES)
    if not names:
        return [name.lstrip(b"/") for name in header.texts(Tag.OLD_NAMES)]
    folders = [folder.lstrip(b"/") for folder in header.texts(Tag.FOLDERS)]
    places = header.numbers(Tag.FOLDER_OF)
    if len(places) != len(names) or max(places) >= len(folders):
        raise ValueError("a list of files that does not fit its folders")
    if sum(len(folders[place]) for place in places) > _SPELLED_OUT * header.size:
        raise ValueError("a list of files far longer than the database")
    return [folders[place] + name for place, name in zip(places, names, strict=True)]


def _checksums(owner: str, header: Header, paths: list[bytes]) -> Iterator[Fact]:
    """Yield the sums of regular files that the package brought and nobody is meant to change.

    Files that were left out at installation (documentation) or belong to another package now have
    a state other than 0.
    """
    digests = header.texts(Tag.DIGESTS)
    if not digests:
        return
    code = next(iter(header.numbers(Tag.DIGEST_ALGORITHM)), 1)
    algorithm = _ALGORITHMS.get(code)
    if algorithm is None:
        raise ValueError(f"checksums of an unknown kind {code}")
    flags, states = header.numbers(Tag.FLAGS), header.numbers(Tag.STATES)
    if any(len(found) not in {0, len(paths)} for found in (digests, flags, states)):
        raise ValueError("a list of checksums that does not fit the list of files")
    lines = [
        digest + b"  " + path
        for path, digest, flag, state in zip(
            paths, digests, flags or repeat(0), states or repeat(0), strict=False
        )
        if digest and not flag & (_CONFIG | _GHOST) and not state
    ]
    if lines:
        yield Checksums(owner, algorithm, b"\n".join(lines))


def manifest(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages of a list that rpm printed; ``(none)`` stands for what there is not."""
    for line in file.text.splitlines():
        fields = line.split("\t")
        if fields[0] == _KEY or not line.strip():
            continue
        if len(fields) < 8:
            yield Incomplete(file.path, f"a line that is none of rpm's ({line[:80]!r})")
            continue
        epoch = fields[8] if len(fields) > 8 else fields[5]
        source = fields[9] if len(fields) > 9 else ""
        try:
            yield _named(fields[0], fields[1], epoch, fields[7], source)
        except ValueError as error:
            yield Incomplete(file.path, str(error))


def journal(file: ImageFile) -> Iterator[Fact]:
    """Yield that changes were not written back into the SQLite database beside the file."""
    if sqlite.has_pending_changes(file.content):
        yield Incomplete(file.path, "changes of the rpm database that may not be in it yet")


RPM_SQLITE = Cataloger(
    "rpm-sqlite",
    tuple(Pattern(f"{folder}/rpmdb.sqlite") for folder in _FOLDERS),
    _reader(sqlite.records),
)
RPM_NDB = Cataloger(
    "rpm-ndb", tuple(Pattern(f"{folder}/Packages.db") for folder in _FOLDERS), _reader(ndb.records)
)
RPM_BERKELEY = Cataloger(
    "rpm-berkeley",
    tuple(Pattern(f"{folder}/Packages") for folder in _FOLDERS),
    _reader(berkeley.records),
)
RPM_JOURNAL = Cataloger(
    "rpm-journal", tuple(Pattern(f"{folder}/rpmdb.sqlite-wal") for folder in _FOLDERS), journal
)
RPM_MANIFEST = Cataloger(
    "rpm-manifest", (Pattern("var/lib/rpmmanifest/container-manifest-2"),), manifest
)
