"""Executables of every system: what Go and Rust programs say of themselves, and known programs.

One cataloger for all, because each file's layout is read once, and for nearly all files not even
that: a look at the names of the sections and at the file's own name tells that there is nothing.
"""

from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile
from seawall.inventory.catalogers.executables import elf, go_binary, mach_o, pe, rust_binary
from seawall.inventory.catalogers.executables.classifier import VERSION_FILES, classified, named
from seawall.inventory.catalogers.executables.layout import Layout

# Sections whose names say that a file is worth more than a look.
_TELLING = (b".go.buildinfo\0", b".dep-v0\0", b".gopclntab\0")


def executable(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages inside an executable; files that only begin like one hold none."""
    layout = _layout(file.content) if is_worth_reading(file.path, file.content) else None
    if layout is None:
        return
    yield from go_binary.packages(file, layout)
    yield from rust_binary.packages(file, layout)
    if rules := named(file.path):
        yield from classified(file, layout, rules)


def is_worth_reading(path: str, content: bytes | memoryview) -> bool:
    """Tell whether an executable may name packages, from its own name and those of its sections."""
    if content[: len(elf.MAGIC)] != elf.MAGIC or named(path):
        return True
    names = elf.section_names(content)
    # Without names there may be a Go program all the same: it runs without them.
    return not names or any(telling in names for telling in _TELLING)


def _layout(content: bytes) -> Layout | None:
    if content.startswith(elf.MAGIC):
        return elf.read(content)
    return pe.read(content) if content.startswith(pe.MAGIC) else mach_o.read(content)


EXECUTABLES = Cataloger(
    "executables",
    tuple(
        Pattern("**/*", magic, is_worth_reading) for magic in (elf.MAGIC, pe.MAGIC, *mach_o.MAGICS)
    ),
    executable,
)

__all__ = ["EXECUTABLES", "VERSION_FILES"]
