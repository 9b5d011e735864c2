"""Swift packages that a ``Package.resolved`` names, versions 1 to 3 (SwiftPM, ``PinsStore``).

A package is named by the address of its repository, as package-urls and OSV have it:
``github.com/apple/swift-nio``. One that is pinned to a branch or a commit has no version.
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import from_json, lock_file, pin, table, tables, text

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/\s]+@)?([^/:@\s]+)(?::[0-9]+(?=/))?[/:]+([^?#\s]+)",
    re.IGNORECASE,
)


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages, in file order."""
    document = from_json(file.content)
    pins = document.get("pins") or table(document.get("object")).get("pins")
    for package in tables(pins):
        if package.get("kind") in ("localSourceControl", "fileSystem"):
            continue
        address = text(package.get("location") or package.get("repositoryURL"))
        match = _ADDRESS.fullmatch(address)
        if match:
            name = f"{match[1].lower()}/{match[2].rstrip('/').removesuffix('.git')}"
        else:
            name = text(package.get("identity"))  # of a registry: scope.name
        yield from pin("swift", name, table(package.get("state")).get("version"))


SWIFT_RESOLVED = lock_file("swift-resolved", ("**/Package.resolved",), locked)
