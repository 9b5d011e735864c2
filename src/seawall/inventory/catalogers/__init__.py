"""One module a package manager; `CATALOGERS` is all there is."""

from seawall.inventory.catalogers.contract import (
    Cataloger,
    Channels,
    Checksums,
    Fact,
    ImageFile,
    Ownership,
)
from seawall.inventory.catalogers.dpkg import DPKG, DPKG_FILES, DPKG_SINGLE
from seawall.inventory.catalogers.npm import NPM
from seawall.inventory.catalogers.os_release import OS_RELEASE
from seawall.inventory.catalogers.python import PYTHON, PYTHON_EGG, PYTHON_FILES
from seawall.inventory.catalogers.unread import UNREAD

CATALOGERS: tuple[Cataloger, ...] = (
    OS_RELEASE,
    DPKG,
    DPKG_SINGLE,
    DPKG_FILES,
    PYTHON,
    PYTHON_EGG,
    PYTHON_FILES,
    NPM,
    UNREAD,
)

__all__ = ["CATALOGERS", "Cataloger", "Channels", "Checksums", "Fact", "ImageFile", "Ownership"]
