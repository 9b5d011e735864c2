"""Alpine packages: the installed database of apk, and the repositories in use.

The form is apk-tools' "fdb" (``src/database.c``, ``apk_db_fdb_read``; Alpine wiki, "Apk spec"): a
stanza for each package, a line for each field, and in it the files: ``F:`` names a folder, ``R:`` a
file in it, ``Z:`` that file's checksum.
"""

import re
from binascii import Error, a2b_base64
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import (
    Cataloger,
    Channels,
    Checksums,
    Fact,
    ImageFile,
    Ownership,
    is_version,
)
from seawall.model import Incomplete, Package

_STANZA_END = re.compile(rb"\n\n+")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_+.-]*")
_FIELD = re.compile(rb"^[A-Za-z]:")
_WANTED = frozenset((b"P:", b"V:", b"A:", b"o:", b"f:"))
# Names of files take less room in the database than spelled out; made up ones need not.
_SPELLED_OUT = 8
# A folder below it belongs to whoever runs the image, too: apk calls it protected.
_CONFIGURATION = re.compile(rb"etc(?:/|$)")
_DIGEST_BYTES = {b"Q1": 20, b"Q2": 32}
_EDGE = re.compile(r"/edge(?:/|$)")


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield each package, the files it owns, and their checksums, in file order.

    A group that ``apk add --virtual`` made has a name with a dot in front, no files, and nothing
    that could run; it is skipped.
    """
    for stanza in _STANZA_END.split(file.content):
        if stanza.strip():
            yield from _package(file.path, stanza.split(b"\n"))


def _package(path: str, lines: list[bytes]) -> Iterator[Fact]:
    fields = {line[:2]: line[2:] for line in lines if line[:2] in _WANTED}
    if b"P:" not in fields and not any(_FIELD.match(line) for line in lines):
        yield Incomplete(path, "a stanza that is none of apk's")
        return
    name, version = _text(fields.get(b"P:", b"")), _text(fields.get(b"V:", b""))
    if name.startswith("."):
        return
    if not _NAME.fullmatch(name) or not is_version(version):
        shown = f"{name[:80]!r} {version[:80]!r}"
        yield Incomplete(path, f"a package without a usable name or version ({shown})")
        return
    yield Package(
        type="apk",
        name=name,
        version=version,
        source=_text(fields.get(b"o:", b"")) or name,
        source_version=version,
        arch=_text(fields.get(b"A:", b"")),
    )
    yield from _files(path, f"apk:{name}", lines, is_halved=b"S" in fields.get(b"f:", b""))


def _files(path: str, owner: str, lines: list[bytes], is_halved: bool) -> Iterator[Fact]:
    """Yield what a package owns, and its checksums, one fact for each algorithm.

    `is_halved` is apk 3's flag: what looks like SHA-1 are the first 20 bytes of a SHA-256.
    """
    names: list[bytes] = []
    left = _SPELLED_OUT * sum(map(len, lines))
    sums: dict[str, list[bytes]] = {}
    folder = name = b""
    is_configuration = False
    for line in lines:
        kind = line[:2]
        if kind == b"R:":
            name = folder + line[2:]
            names.append(name)
            left -= len(name)
            if left < 0:
                what = f"{owner}: a list of files far longer than the database"
                yield Incomplete(path, what)
                return
        elif kind == b"F:":
            folder = line[2:] + b"/" if len(line) > 2 else b""
            is_configuration = _CONFIGURATION.match(folder) is not None
            name = b""
        elif kind == b"a:" and line.split(b":")[3:4] == [b"777"]:
            name = b""  # a symbolic link: its checksum is that of its target's name
        elif kind == b"Z:" and name and not is_configuration:
            known = _digest(line[2:], is_halved)
            if known is not None:
                algorithm, digest = known
                sums.setdefault(algorithm, []).append(digest + b"  " + name)
    if names:
        yield Ownership(owner, b"\n".join(names))
    for algorithm, found in sums.items():
        yield Checksums(owner, algorithm, b"\n".join(found))


def _digest(text: bytes, is_halved: bool) -> tuple[str, bytes] | None:
    """Return algorithm and hex digits of a checksum; None where it is of no known form."""
    kind = text[:2]
    try:
        digest = a2b_base64(text[2:])
    except Error:
        return None
    if len(digest) != _DIGEST_BYTES.get(kind):
        return None
    algorithm = "sha256" if kind == b"Q2" or is_halved else "sha1"
    return algorithm, digest.hex().encode()


def repositories(file: ImageFile) -> Iterator[Fact]:
    """Yield the channels that are more than the release: Alpine's rolling branch.

    ``edge`` stands for all packages; ``edge-tagged`` for a repository with a tag (``@testing``),
    from which only packages come that somebody asked for with that tag.
    """
    names: set[str] = set()
    for line in file.text.splitlines():
        place = line.strip()
        if _EDGE.search(place) and not place.startswith("#"):
            names.add("edge-tagged" if place.startswith("@") else "edge")
    if names:
        yield Channels(tuple(sorted(names)))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace").strip()


APK = Cataloger(
    "apk", (Pattern("lib/apk/db/installed"), Pattern("usr/lib/apk/db/installed")), installed
)
APK_REPOSITORIES = Cataloger(
    "apk-repositories",
    (Pattern("etc/apk/repositories"), Pattern("etc/apk/repositories.d/*")),
    repositories,
)
