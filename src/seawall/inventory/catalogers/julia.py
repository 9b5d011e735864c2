"""Julia packages that a ``Manifest.toml`` names (Pkg.jl documentation, "Manifest.toml").

Format 1 has the packages at the root, format 2 below ``deps``. A package from a registry has
``git-tree-sha1``; the standard library has none, and packages under development have a ``path``.
Names may repeat: the UUID, which tells them apart, is the evidence.
"""

from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import from_toml, lock_file, pin, table, tables, text


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages that are from a registry."""
    document = from_toml(file.content)
    packages = table(document.get("deps")) if "manifest_format" in document else document
    for name, versions in packages.items():
        for package in tables(versions):
            if "git-tree-sha1" in package and "path" not in package:
                evidence = f"uuid {text(package.get('uuid'))[:36]}"
                yield from pin("julia", name, package.get("version"), evidence=evidence)


JULIA_MANIFEST = lock_file(
    "julia-manifest",
    ("**/Manifest.toml", "**/Manifest-v*.toml", "**/JuliaManifest.toml"),
    locked,
)
