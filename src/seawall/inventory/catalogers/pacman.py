"""Arch packages: pacman's local database.

A folder for each package, ``NAME-VERSION-RELEASE``, with ``desc`` and ``files`` (pacman,
``lib/libalpm/be_local.c``) and ``mtree`` (gzip; mtree(5) as libarchive writes it).
"""

import re
import zlib
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import (
    Cataloger,
    Checksums,
    Fact,
    ImageFile,
    Ownership,
    is_version,
)
from seawall.model import Incomplete, Package

_NAME = re.compile(r"[A-Za-z0-9@_+][A-Za-z0-9@._+-]*")
_MTREE_BYTES = 64 << 20  # the largest real ones, of whole TeX collections, have some ten million
_SUM = re.compile(rb"^\./([^ \n]+)(?: [^\n]*)? sha256digest=([0-9a-f]{64})\b", re.MULTILINE)
_ESCAPED = re.compile(rb"\\([0-3][0-7]{2})")


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield the package that a ``desc`` describes."""
    values = _sections(file.content)
    name, version = _first(values, b"NAME"), _first(values, b"VERSION")
    if not _NAME.fullmatch(name) or not is_version(version):
        shown = f"{name[:80]!r} {version[:80]!r}"
        yield Incomplete(file.path, f"a package without a usable name or version ({shown})")
        return
    yield Package(
        type="alpm",
        name=name,
        version=version,
        source=_first(values, b"BASE") or name,
        source_version=version,
        arch=_first(values, b"ARCH"),
    )


def files_of(file: ImageFile) -> Iterator[Fact]:
    """Yield all files of a package; folders, with a slash at the end, stand among them."""
    paths = _sections(file.content).get(b"FILES", b"")
    if paths:
        yield Ownership(_owner(file.path), paths)


def checksums(file: ImageFile) -> Iterator[Fact]:
    """Yield the sums of a package's files, without those below ``etc``, which people change.

    Which of those a package declares as configuration stands in another file.
    """
    inflater = zlib.decompressobj(wbits=31)
    try:
        text = inflater.decompress(file.content, _MTREE_BYTES)
    except zlib.error as error:
        yield Incomplete(file.path, f"a damaged list of checksums ({error})")
        return
    if not inflater.eof:
        what = "a list of checksums that ends too early or is larger than 64 MiB"
        yield Incomplete(file.path, what)
    lines = [
        digest + b"  " + _unescaped(path)
        for path, digest in _SUM.findall(text)
        # The package's own descriptions have names with a dot in front, at the root.
        if not path.startswith((b"etc/", b"."))
    ]
    if lines:
        yield Checksums(_owner(file.path), "sha256", b"\n".join(lines))


def _unescaped(path: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), path) if b"\\" in path else path


def _owner(path: str) -> str:
    """Return the package whose folder a file is in."""
    return f"alpm:{path.split('/')[-2].rsplit('-', 2)[0]}"


def _sections(content: bytes) -> dict[bytes, bytes]:
    """Return the lines below each ``%HEADING%``; a blank line ends them."""
    found: dict[bytes, bytes] = {}
    for part in content.split(b"\n\n"):
        heading, _, lines = part.strip(b"\n").partition(b"\n")
        if heading.startswith(b"%") and heading.endswith(b"%"):
            found.setdefault(heading.strip(b"%"), lines)
    return found


def _first(values: dict[bytes, bytes], heading: bytes) -> str:
    line = values.get(heading, b"").partition(b"\n")[0]
    return line.decode("utf-8", "backslashreplace").strip()


PACMAN = Cataloger("pacman", (Pattern("var/lib/pacman/local/*/desc"),), installed)
PACMAN_FILES = Cataloger("pacman-files", (Pattern("var/lib/pacman/local/*/files"),), files_of)
PACMAN_CHECKSUMS = Cataloger(
    "pacman-checksums", (Pattern("var/lib/pacman/local/*/mtree"),), checksums
)
