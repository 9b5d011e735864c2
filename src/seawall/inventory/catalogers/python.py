"""Python packages that are installed: wheels, eggs, and what distributions make of them.

Wheels leave ``NAME-VERSION.dist-info/METADATA`` (Core metadata specification, "Recording installed
projects"), setuptools' older forms ``.egg-info`` (a file or a directory) or a zipped ``.egg``.
"""

import io
import lzma
import posixpath
import re
import zipfile
import zlib
from base64 import urlsafe_b64decode
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

_HEADER = re.compile(rb"^(Name|Version):(.*)$", re.MULTILINE | re.IGNORECASE)
_NAME = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)  # PEP 508
_BODY = re.compile(rb"\r?\n\r?\n")
_METADATA_BYTES = 4 << 20
_QUOTED = re.compile(r'"((?:[^"]|"")*+)",([^,]*)')
_DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}  # PEP 427 allows no weaker ones
_EGG_MEMBER = "EGG-INFO/PKG-INFO"
# All that zipfile lets through of what its decompressors raise.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
)


def metadata(file: ImageFile) -> Iterator[Fact]:
    """Yield the one package that a metadata file describes."""
    yield from _package(file.path, file.content)


def _package(path: str, content: bytes) -> Iterator[Fact]:
    header = _BODY.split(content, maxsplit=1)[0]
    fields: dict[bytes, bytes] = {}
    for name, value in _HEADER.findall(header):
        fields.setdefault(name.lower(), value.strip())  # the first one counts, as for pip
    name = fields.get(b"name", b"").decode("utf-8", "backslashreplace")
    version = fields.get(b"version", b"").decode("utf-8", "backslashreplace")
    if _NAME.fullmatch(name) and is_version(version):
        yield Package(type="pypi", name=name, version=version)
    else:
        shown = f"{name[:80]!r} {version[:80]!r}"
        yield Incomplete(path, f"Python metadata without a usable name or version ({shown})")


def egg(file: ImageFile) -> Iterator[Fact]:
    """Yield the package in a zipped egg."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            member = archive.getinfo(_EGG_MEMBER)
            with archive.open(member) as stream:
                content = stream.read(_METADATA_BYTES)
    except KeyError:
        return  # some other zip file of that name
    except _DAMAGED as error:
        yield Incomplete(file.path, f"a damaged egg ({error})")
        return
    yield from _package(file.path, content)


def files_of(file: ImageFile) -> Iterator[Fact]:
    """Yield what a wheel brought, and the checksums, from its RECORD (PEP 376, PEP 627).

    The wheel's own metadata is nobody's but its own. Compiled files are made at installation, and
    made again; their sums say nothing.
    """
    folder, _, info = file.path.rpartition("/")[0].rpartition("/")
    owner = f"pypi:{info.partition('-')[0]}"
    names: list[str] = []
    sums: dict[str, list[str]] = {}
    for path, digest in _recorded(file.text):
        own, _, _ = path.partition("/")
        place = _place(folder, path)
        if own == info or not place:
            continue
        names.append(place)
        algorithm, equals, value = digest.partition("=")
        size = _DIGEST_BYTES.get(algorithm)
        if not equals or size is None or path.endswith(".pyc"):
            continue
        try:
            hexed = urlsafe_b64decode(value + "==").hex()
        except ValueError:
            continue
        if len(hexed) == 2 * size:
            sums.setdefault(algorithm, []).append(f"{hexed}  {place}")
    if names:
        yield Ownership(owner, _lines(names))
    for algorithm, found in sums.items():
        yield Checksums(owner, algorithm, _lines(found))


def _recorded(text: str) -> Iterator[tuple[str, str]]:
    """Yield path and hash of each line; a path is quoted where it holds a comma or a quote."""
    for line in text.splitlines():
        if quoted := _QUOTED.match(line):
            yield quoted[1].replace('""', '"'), quoted[2]
        else:
            path, comma, rest = line.partition(",")
            if comma:
                yield path, rest.partition(",")[0]


def _place(folder: str, path: str) -> str:
    """Return where a file of a RECORD is, from the image's root; empty where it is nowhere."""
    if path.startswith("/"):
        return path.lstrip("/")
    place = f"{folder}/{path}" if folder else path
    if "../" in path or path.startswith("./"):
        place = posixpath.normpath(place)
        if place.startswith("../"):
            return ""
    return place


def _lines(texts: list[str]) -> bytes:
    return "\n".join(texts).encode("utf-8", "backslashreplace")


PYTHON = Cataloger(
    "python",
    (
        Pattern("**/*.dist-info/METADATA"),
        Pattern("**/*.egg-info/PKG-INFO"),
        Pattern("**/EGG-INFO/PKG-INFO"),
        Pattern("**/*.egg-info"),
    ),
    metadata,
)
PYTHON_EGG = Cataloger("python-egg", (Pattern("**/*.egg", magic=b"PK\x03\x04"),), egg)
PYTHON_FILES = Cataloger("python-files", (Pattern("**/*.dist-info/RECORD"),), files_of)
