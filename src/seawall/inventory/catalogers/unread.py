"""Package databases that Seawall recognises and cannot read yet.

An image that has one is not clean because nothing was found in it: the report must say so.
"""

from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile
from seawall.model import Incomplete

_MANAGERS = {
    "lib/apk/db/installed": "apk (Alpine, Wolfi)",
    "usr/lib/apk/db/installed": "apk (Alpine, Wolfi)",
    "var/lib/rpm/Packages": "rpm",
    "var/lib/rpm/Packages.db": "rpm",
    "var/lib/rpm/rpmdb.sqlite": "rpm",
    "usr/lib/sysimage/rpm/Packages.db": "rpm",
    "usr/lib/sysimage/rpm/rpmdb.sqlite": "rpm",
    "var/lib/pacman/local/ALPM_DB_VERSION": "pacman (Arch)",
}


def unread(file: ImageFile) -> Iterator[Fact]:
    """Yield that the packages in this database were not read; an empty file holds none."""
    if file.content:
        yield Incomplete(file.path, f"packages of {_MANAGERS[file.path]} cannot be read yet")


UNREAD = Cataloger("unread", tuple(Pattern(path) for path in _MANAGERS), unread)
