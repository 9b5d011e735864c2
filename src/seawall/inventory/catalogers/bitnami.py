"""What Bitnami's images bring under ``/opt/bitnami``: each part has an SPDX document (SPDX 2.3).

``.spdx-NAME.spdx`` is JSON; the packages that are Bitnami's own have a package-url of the type
``bitnami``. Others in it have catalogers of their own.
"""

from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile, is_version
from seawall.inventory.catalogers.documents import (
    LIMIT_BYTES,
    from_json,
    is_name,
    tables,
    text,
)
from seawall.model import Incomplete, Package


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages that Bitnami built."""
    if len(file.content) > LIMIT_BYTES:
        yield Incomplete(file.path, f"an SPDX document of {len(file.content):,} bytes")
        return
    for package in tables(from_json(file.content).get("packages")):
        addresses = [
            text(reference.get("referenceLocator"))
            for reference in tables(package.get("externalRefs"))
        ]
        name, version = text(package.get("name")), text(package.get("versionInfo"))
        if not any(address.startswith("pkg:bitnami/") for address in addresses):
            continue
        if is_name(name) and is_version(version):
            yield Package("bitnami", name, version)
        else:
            yield Incomplete(file.path, "a package of Bitnami without a usable name or version")


BITNAMI = Cataloger("bitnami", (Pattern("opt/bitnami/**/.spdx-*.spdx"),), installed)
