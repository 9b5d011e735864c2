"""npm packages that ``package-lock.json`` or ``npm-shrinkwrap.json`` name.

Version 1 nests ``dependencies``; versions 2 and 3 have ``packages`` by path (npm documentation,
"package-lock.json"). An alias stands under its own name and says the real one. Links and
workspaces are parts of the project. ``node_modules/.package-lock.json`` is not read: the
``package.json`` files beside it say the same of what is really there.
"""

from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import from_json, lock_file, pin, table, text


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages, in file order."""
    document = from_json(file.content)
    if "packages" in document:
        yield from _by_path(table(document["packages"]))
    else:
        yield from _nested(table(document.get("dependencies")))


def _by_path(packages: dict[str, object]) -> Iterator[Fact]:
    for path, value in packages.items():
        package = table(value)
        _, inside, name = path.rpartition("node_modules/")
        if inside and not package.get("link"):
            yield from pin("npm", package.get("name") or name, package.get("version"))


def _nested(dependencies: dict[str, object]) -> Iterator[Fact]:
    waiting = [dependencies]
    while waiting:
        for name, value in waiting.pop().items():
            package = table(value)
            version = text(package.get("version"))
            if version.startswith("npm:"):
                real, _, version = version.removeprefix("npm:").rpartition("@")
                yield from pin("npm", real, version)
            elif version[:1].isdigit():  # else it is an address of a file or a repository
                yield from pin("npm", name, version)
            waiting.append(table(package.get("dependencies")))


NPM_LOCK = lock_file("npm-lock", ("**/package-lock.json", "**/npm-shrinkwrap.json"), locked)
