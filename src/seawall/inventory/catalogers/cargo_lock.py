"""Rust crates that a ``Cargo.lock`` names, versions 1 to 4 (The Cargo Book, "Cargo.lock").

A crate without a source is part of the project.
"""

from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import from_toml, lock_file, pin, tables


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the crates, in file order."""
    for package in tables(from_toml(file.content).get("package")):
        if "source" in package:
            yield from pin("cargo", package.get("name"), package.get("version"))


CARGO_LOCK = lock_file("cargo-lock", ("**/Cargo.lock",), locked)
