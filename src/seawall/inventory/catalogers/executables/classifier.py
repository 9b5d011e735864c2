"""Programs built from source, told by their name and a text inside them; the rules are data.

``classifier.toml`` says what each rule means; ``version_files.toml`` has those for files of text.
A name alone is no evidence and neither is a text: a file must have both. Whatever file a
distribution owns is the distribution's business; the reader knows that, not this module.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile, is_version
from seawall.inventory.catalogers.executables.layout import Layout, Part, searchable
from seawall.model import Package

PROGRAMS, TEXTS = "classifier.toml", "version_files.toml"
DOCUMENTED = "opt/bitnami/"  # Bitnami says itself what is there: see ``bitnami.py``
_BEFORE, _AFTER = 160, 240  # bytes around an anchor that a pattern may need
_VERSIONS = 4  # different places that are looked at more closely
_ANCHORS = 20_000  # places looked at for one rule in one file
_TEXT_BYTES = 1 << 20
_SHOWN = 100  # characters of evidence
_NUMBERS = "0123456789.-_"
_BUNDLED = re.compile(r"-[0-9a-f]{8}$")  # what Python's wheels add to libraries they bring along


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of file tells its version. The fields are those of ``classifier.toml``."""

    name: str
    pattern: bytes
    files: tuple[str, ...] = ()
    path: str = ""
    anchor: bytes = b""
    needs: bytes = b""
    agrees: bool = False
    alone: bool = False
    write: str = ""
    matches: tuple[bytes, ...] = ()
    misses: tuple[bytes, ...] = ()


@cache
def rules(source: str) -> tuple[Rule, ...]:
    """Return the rules of a file, `PROGRAMS` or `TEXTS`, in their order."""
    text = files(__package__).joinpath(source).read_text(encoding="utf-8")
    return tuple(_rule(entry) for entry in tomllib.loads(text)["rule"])


def _rule(entry: Mapping[str, Any]) -> Rule:
    def content(text: str) -> bytes:
        return text.encode("latin-1")

    return Rule(
        name=entry["name"],
        pattern=content(entry["pattern"]),
        files=tuple(entry.get("files", ())),
        path=entry.get("path", ""),
        anchor=content(entry.get("anchor", "")),
        needs=content(entry.get("needs", "")),
        agrees=entry.get("agrees", False),
        alone=entry.get("alone", False),
        write=entry.get("write", ""),
        matches=tuple(map(content, entry["matches"])),
        misses=tuple(map(content, entry["misses"])),
    )


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    """Return the pattern of a rule, compiled when a file first asks for it: there are many."""
    return re.compile(pattern, re.DOTALL)


def named(path: str) -> Sequence[Rule]:
    """Return the rules for an executable at `path`; nearly always none."""
    if path.startswith(DOCUMENTED):
        return ()
    return _by_stem().get(stem(path.rpartition("/")[2]), ())


@cache
def _by_stem() -> dict[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rules(PROGRAMS):
        for name in dict.fromkeys(map(stem, rule.files)):
            found[name] = (*found.get(name, ()), rule)
    return found


def stem(name: str) -> str:
    """Return a file's name without versions: ``python3.11`` → ``python``, libz.so.1 → libz.so."""
    base, library, _ = name.partition(".so")
    if library and "-" in base:
        base = _BUNDLED.sub("", base)
    return base.rstrip(_NUMBERS) + library


def classified(file: ImageFile, layout: Layout, candidates: Iterable[Rule]) -> Iterator[Fact]:
    """Yield what an executable is by the rules for its name, with the text that says so."""
    name = file.path.rpartition("/")[2]
    parts = searchable(layout.data)
    for rule in candidates:
        if not _stands(file.content, parts, rule.needs):
            continue
        number = _number_of(name) if rule.agrees else ""
        anchor = number.encode() or rule.anchor
        found = dict(islice(_versions(file.content, parts, rule, anchor), _VERSIONS))
        yield from _package(
            rule,
            {
                version: evidence
                for version, evidence in found.items()
                if version.startswith(number)
                and (not rule.alone or _stands(file.content, parts, b"\0%b\0" % version.encode()))
            },
        )


def text_classified(file: ImageFile) -> Iterator[Fact]:
    """Yield what a file of text says of its product, by the rules for its path."""
    path = file.path.encode("utf-8", "surrogateescape")
    content = file.content[:_TEXT_BYTES]
    if file.path.startswith(DOCUMENTED):
        return
    for rule, pattern in _texts():
        if pattern.matches(path) and rule.needs in content:
            match = _compiled(rule.pattern).search(content)
            yield from _package(rule, dict([_told(rule, match)]) if match else {})


def _texts() -> list[tuple[Rule, Pattern]]:
    return [(rule, Pattern(rule.path)) for rule in rules(TEXTS)]


def _package(rule: Rule, found: Mapping[str, str]) -> Iterator[Package]:
    """Yield the one version that was found; where there are two, nobody can tell which is meant."""
    if len(found) == 1:
        version, evidence = next(iter(found.items()))
        if is_version(version):
            yield Package("generic", rule.name, version, evidence=evidence)


def _stands(content: bytes, parts: Iterable[Part], text: bytes) -> bool:
    return any(content.find(text, part.offset, part.offset + part.size) >= 0 for part in parts)


def _versions(
    content: bytes, parts: Iterable[Part], rule: Rule, anchor: bytes
) -> Iterator[tuple[str, str]]:
    """Yield each version that the rule's pattern finds near `anchor`, with the evidence."""
    anchors, search = _ANCHORS, _compiled(rule.pattern).search
    for part in parts:
        at, done, end = part.offset, part.offset, part.offset + part.size
        while anchors and (at := content.find(anchor, at, end)) >= 0:
            anchors -= 1
            match = search(content, max(at - _BEFORE, done), at + _AFTER)
            while match is not None and match.end() <= at:  # of another place before this one
                match = search(content, match.end(), at + _AFTER)
            at += 1
            if match is not None:
                yield _told(rule, match)
                at = done = max(at, match.end())


def _told(rule: Rule, match: re.Match[bytes]) -> tuple[str, str]:
    """Return the version in a match, and where it stands with the text around it."""
    if rule.write:
        numbers = {key: int(value) for key, value in match.groupdict().items()}
        version = rule.write.format(**numbers)
    else:
        version = match["version"].decode("ascii", "replace")
    text = match[0].strip(b"\0")
    start = match.start() + match[0].find(text)
    shown = "".join(
        letter if letter.isprintable() else " "
        for letter in text[:_SHOWN].decode("ascii", "backslashreplace")
    )
    return version, f"offset 0x{start:x}: {shown.strip()}"


def _number_of(name: str) -> str:
    """Return what the version begins with by the file's name: ``3.11.`` of libpython3.11.so."""
    base = name.partition(".so")[0]
    number = base[len(base.rstrip(_NUMBERS)) :].strip("-_.")
    return f"{number}." if number else ""


VERSION_FILES = Cataloger(
    "version-files",
    tuple(dict.fromkeys(pattern for _, pattern in _texts())),
    text_classified,
)
