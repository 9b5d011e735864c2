"""The real databases of `tests/data`, as files of an image."""

import lzma
from pathlib import Path

from seawall.inventory.catalogers import ImageFile

DATA = Path(__file__).parents[3] / "data"
PACMAN = "var/lib/pacman/local/seawall-sample-2:1.2-3"


def rpm(name: str, path: str = "") -> ImageFile:
    """Return one of rpm's databases under the name it has in an image."""
    content = lzma.decompress((DATA / f"rpm/{name}.xz").read_bytes())
    return ImageFile(path or f"var/lib/rpm/{name}", content)


def apk() -> ImageFile:
    """Return three packages of a real Alpine image."""
    return ImageFile("lib/apk/db/installed", (DATA / "apk/installed").read_bytes())


def pacman(name: str) -> ImageFile:
    """Return a file of the package that pacman installed."""
    return ImageFile(f"{PACMAN}/{name}", (DATA / f"pacman/seawall-sample/{name}").read_bytes())
