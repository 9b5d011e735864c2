"""npm packages that a ``yarn.lock`` names, of yarn 1 and of yarn 2 and later ("berry").

Yarn 1 has its own format: unindented lines of what was asked for, indented lines of what was
found. Berry writes block YAML and says for each entry what it resolved to. Both let an entry have
another name than its package (``npm:``); links and workspaces are parts of the project.
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import entries, lock_file, pin

_LOCAL = ("link:", "portal:", "workspace:")
_BERRY = re.compile(r"^__metadata:", re.MULTILINE)
_VERSION = re.compile(r'  version:? "?([^"\s]+)"?\s*')


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages of either form, in file order."""
    return _berry(file.text) if _BERRY.search(file.text) else _classic(file.text)


def _classic(text: str) -> Iterator[Fact]:
    asked = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] != " ":
            if not line.rstrip().endswith(":"):
                raise ValueError(f"line {number} is none of yarn's")
            asked = line.partition(",")[0].strip(' \r":')
        elif asked and (match := _VERSION.fullmatch(line)):
            name, wanted = _split(asked)
            is_archive = wanted.partition("#")[0].endswith((".tgz", ".tar.gz"))
            if not wanted.startswith(_LOCAL) and (is_archive or not wanted.startswith("file:")):
                yield from pin("npm", name, match[1])
            asked = ""


def _split(asked: str) -> tuple[str, str]:
    """Return name and what was asked of it: ``@a/b@^1`` is ``@a/b`` and ``^1``."""
    at = asked.find("@", 1)
    if at < 0:
        return asked, ""
    name, wanted = asked[:at], asked[at + 1 :]
    if wanted.startswith("npm:") and (real := wanted.removeprefix("npm:")).find("@", 1) > 0:
        return _split(real)
    return name, wanted


def _berry(text: str) -> Iterator[Fact]:
    fields: dict[str, str] = {}
    for keys, value in entries(text):
        if len(keys) == 1:
            yield from _resolved(fields)
            fields = {}
        elif len(keys) == 2:
            fields[keys[1]] = value
    yield from _resolved(fields)


def _resolved(fields: dict[str, str]) -> Iterator[Fact]:
    name, wanted = _split(fields.get("resolution", ""))
    if fields.get("linkType") != "soft" and not wanted.startswith(_LOCAL):
        yield from pin("npm", name, fields.get("version"))


YARN = lock_file("yarn", ("**/yarn.lock",), locked)
