"""Conda packages: ``conda-meta`` of an environment has one record for each (conda, "PrefixRecord").

A record lists the package's files, from the environment's root. One that names a package of
another kind (a Python package is one for pip, too) belongs to the conda package.
"""

import re
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import (
    Cataloger,
    Fact,
    ImageFile,
    Ownership,
    is_version,
)
from seawall.inventory.catalogers.documents import LIMIT_BYTES, from_json, is_name, text
from seawall.model import Incomplete, Package

# Neither version nor build may contain a hyphen (conda documentation, "Package specification").
_FILE = re.compile(r"conda-meta/([^/]+)-([^/-]+)-([^/-]+)\.json$")


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield the package of a record, and its files.

    A record that is too large to be read still has name and version in its own name.
    """
    if len(file.content) > LIMIT_BYTES:
        from_path = _FILE.search(file.path)
        if from_path and is_name(from_path[1]) and is_version(from_path[2]):
            yield Package("conda", from_path[1], from_path[2])
        yield Incomplete(file.path, f"a conda record of {len(file.content):,} bytes")
        return
    record = from_json(file.content)
    name, version = text(record.get("name")), text(record.get("version"))
    if not is_name(name) or not is_version(version):
        if _FILE.search(file.path):
            yield Incomplete(file.path, "a conda record without a usable name or version")
        return
    yield Package("conda", name, version, arch=text(record.get("subdir"))[:100])
    prefix, files = file.path.rpartition("conda-meta/")[0], record.get("files")
    paths = [path for path in files if isinstance(path, str)] if isinstance(files, list) else []
    if paths:
        lines = "\n".join(prefix + path for path in paths)
        yield Ownership(f"conda:{name}", lines.encode("utf-8", "backslashreplace"))


CONDA = Cataloger("conda", (Pattern("**/conda-meta/*.json"),), installed)
