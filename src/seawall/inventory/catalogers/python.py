"""Python packages that are installed: wheels, eggs, and what distributions make of them.

Wheels leave ``NAME-VERSION.dist-info/METADATA`` (Core metadata specification, "Recording installed
projects"), setuptools' older forms ``.egg-info`` (a file or a directory) or a zipped ``.egg``.
"""

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import (
    Cataloger,
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
    """Yield the npm packages that a wheel brings along, from its RECORD (PEP 376, PEP 627)."""
    if b"package.json" not in file.content:
        return
    folder, _, info = file.path.rpartition("/")[0].rpartition("/")
    base = f"{folder}/" if folder else ""
    paths = tuple(
        base + line.split(",", 1)[0].strip('"')
        for line in file.text.splitlines()
        if "/package.json," in line
    )
    yield Ownership(f"pypi:{info.partition('-')[0]}", paths)


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
