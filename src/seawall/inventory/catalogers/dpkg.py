"""Debian packages: the dpkg database (deb-control(5), dpkg-query(1)).

``status`` holds a stanza for each package; images without dpkg (distroless) have one file for
each package under ``status.d`` instead. ``info/*.list`` and ``status.d/*.md5sums`` say which files
belong to whom.
"""

import re
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

_FIELD = re.compile(
    rb"^(Package|Status|Version|Source|Architecture):(.*)$", re.MULTILINE | re.IGNORECASE
)
# Policy allows less, dpkg itself as much as this.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._~-]*")
_STANZA_END = re.compile(rb"\r?\n(?:[ \t]*\r?\n)+")
# Nothing of such a package is there to run. All other states, also broken ones, leave files.
_ABSENT = (b"config-files", b"not-installed")
_NAMES_A_PACKAGE = re.compile(
    rb"^.*(?:/package\.json|\.dist-info/METADATA|\.egg-info(?:/PKG-INFO)?|\.egg)$", re.MULTILINE
)


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield one package for each installed stanza, in file order.

    Removed packages keep a stanza for their configuration; nothing of them can run, so they are
    skipped. Files under ``status.d`` carry no ``Status``: being there is enough.
    """
    for stanza in _STANZA_END.split(file.content):
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(stanza)}
        if not fields:
            if stanza.strip():
                yield Incomplete(file.path, "a stanza that is none of dpkg's")
            continue
        if fields.get(b"status", b"").endswith(_ABSENT):
            continue
        name, version = _text(fields.get(b"package")), _text(fields.get(b"version"))
        if not _NAME.fullmatch(name) or not is_version(version):
            shown = f"{name[:80]!r} {version[:80]!r}"
            yield Incomplete(file.path, f"a package without a usable name or version ({shown})")
            continue
        source, source_version = _source(name, version, _text(fields.get(b"source")))
        yield Package(
            type="deb",
            name=name,
            version=version,
            source=source,
            source_version=source_version,
            arch=_text(fields.get(b"architecture")),
        )


def _source(name: str, version: str, field: str) -> tuple[str, str]:
    """Return name and version of the source package (deb-control(5), ``Source``).

    The field is absent where both are the binary's own; a rebuild of the same source for one
    architecture only (``+b1``) is no other source version.
    """
    source, _, given = field.partition("(")
    if given:
        return source.strip() or name, given.strip(" )")
    return source.strip() or name, re.sub(r"\+b[0-9]+$", "", version)


def files_of(file: ImageFile) -> Iterator[Fact]:
    """Yield which of the listed files may name a package of another kind."""
    name = file.path.rpartition("/")[2].rpartition(".")[0].partition(":")[0]
    paths = tuple(
        line.decode("utf-8", "backslashreplace").lstrip("/")
        for line in _NAMES_A_PACKAGE.findall(file.content)
    )
    if paths:
        yield Ownership(f"deb:{name}", paths)


def single(file: ImageFile) -> Iterator[Fact]:
    """Read a file under ``status.d``: a package, or the checksums of one."""
    if not file.path.endswith(".md5sums"):
        yield from installed(file)
        return
    lines = (line.partition(b"  ")[2] for line in file.content.splitlines())
    yield from files_of(ImageFile(file.path, b"\n".join(b"/" + line for line in lines)))


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "backslashreplace")


DPKG = Cataloger("dpkg", (Pattern("var/lib/dpkg/status"),), installed)
DPKG_SINGLE = Cataloger("dpkg-single", (Pattern("var/lib/dpkg/status.d/*"),), single)
DPKG_FILES = Cataloger("dpkg-files", (Pattern("var/lib/dpkg/info/*.list"),), files_of)
