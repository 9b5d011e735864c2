"""npm packages that a ``bun.lock`` names: JSON with comments and trailing commas.

``packages`` has for each a list that begins with ``name@version`` (oven-sh/bun, "Lockfile"). What
is from a repository has a commit there and no version. The older ``bun.lockb`` is binary and its
form is not documented.
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import from_json, lock_file, pin, table
from seawall.model import Incomplete

# Strings are matched, so that nothing is cut out of them. Every alternative takes what it started
# with, also at the end of a damaged file: nothing is looked at twice.
_STRING = rb'("[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))'
_COMMENT = re.compile(_STRING + rb"|//[^\n]*|/\*(?:(?!\*/).)*+(?:\*/|\Z)", re.DOTALL)
_LAST_COMMA = re.compile(_STRING + rb"|,(?=\s*+[}\]])", re.DOTALL)


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages, in file order."""
    document = from_json(_LAST_COMMA.sub(rb"\1", _COMMENT.sub(rb"\1", file.content)))
    for value in table(document.get("packages")).values():
        if isinstance(value, list) and value and isinstance(value[0], str):
            name, version = value[0][: (at := value[0].find("@", 1))], value[0][at + 1 :]
            if at > 0 and version[:1].isdigit():
                yield from pin("npm", name, version)


def unreadable(file: ImageFile) -> Iterator[Fact]:
    """Yield that the packages of a binary lock file are not known."""
    yield Incomplete(file.path, "a binary lock file of bun; `bun install` of today writes bun.lock")


BUN = lock_file("bun", ("**/bun.lock",), locked)
BUN_BINARY = lock_file("bun-binary", ("**/bun.lockb",), unreadable)
