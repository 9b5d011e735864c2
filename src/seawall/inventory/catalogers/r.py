"""R packages: installed ones keep ``DESCRIPTION``, an ``renv.lock`` names those of a build.

Only an installed package has the field ``Built`` ("Writing R Extensions", section 1.1.1); sources
have the same file without it. Packages of Bioconductor are another ecosystem than those of CRAN.
"""

import re
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile, is_version
from seawall.inventory.catalogers.documents import from_json, lock_file, pin, table
from seawall.model import Package

_FIELD = re.compile(rb"^(Package|Version|Built|Repository|biocViews):[ \t]*(.*)$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*")
_BYTES = 1 << 20


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield the package that an installed DESCRIPTION describes."""
    found = {key: value.strip() for key, value in _FIELD.findall(file.content[:_BYTES])}
    if b"Built" not in found:
        return  # sources, or a file of that name which has nothing to do with R
    name = found.get(b"Package", b"").decode("utf-8", "backslashreplace")
    version = found.get(b"Version", b"").decode("utf-8", "backslashreplace")
    if not _NAME.fullmatch(name) or not is_version(version):
        raise ValueError("an installed R package without a usable name or version")
    is_bioconductor = b"biocViews" in found and found.get(b"Repository") != b"CRAN"
    yield Package("bioconductor" if is_bioconductor else "cran", name, version)


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages of an renv.lock."""
    for package in table(from_json(file.content).get("Packages")).values():
        fields = table(package)
        kind = "bioconductor" if fields.get("Source") == "Bioconductor" else "cran"
        if fields.get("Source") != "Local":
            yield from pin(kind, fields.get("Package"), fields.get("Version"))


R = Cataloger("r", (Pattern("**/DESCRIPTION"),), installed)
RENV_LOCK = lock_file("renv-lock", ("**/renv.lock",), locked)
