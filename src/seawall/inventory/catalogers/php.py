"""PHP packages: what composer installed, and what a ``composer.lock`` names.

``vendor/composer/installed.json`` is a list (composer 1) or an object (composer 2). Names are lower
case, as Packagist has them; a ``v`` in front of a version is only part of the tag. Packages of the
repository type ``path`` are folders of the project.
"""

import re
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile
from seawall.inventory.catalogers.documents import (
    LIMIT_BYTES,
    from_json,
    lock_file,
    pin,
    table,
    tables,
    text,
)
from seawall.model import Incomplete, Package

_TAG = re.compile(r"^[vV](?=[0-9])")


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages below a vendor folder."""
    if len(file.content) > LIMIT_BYTES:
        yield Incomplete(file.path, f"composer's list of {len(file.content):,} bytes")
        return
    wrapped = b'{"packages":' + file.content + b"}"  # the list of composer 1
    is_list = file.content.lstrip()[:1] == b"["
    for package in _packages(from_json(wrapped if is_list else file.content).get("packages")):
        yield Package(package.type, package.name, package.version)


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages for use and for development."""
    document = from_json(file.content)
    for group in ("packages", "packages-dev"):
        yield from _packages(document.get(group))


def _packages(listed: object) -> Iterator[Package]:
    for package in tables(listed):
        if table(package.get("dist")).get("type") != "path":
            version = _TAG.sub("", text(package.get("version")), count=1)
            yield from pin("composer", text(package.get("name")).lower(), version)


COMPOSER = Cataloger("composer", (Pattern("**/composer/installed.json"),), installed)
COMPOSER_LOCK = lock_file("composer-lock", ("**/composer.lock",), locked)
