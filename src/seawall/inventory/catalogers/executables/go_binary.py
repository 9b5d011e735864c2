"""Go programs: the build information that the linker puts into each (since Go 1.13).

Format: Go's ``debug/buildinfo`` (where it is: section ``.go.buildinfo``, else the data segment; two
forms: pointers before Go 1.18, inline since) and ``runtime/debug.ParseBuildInfo`` (what it says).
Stripping removes symbols, not this.

What the program's own module is, is in many builds not written: it says ``(devel)``. A version that
the build itself gave (``-ldflags "-X main.version=1.2.3"``) is taken then. A commit is no version:
what Go makes of one without tags, ``v0.0.0-DATE-COMMIT``, sorts below every release and would stand
in the range of each flaw that was ever fixed. So such a module keeps Go's word ``(devel)``, which
no scheme compares, and the commit stands in the evidence.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from seawall.inventory.catalogers.contract import Fact, ImageFile, is_version
from seawall.inventory.catalogers.executables.layout import Layout, searchable
from seawall.model import Incomplete, Package

SECTIONS = (b".go.buildinfo", b"__go_buildinfo")
UNKNOWN = "(devel)"  # Go's own word for a module of which it knows no version
_MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_ALIGNED = 16
_FRAME = 16  # random bytes in front of and behind the list of modules
_TEXT_BYTES = 16 << 20
_MODULES = 1 << 16
_FLAGS = 1 << 14  # characters; whoever sets more sets no version
_PROGRAM_TABLE = b".gopclntab"  # what every Go program has
# What Go makes of a commit that no tagged release is behind ("Pseudo-versions", Go Modules
# Reference); since Go 1.24 builds from a repository name their own module so.
_COMMIT = re.compile(r"v0\.0\.0-(?:0\.)?[0-9]{14}-[0-9a-f]{12}(?:\+.*)?")
# Variables that hold a program's version.
_VERSION_VARIABLE = re.compile("(?:app|build|git|release|program|cli)?_?version")
_RELEASE = re.compile(r"v?[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:[-+.][0-9A-Za-z.+-]+)?")


@dataclass(frozen=True, slots=True)
class Module:
    """One line of the build information."""

    path: str
    version: str


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """What a Go program says of how it was built."""

    go: str  # "go1.21.5"
    program: str = ""  # the main package's path
    main: Module | None = None
    # Each dependency, and what was really built in its place.
    modules: tuple[tuple[Module, Module | None], ...] = ()
    settings: Mapping[str, str] | None = None


def packages(file: ImageFile, layout: Layout) -> Iterator[Fact]:
    """Yield the standard library, the program's own module, and those it was built from.

    A module replaced by another one stands under the other's name, as its code is what runs; one
    replaced by a folder has no version that anybody could compare.
    """
    at = _find(file.content, layout)
    if at is None:
        if _PROGRAM_TABLE in layout.sections:
            reason = "a Go program without build information (built before Go 1.13, or removed)"
            yield Incomplete(file.path, reason)
        return
    go, listed = _strings(file.content, layout, at)
    if not is_version(go):
        yield Incomplete(file.path, "a Go program with damaged build information")
        return
    info = parse(go, listed)
    evidence = "Go build information"
    if not info.main and not info.modules:
        evidence += ", which lists no modules"
    yield Package("golang", "stdlib", info.go, evidence=evidence)
    if info.program.startswith("cmd/") and info.main is None:
        yield Package("golang", "toolchain", info.go, evidence=evidence)
    if info.main is not None and _is_name(info.main.path):
        version, why = _own_version(info)
        yield Package("golang", info.main.path, version, evidence=f"{evidence}, {why}")
    for wanted, built in info.modules:
        yield from _dependency(wanted, built, evidence)


def parse(go: str, listed: str) -> BuildInfo:
    """Return what the two strings of the build information say; lines of no known kind are left."""
    program, main = "", None
    modules: list[tuple[Module, Module | None]] = []
    settings: dict[str, str] = {}
    for line in listed.split("\n")[:_MODULES]:
        kind, _, rest = line.partition("\t")
        path, version, *_ = (*rest.split("\t"), "")
        match kind:
            case "path":
                program = rest
            case "mod":
                main = Module(path, version)
            case "dep":
                modules.append((Module(path, version), None))
            case "=>" if modules:
                modules[-1] = (modules[-1][0], Module(path, version))
            case "build":
                key, value = _setting(rest)
                settings.setdefault(key, value)
            case _:
                pass
    return BuildInfo(go, program, main, tuple(modules), settings)


def _find(content: bytes, layout: Layout) -> int | None:
    """Return where the build information begins, looking where Go itself looks."""
    named = [layout.sections[name] for name in SECTIONS if name in layout.sections]
    for part in searchable(named or layout.writable):
        at, end = part.offset, part.offset + part.size
        while (at := content.find(_MAGIC, at, end)) >= 0:
            if (part.address + at - part.offset) % _ALIGNED == 0 and at + _HEADER <= end:
                return at
            at += 1
    return None


def _strings(content: bytes, layout: Layout, at: int) -> tuple[str, str]:
    """Return Go's version and the list of modules; the first is none where they are damaged."""
    width, flags = content[at + 14], content[at + 15]
    if flags & 2:
        first, end = _inline(content, at + _HEADER)
        second, _ = _inline(content, end)
    elif width in (4, 8):
        order: Literal["big", "little"] = "big" if flags & 1 else "little"
        first, second = (
            _pointed(content, layout, content[start : start + width], order)
            for start in (at + 16, at + 16 + width)
        )
    else:
        return "", ""
    framed = len(second) > 2 * _FRAME and second[-_FRAME - 1] == 0x0A
    listed = second[_FRAME:-_FRAME] if framed else b""
    return first.decode("utf-8", "backslashreplace"), listed.decode("utf-8", "backslashreplace")


def _inline(content: bytes, at: int) -> tuple[bytes, int]:
    """Return a string behind its length as a varint, and where it ends; empty if it is cut off."""
    length = 0
    for shift in range(0, 35, 7):
        if at >= len(content):
            break
        byte = content[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            if length > min(_TEXT_BYTES, len(content) - at):
                break
            return content[at : at + length], at + length
    return b"", len(content)


def _pointed(
    content: bytes, layout: Layout, pointer: bytes, order: Literal["big", "little"]
) -> bytes:
    """Return the Go string (address and length) whose own address is `pointer`."""

    def number(text: bytes) -> int:
        return int.from_bytes(text, order)

    width = len(pointer)
    header = layout.offset_of(number(pointer))
    if header is None:
        return b""
    start = layout.offset_of(number(content[header : header + width]))
    length = number(content[header + width : header + 2 * width])
    if start is None or length > min(_TEXT_BYTES, len(content) - start):
        return b""
    return content[start : start + length]


def _setting(text: str) -> tuple[str, str]:
    """Return key and value of a build setting; either may be quoted as Go quotes strings."""
    if text.startswith('"'):
        end = text.find('"=', 1)
        key, value = text[: end + 1], text[end + 2 :]
    else:
        key, _, value = text.partition("=")
    return _unquoted(key), _unquoted(value)


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == "`":
        return text[1:-1]
    if text.startswith('"'):
        try:
            # Go's escapes and JSON's agree in all that a command line holds.
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return value if isinstance(value, str) else text
    return text


def _own_version(info: BuildInfo) -> tuple[str, str]:
    """Return the version of the program's own module, and what says so."""
    main, settings = info.main, info.settings or {}
    named = main.version if main is not None and not _COMMIT.fullmatch(main.version) else ""
    if named not in ("", UNKNOWN) and is_version(named):
        return named, "the module's own version"
    given = _given_version(settings.get("-ldflags", ""), main.path if main else "")
    if given is not None:
        return given
    commit = settings.get("vcs.revision", "")
    if not commit.isalnum():
        return UNKNOWN, "which names no version"
    changed = ", changed" if settings.get("vcs.modified") == "true" else ""
    return UNKNOWN, f"commit {commit[:64]} of {settings.get('vcs.time', '')[:32]}{changed}"


def _given_version(flags: str, module: str) -> tuple[str, str] | None:
    """Return the version that linker flags set in the program itself (``-X`` of go tool link).

    Variables of other modules say nothing of this one, and where two of its own disagree, nobody
    can tell which is meant.
    """
    if len(flags) > _FLAGS:
        return None
    try:
        words = shlex.split(flags)
    except ValueError:
        return None
    found: dict[str, str] = {}
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        assignment = after if word in {"-X", "--X"} else word.partition("-X=")[2]
        variable, equals, value = assignment.partition("=")
        package, _, name = variable.rpartition(".")
        is_own = package in {"main", module} or package.startswith(f"{module}/")
        is_meant = equals and is_own and _VERSION_VARIABLE.fullmatch(name.lower())
        if is_meant and _RELEASE.fullmatch(value) and is_version(value):
            found.setdefault(value.removeprefix("v"), f"-X {variable}={value}"[:200])
    if len(found) != 1:
        return None
    version, why = next(iter(found.items()))
    return f"v{version}", why


def _dependency(wanted: Module, built: Module | None, evidence: str) -> Iterator[Fact]:
    if built is None:
        module, why = wanted, evidence
    elif _is_folder(built.path):
        module, why = Module(wanted.path, UNKNOWN), f"{evidence}, replaced by {built.path[:200]!r}"
    else:
        module, why = built, f"{evidence}, in place of {wanted.path[:200]} {wanted.version[:80]}"
    if _is_name(module.path):
        version = module.version if is_version(module.version) else UNKNOWN
        yield Package("golang", module.path, version, evidence=why)


def _is_folder(path: str) -> bool:
    """Tell whether a replacement is a folder (Go Modules Reference, "replace directive")."""
    return path in {".", ".."} or path.startswith(("./", "../", "/", ".\\", "..\\")) or ":" in path


def _is_name(path: str) -> bool:
    """Tell whether `path` can stand as a module's name (Go allows ASCII without spaces)."""
    return 0 < len(path) <= 500 and path.isascii() and path.isprintable() and " " not in path
