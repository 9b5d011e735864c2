"""Debian packages: the dpkg database (deb-control(5), dpkg-query(1)).

``status`` holds a stanza for each package; images without dpkg (distroless) have one file for
each package under ``status.d`` instead. ``info/*.list`` and ``status.d/*.md5sums`` say which files
belong to whom, ``info/*.md5sums`` what they hold (deb-md5sums(5)), and ``diversions`` which of
them stand under another name (dpkg-divert(1)). opkg keeps the same kind of ``status``.
"""

import re
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import (
    Cataloger,
    Checksums,
    Diversions,
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
# What md5sum writes, and debhelper with it: nearly every file is exactly this. The repeat gives
# nothing back, so that its memory does not grow with the file.
_SUMS = re.compile(rb"(?:[0-9a-f]{32}  [^/.\n][^\n]*\n)*+")
_SUM = re.compile(rb"^([0-9a-fA-F]{32}) [ *](?:\.?/)*([^\n]+)$", re.MULTILINE)


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
    """Yield all files of a list as the package's own; folders stand among them."""
    if file.content:
        yield Ownership(_owner(file.path), file.content.removeprefix(b"/").replace(b"\n/", b"\n"))


def checksums(file: ImageFile) -> Iterator[Fact]:
    """Yield the sums of a package's files; configuration files have none here."""
    lines = file.content
    if not _SUMS.fullmatch(lines):
        lines = b"\n".join(b"  ".join(found) for found in _SUM.findall(lines))
    if lines:
        yield Checksums(_owner(file.path), "md5", lines)


def _owner(path: str) -> str:
    """Return the package that a file is about: ``info/libc6:amd64.list`` is of ``libc6``."""
    return f"deb:{path.rpartition('/')[2].rpartition('.')[0].partition(':')[0]}"


def single(file: ImageFile) -> Iterator[Fact]:
    """Read a file under ``status.d``: a package, or the checksums of one."""
    if not file.path.endswith(".md5sums"):
        yield from installed(file)
        return
    for fact in checksums(file):
        if isinstance(fact, Checksums):
            paths = (line.partition(b"  ")[2] for line in fact.lines.splitlines())
            yield Ownership(fact.owner, b"\n".join(paths))
            yield fact


def diversions(file: ImageFile) -> Iterator[Fact]:
    """Yield what is diverted; three lines each: path, new path, by whom (``:`` for nobody's)."""
    lines = file.text.split("\n")
    moved = tuple(
        (path.lstrip("/"), place.lstrip("/"), "" if by == ":" else f"deb:{by}")
        for path, place, by in zip(lines[::3], lines[1::3], lines[2::3], strict=False)
    )
    if moved:
        yield Diversions(moved)


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "backslashreplace")


DPKG = Cataloger("dpkg", (Pattern("var/lib/dpkg/status"),), installed)
DPKG_SINGLE = Cataloger("dpkg-single", (Pattern("var/lib/dpkg/status.d/*"),), single)
DPKG_FILES = Cataloger("dpkg-files", (Pattern("var/lib/dpkg/info/*.list"),), files_of)
DPKG_CHECKSUMS = Cataloger("dpkg-checksums", (Pattern("var/lib/dpkg/info/*.md5sums"),), checksums)
DPKG_DIVERSIONS = Cataloger("dpkg-diversions", (Pattern("var/lib/dpkg/diversions"),), diversions)
