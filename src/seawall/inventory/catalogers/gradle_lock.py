"""Java packages that a ``gradle.lockfile`` names (Gradle documentation, "Locking versions").

A line is ``group:artifact:version=configurations``; older projects have one file a configuration
under ``gradle/dependency-locks``, whose lines end with the version.
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import lock_file, pin

_LINE = re.compile(r"([^\s:#=]+:[^\s:=]+):([^\s:=]+)(?:=.*)?")


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages, in file order."""
    for line in file.text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match:
            yield from pin("maven", match[1], match[2])


GRADLE_LOCK = lock_file(
    "gradle-lock",
    ("**/gradle.lockfile", "**/buildscript-gradle.lockfile", "**/dependency-locks/*.lockfile"),
    locked,
)
