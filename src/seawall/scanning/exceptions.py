"""Exceptions: findings that somebody decided not to count, until a day (``.seawall.yaml``)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from seawall.model import Finding, Image, Kind
from seawall.scanning import named_file
from seawall.scanning.purl_pattern import PurlPattern
from seawall.scanning.stars import fits
from seawall.scanning.vex import JUSTIFICATIONS
from seawall.settings import Value, document

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
    top = document.parse(path, named_file.content(path, _MOST_BYTES), _HINT)
    listed = top.mapping(("exceptions",)).get("exceptions") if top else None
    if listed is None or listed.is_absent:
        return ()
    return tuple(map(_entry, listed.items("an exception")))


def _entry(value: Value) -> Entry:
    keys = value.mapping(_KEYS, _REQUIRED)
    if not any(key in keys for key in _CRITERIA):
        raise value.wrong(f"what does it mean? Give {', '.join(_CRITERIA)}", "exception")

    def texts(key: str) -> tuple[str, ...]:
        return keys[key].texts() if key in keys else ()

    def values(key: str) -> tuple[Value, ...]:
        return keys[key].each() if key in keys else ()

    justification = keys.get("justification")
    return Entry(
        file=value.file,
        line=value.line,
        owner=keys["owner"].text(),
        reason=keys["reason"].text(),
        until=_date(keys["until"]),
        ids=tuple(text.upper() for text in texts("id")),
        kinds=tuple(Kind(kind.one_of([str(known) for known in Kind])) for kind in values("kind")),
        packages=tuple(map(_purl, values("package"))),
        paths=texts("path"),
        images=texts("image"),
        justification=justification.one_of(JUSTIFICATIONS) if justification else "",
    )


def _date(value: Value) -> date:
    text = value.text()
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise value.wrong(f"{text!r} is no date; write it as 2027-03-31")


def _purl(value: Value) -> PurlPattern:
    try:
        return PurlPattern.parse(value.text(), wildcards=True)
    except ValueError as error:
        raise value.wrong(str(error)) from error
