"""Dart packages that a ``pubspec.lock`` names (dart.dev, "pubspec.lock").

Of the sources ``hosted``, ``git``, ``path`` and ``sdk`` the last two are folders of the project and
parts of the SDK.
"""

from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import entries, lock_file, pin


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages, in file order."""
    package, fields = "", dict[tuple[str, ...], str]()
    for keys, value in entries(file.text):
        if keys[0] != "packages" or len(keys) < 2:
            continue
        if len(keys) == 2:
            yield from _named(package, fields)
            package, fields = keys[1], {}
        else:
            fields[keys[2:]] = value
    yield from _named(package, fields)


def _named(package: str, fields: dict[tuple[str, ...], str]) -> Iterator[Fact]:
    if fields.get(("source",)) in ("hosted", "git"):
        name = fields.get(("description", "name")) or package
        yield from pin("pub", name, fields.get(("version",)))


PUB_LOCK = lock_file("pub-lock", ("**/pubspec.lock",), locked)
