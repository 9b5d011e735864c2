"""Haskell packages that ``stack.yaml.lock`` or ``cabal.project.freeze`` name.

Stack's lock file has the packages beside its snapshot (Stack documentation, "Lock files"); those of
the snapshot are named by address only and are not read. Cabal's has constraints ``any.NAME ==1.2``.
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import entries, lock_file, pin

_PACKAGE = re.compile(r"([A-Za-z0-9-]+)-([0-9]+(?:\.[0-9]+)*)(?:@.*)?", re.DOTALL)
_PIN = re.compile(
    r"(?<![\w.:-])(?:any\.)?([A-Za-z0-9-]++) *+==([0-9]++(?:\.[0-9]++)*+)(?![\w.*])", re.ASCII
)
_COMMENT = re.compile(r"^[ \t]*--.*$", re.MULTILINE)


def of_stack(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages that are no part of the snapshot."""
    fields: dict[str, str] = {}
    for keys, value in entries(file.text):
        if keys == ("packages", "-"):
            fields = {}
        elif keys[:3] == ("packages", "-", "completed") and len(keys) == 4:
            fields[keys[3]] = value
            if keys[3] == "hackage" and (match := _PACKAGE.fullmatch(value)):
                yield from pin("hackage", match[1], match[2])
            elif "name" in fields and "version" in fields and keys[3] in ("name", "version"):
                yield from pin("hackage", fields["name"], fields["version"])


def of_cabal(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages of exact constraints."""
    for match in _PIN.finditer(_COMMENT.sub("", file.text)):
        yield from pin("hackage", match[1], match[2])


STACK_LOCK = lock_file("stack-lock", ("**/stack.yaml.lock",), of_stack)
CABAL_FREEZE = lock_file("cabal-freeze", ("**/cabal.project.freeze",), of_cabal)
