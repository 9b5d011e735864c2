"""npm packages that are installed: each keeps its ``package.json``.

A lock file says what should be installed, a ``package.json`` what is. Packages that Debian made
from npm sources keep theirs too, under ``/usr/share/nodejs``.
"""

import json
import re
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile, is_version
from seawall.model import Incomplete, Package

_BYTES = 2 << 20  # parsed JSON takes some thirty times its size
_NAME = re.compile(r"(?:@[\w.~-]+/)?[\w.~-]+", re.ASCII)
# A package's own tests bring package.json files of made-up packages; nobody ever loads those.
_MADE_UP = re.compile(r"/(?:tests?|__tests__|fixtures|__fixtures__)/")
_OWN_FOLDER = re.compile(r"^(?:@[^/]+/)?[^/]+")  # of a package: @playwright/test is no test
_INSTALLED = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^/]+/package\.json$")


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield the package that a ``package.json`` names; those without a version are only parts."""
    _, modules, inner = file.path.rpartition("node_modules/")
    if modules and _MADE_UP.search(_OWN_FOLDER.sub("", inner, count=1)):
        return
    if len(file.content) > _BYTES:
        yield Incomplete(file.path, f"a package.json of {len(file.content):,} bytes")
        return
    try:
        document = json.loads(file.content)
    except (ValueError, RecursionError):
        if _INSTALLED.search(file.path):
            yield Incomplete(file.path, "an installed npm package whose package.json is damaged")
        return
    if not isinstance(document, dict):
        return
    name, version = document.get("name"), document.get("version")
    if isinstance(name, str) and isinstance(version, str) and _NAME.fullmatch(name):
        version = version.strip()
        if is_version(version):
            yield Package(type="npm", name=name, version=version)
        elif version and _INSTALLED.search(file.path):
            yield Incomplete(file.path, f"{name}: its version is an address, or no text")


NPM = Cataloger("npm", (Pattern("**/package.json"),), installed)
