"""Package databases that Seawall recognises and cannot read.

An image that has one is not clean because nothing was found in it: the report must say so.
"""

from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile
from seawall.model import Incomplete

# Each package manager by one file that stands for all its packages.
_MANAGERS = {
    "var/lib/portage/world": "Portage (Gentoo)",
    "nix/var/nix/db/db.sqlite": "Nix",
    "var/guix/db/db.sqlite": "Guix",
    "var/lib/snapd/state.json": "snap",
    "var/lib/flatpak/repo/config": "Flatpak",
    "var/db/xbps/pkgdb-0.38.plist": "XBPS (Void)",
    "etc/cos-package-info.json": "Container-Optimized OS",
}


def unread(file: ImageFile) -> Iterator[Fact]:
    """Yield that the packages in this database were not read; an empty file holds none."""
    if file.content:
        yield Incomplete(file.path, f"packages of {_MANAGERS[file.path]} cannot be read")


UNREAD = Cataloger("unread", tuple(Pattern(path) for path in _MANAGERS), unread)
