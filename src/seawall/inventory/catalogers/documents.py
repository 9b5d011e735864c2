"""What lock files have in common, and the texts they are: JSON, TOML, block YAML.

A lock file is evidence of a build, not of an installation: all it names is `Package.locked`. One
that lies inside an installed dependency is that dependency's own and says nothing of this image.

Every reader here is linear in the size of its input, which is limited: a parsed document takes
some thirty times its size. Block YAML is read line by line, because the files are written by
machines and all that is asked of them is a few scalars; anchors, aliases and tags, which these
files never have, are refused (YAML 1.2.2, chapters 6 to 8).
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile, is_version
from seawall.model import Incomplete, Package

LIMIT_BYTES = 8 << 20  # the largest lock files of real projects have about half of it
_PACKAGES = 100_000
_DEPTH = 64
_DEPENDENCY = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|site-packages|dist-packages|gems|pkg/mod"
    r"|registry/src|\.julia/packages|vendor/[^/]+/[^/]+)/"
)
# tomllib keeps every beginning of a dotted key: 30,000 parts take gigabytes.
_LONG_KEY = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){16}""", re.ASCII
)
_DOUBLE_QUOTED = re.compile(
    r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(?:[ \t]*(:)(?:[ \t]+(.*)|$)|[ \t]*(?:#|$))'
)
_SINGLE_QUOTED = re.compile(r"'([^']*+(?:''[^']*+)*+)'(?:[ \t]*(:)(?:[ \t]+(.*)|$)|[ \t]*(?:#|$))")
_ESCAPE = re.compile(r"\\(.)")


def lock_file(
    name: str, paths: tuple[str, ...], parse: Callable[[ImageFile], Iterator[Fact]]
) -> Cataloger:
    """Return the cataloger of a lock file: `parse` behind what holds for all of them."""

    def locked(file: ImageFile) -> Iterator[Fact]:
        if is_of_a_dependency(file.path):
            return
        if len(file.content) > LIMIT_BYTES:
            yield Incomplete(file.path, f"{name} of {len(file.content):,} bytes")
            return
        seen: set[Fact] = set()
        for fact in parse(file):
            if fact not in seen:
                if len(seen) == _PACKAGES:
                    raise ValueError(f"more than {_PACKAGES:,} packages")
                seen.add(fact)
                yield fact

    return Cataloger(name, tuple(Pattern(path) for path in paths), locked)


def is_of_a_dependency(path: str) -> bool:
    """Tell whether a file belongs to a dependency: its own lock files are no evidence here."""
    return _DEPENDENCY.search(path) is not None


def pin(
    kind: str, name: object, version: object, arch: str = "", evidence: str = ""
) -> Iterator[Package]:
    """Yield the package that a lock file names; nothing where name or version are no such."""
    if isinstance(name, str) and isinstance(version, str) and is_name(name) and is_version(version):
        yield Package(kind, name, version, arch=arch, locked=True, evidence=evidence)


def is_name(text: str) -> bool:
    """Tell whether `text` can be the name of a package at all."""
    return 0 < len(text) <= 500 and text.isprintable() and " " not in text


def from_json(content: bytes) -> dict[str, object]:
    """Return a JSON document that is an object.

    Raises:
        ValueError: it is too large, nested too deep, damaged, or no object.
    """
    if len(content) > LIMIT_BYTES:
        raise ValueError(f"JSON of {len(content):,} bytes")
    try:
        document = json.loads(content)
    except RecursionError:
        raise ValueError("JSON that is nested too deep") from None
    if not isinstance(document, dict):
        raise ValueError("JSON that is no object")
    return document


def from_toml(content: bytes) -> dict[str, object]:
    """Return a TOML document.

    Raises:
        ValueError: it is too large, nested too deep, or damaged.
    """
    if len(content) > LIMIT_BYTES:
        raise ValueError(f"TOML of {len(content):,} bytes")
    text = content.decode("utf-8-sig")
    if _LONG_KEY.search(text):
        raise ValueError("TOML with a key of too many parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("TOML that is nested too deep") from None


def table(value: object) -> dict[str, object]:
    """Return `value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def tables(value: object) -> Iterator[dict[str, object]]:
    """Yield the objects in a list."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield item


def text(value: object) -> str:
    """Return `value` where it is text, else an empty one."""
    return value if isinstance(value, str) else ""


def entries(content: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield keys from the root and scalar for each line of a block YAML document, in file order.

    An item of a sequence stands under the key ``-``; where it starts, it is yielded with an empty
    scalar unless it is one. A mapping or sequence below is yielded as the key with an empty
    scalar. Flow collections are yielded as text, scalars over several lines as their first.

    Raises:
        ValueError: it is no block YAML (also conflict markers), or nested deeper than 64.
    """
    columns: list[int] = []  # of the keys that are open, and the keys
    keys: list[str] = []
    scalar = -1  # column of a key that has its scalar: what is indented more continues it
    for number, line in enumerate(content.removeprefix("\ufeff").split("\n"), 1):
        body = line.strip()
        if not body or body[0] == "#":
            continue
        column = len(line) - len(line.lstrip(" "))
        if 0 <= scalar < column:
            continue
        scalar = -1
        if column == 0 and (body[0] == "%" or body[:3] in ("---", "...")):
            columns.clear()
            keys.clear()
            continue
        while body[0] == "-" and (len(body) == 1 or body[1] == " "):
            while columns and (columns[-1] > column or (columns[-1] == column and keys[-1] == "-")):
                columns.pop()
                keys.pop()
            columns.append(column)
            keys.append("-")
            body, column = _inner(body, column)
            if not body or _is_collection(body):
                yield tuple(keys), ""
            if not body or len(keys) > _DEPTH:
                break
        if not body:
            continue
        if body[0] == "?" and body[1:2] == " ":  # a key of more than 1024 characters
            body = body[2:].strip() + ":"
        elif body[0] == ":" and body[1:2] in ("", " ") and columns and columns[-1] == column:
            body, column = _inner(body, column)
            if not body:
                continue
        key, value = _split(body, number)
        while columns and columns[-1] >= column:
            columns.pop()
            keys.pop()
        if key is not None:
            columns.append(column)
            keys.append(key)
            if value:
                scalar = column
        elif columns:
            scalar = columns[-1]
        else:
            raise ValueError(f"line {number} is no YAML of a lock file")
        if len(keys) > _DEPTH:
            raise ValueError(f"YAML nested deeper than {_DEPTH}")
        yield tuple(keys), "" if value[:1] in ("|", ">") else value


def _inner(body: str, column: int) -> tuple[str, int]:
    """Return what stands behind an indicator, and its column."""
    inner = body[1:].lstrip(" ")
    return inner, column + len(body) - len(inner)


def _is_collection(body: str) -> bool:
    return (body[0] == "-" and body[1:2] in ("", " ")) or _split(body, 0)[0] is not None


def _split(body: str, number: int) -> tuple[str | None, str]:
    """Return the key of a line, None where there is none, and its scalar."""
    if body[0] == '"' or body[0] == "'":
        match = (_DOUBLE_QUOTED if body[0] == '"' else _SINGLE_QUOTED).match(body)
        if match is None:
            return None, body  # goes on in the next line
        inner = _unquoted(body[0], match[1])
        return (inner, _scalar(match[3] or "", number)) if match[2] else (None, inner)
    if body[0] in "{[":
        return None, body
    key, colon, value = body.partition(": ")
    if colon:
        return key.rstrip(), _scalar(value.lstrip(), number)
    if body[-1] == ":":
        return body[:-1].rstrip(), ""
    return None, _scalar(body, number)


def _scalar(value: str, number: int) -> str:
    if not value or value[0] == "#":
        return ""
    if value[0] in "&*!":
        raise ValueError(f"line {number}: anchors, aliases and tags of YAML are not read")
    if value[0] in "\"'":
        match = (_DOUBLE_QUOTED if value[0] == '"' else _SINGLE_QUOTED).match(value)
        return value if match is None else _unquoted(value[0], match[1])
    return value.partition(" #")[0].rstrip()


def _unquoted(quote: str, inner: str) -> str:
    return inner.replace("''", "'") if quote == "'" else _ESCAPE.sub(r"\1", inner)
