"""npm packages that a ``pnpm-lock.yaml`` names, versions 5 to 9 (pnpm/spec, ``lockfile/*.md``).

``packages`` holds one entry a package under a key that names it: ``/@a/b/1.2.3_peers`` in 5,
``/@a/b@1.2.3(peers)`` in 6, ``@a/b@1.2.3`` in 9, in the older ones perhaps with a registry in
front. What is from a repository or an archive says name and version inside; folders are parts of
the project.
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import entries, lock_file, pin

_KEY = re.compile(r"(?:[^/@]*/)?((?:@[^/@]+/)?[^/@]+)[/@]([0-9][^/_(]*)(?:[_(].*)?", re.DOTALL)
_LOCAL = ("file:", "link:", "workspace:")


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages, in file order."""
    package, fields = "", dict[str, str]()
    for keys, value in entries(file.text):
        if keys[0] != "packages" or len(keys) < 2:
            continue
        if len(keys) == 2:
            yield from _named(package, fields)
            package, fields = keys[1], {}
        elif len(keys) == 3 or keys[2] == "resolution":
            fields[keys[-1]] = value
    yield from _named(package, fields)


def _named(key: str, fields: dict[str, str]) -> Iterator[Fact]:
    if "directory" in fields or "directory:" in fields.get("resolution", ""):
        return
    if "version" in fields:
        name = fields.get("name") or key[: max(key.find("@", 1), 0)]
        yield from pin("npm", name, fields["version"])
    elif not key.startswith(_LOCAL) and (match := _KEY.fullmatch(key)):
        yield from pin("npm", match[1], match[2])


PNPM = lock_file("pnpm", ("**/pnpm-lock.yaml",), locked)
