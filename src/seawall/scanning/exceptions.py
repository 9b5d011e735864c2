"""Exceptions: findings that somebody decided not to count, until a day (``.seawall.yaml``).

The file is YAML 1.1 as PyYAML's safe loader reads it. Only its tree is taken, never its values, so
that each complaint can name the line, and an alias within an alias stays as small as it is written.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import yaml

from seawall.errors import UsageError
from seawall.model import Finding, Image, Kind
from seawall.scanning import named_file
from seawall.scanning.purl_pattern import PurlPattern
from seawall.scanning.stars import fits
from seawall.scanning.vex import JUSTIFICATIONS

FILE = ".seawall.yaml"  # looked for in the current folder
_MOST_BYTES = 1 << 20
_CRITERIA = ("id", "kind", "package", "path")
_KEYS = (*_CRITERIA, "image", "owner", "reason", "justification", "until")
_REQUIRED = ("owner", "reason", "until")
_HINT = "docs/reports.md shows an exception with all its keys"


@dataclass(frozen=True, slots=True)
class Entry:
    """One exception. It means what meets every criterion that it gives."""

    file: str
    line: int
    owner: str
    reason: str
    until: date  # the last day on which it applies
    ids: tuple[str, ...] = ()  # of flaws or rules, upper case; ``*`` stands for anything
    kinds: tuple[Kind, ...] = ()
    packages: tuple[PurlPattern, ...] = ()
    paths: tuple[str, ...] = ()
    images: tuple[str, ...] = ()  # names, targets or digests; ``*`` stands for anything
    justification: str = ""  # in a word of VEX, for the statement that is made of it

    def __str__(self) -> str:
        what = (*self.ids, *map(str, self.kinds), *(p.text for p in self.packages), *self.paths)
        return f"{self.file}:{self.line} ({', '.join(what)}, {self.owner})"

    def means(self, finding: Finding, image: Image) -> bool:
        """Tell whether a finding in an image is one of those meant; the day is not asked."""
        return (
            (not self.kinds or finding.kind in self.kinds)
            and (not self.ids or self._has_id(finding))
            and (not self.packages or self._has_package(finding))
            and (not self.paths or any(path_matches(finding.path, glob) for glob in self.paths))
            and (not self.images or self._has_image(image))
        )

    def _has_id(self, finding: Finding) -> bool:
        names = [name.upper() for name in (finding.id, *finding.aliases)]
        return any(fits(name, wanted) for wanted in self.ids for name in names)

    def _has_package(self, finding: Finding) -> bool:
        package = finding.package or finding.brought_by
        return bool(package) and any(
            not pattern.mismatch(package, finding.path) for pattern in self.packages
        )

    def _has_image(self, image: Image) -> bool:
        names = (str(image.ref), image.ref.place, image.digest, *image.tags)
        return any(fits(name, wanted) for wanted in self.images for name in names)


def path_matches(path: str, glob: str) -> bool:
    """Tell whether a path is meant: ``*`` is within a folder, ``**`` any number of folders.

    Both are from the image's root, with or without a slash in front. What is in no file has no path
    and is never meant; a part of the configuration, as ``(environment)``, only by a glob that
    begins with the bracket. Takes time in proportion to the product of their lengths, whatever
    they are.
    """
    wanted = glob.strip("/").split("/")
    if not path or (path.startswith("(") and "/" not in path and not wanted[0].startswith("(")):
        return False
    reached = {0}  # how many parts of `wanted` the parts seen so far may have used up
    for part in path.strip("/").split("/"):
        reached = _past_stars(reached, wanted)
        reached = {
            place if wanted[place] == "**" else place + 1
            for place in reached
            if place < len(wanted) and (wanted[place] == "**" or fits(part, wanted[place]))
        }
    return len(wanted) in _past_stars(reached, wanted)


def _past_stars(reached: Iterable[int], wanted: list[str]) -> set[int]:
    found = set(reached)
    for place in range(len(wanted)):
        if place in found and wanted[place] == "**":
            found.add(place + 1)
    return found


def read(path: str) -> tuple[Entry, ...]:
    """Return the exceptions of a file; an empty file has none.

    Raises:
        UsageError: it cannot be read, or something in it is wrong; the message names the line.
    """
    data = named_file.content(path, _MOST_BYTES)
    try:
        tree = yaml.compose(data.decode(), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8", _HINT) from error
    except RecursionError as error:
        raise UsageError(f"{path}: nested too deeply", _HINT) from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{path}{line}: not YAML: {error.problem}", _HINT) from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {error}".partition("\n")[0], _HINT) from error
    return _File(path).entries(tree)


class _File:
    """Reads the tree of one file, and knows where it is."""

    def __init__(self, path: str) -> None:
        self._path = path

    def entries(self, tree: yaml.Node | None) -> tuple[Entry, ...]:
        if tree is None:
            return ()
        top = self._mapping(tree, "the file", ("exceptions",))
        listed = top.get("exceptions")
        if listed is None or (isinstance(listed, yaml.ScalarNode) and not listed.value):
            return ()
        if not isinstance(listed, yaml.SequenceNode):
            raise self._wrong(listed, "exceptions", "must be a list")
        return tuple(map(self._entry, listed.value))

    def _entry(self, node: yaml.Node) -> Entry:
        keys = self._mapping(node, "an exception", _KEYS)
        for key in _REQUIRED:
            if key not in keys:
                raise self._wrong(node, key, f"missing; each exception needs {_list(_REQUIRED)}")
        if not any(key in keys for key in _CRITERIA):
            raise self._wrong(node, "exception", f"what does it mean? Give {_list(_CRITERIA)}")
        values = {key: self._texts(value, key) for key, value in keys.items()}
        single = {key: self._single(keys, key) for key in (*_REQUIRED, "justification")}
        if single["justification"] and single["justification"] not in JUSTIFICATIONS:
            text = f"{single['justification']!r} is none of {', '.join(JUSTIFICATIONS)}"
            raise self._wrong(keys["justification"], "justification", text)
        return Entry(
            file=self._path,
            line=node.start_mark.line + 1,
            owner=single["owner"],
            reason=single["reason"],
            until=self._date(keys["until"], single["until"]),
            ids=tuple(text.upper() for text in values.get("id", ())),
            kinds=tuple(self._kind(keys["kind"], text) for text in values.get("kind", ())),
            packages=tuple(self._purl(keys["package"], t) for t in values.get("package", ())),
            paths=values.get("path", ()),
            images=values.get("image", ()),
            justification=single["justification"],
        )

    def _mapping(self, node: yaml.Node, what: str, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._wrong(node, what, f"must be keys and values ({_list(known)})")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "a key that is no word"
            if name not in known:
                raise self._wrong(key, name, f"unknown key; {what} has {_list(known)}")
            if name in found:
                raise self._wrong(key, name, "is there twice")
            found[name] = value
        return found

    def _texts(self, node: yaml.Node, key: str) -> tuple[str, ...]:
        items = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for item in items:
            if not isinstance(item, yaml.ScalarNode):
                raise self._wrong(item, key, "must be text, or a list of texts")
            if not item.value.strip():
                raise self._wrong(item, key, "is empty")
        if not items:
            raise self._wrong(node, key, "is empty")
        return tuple(item.value.strip() for item in items)

    def _single(self, keys: Mapping[str, yaml.Node], key: str) -> str:
        if key not in keys:
            return ""
        if not isinstance(keys[key], yaml.ScalarNode):
            raise self._wrong(keys[key], key, "must be one text")
        return self._texts(keys[key], key)[0]

    def _date(self, node: yaml.Node, text: str) -> date:
        try:
            if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise self._wrong(node, "until", f"{text!r} is no date; write it as 2027-03-31")

    def _kind(self, node: yaml.Node, text: str) -> Kind:
        try:
            return Kind(text)
        except ValueError as error:
            known = ", ".join(map(str, Kind))
            raise self._wrong(node, "kind", f"{text!r} is none of {known}") from error

    def _purl(self, node: yaml.Node, text: str) -> PurlPattern:
        try:
            return PurlPattern.parse(text, wildcards=True)
        except ValueError as error:
            raise self._wrong(node, "package", str(error)) from error

    def _wrong(self, node: yaml.Node, key: str, what: str) -> UsageError:
        return UsageError(f"{self._path}:{node.start_mark.line + 1}: {key}: {what}", _HINT)


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(words)
