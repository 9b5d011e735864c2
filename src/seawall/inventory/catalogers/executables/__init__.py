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
    rules = named(file.path)
    layout = _layout(file.content, in_any_case=bool(rules))
    if layout is None:
        return
    yield from go_binary.packages(file, layout)
    yield from rust_binary.packages(file, layout)
    if rules:
        yield from classified(file, layout, rules)


def _layout(content: bytes, in_any_case: bool) -> Layout | None:
    """Return the layout of a file worth reading; None for others."""
    if not content.startswith(elf.MAGIC):
        return pe.read(content) if content.startswith(pe.MAGIC) else mach_o.read(content)
    names = elf.section_names(content)
    # Without names there may be a Go program all the same: it runs without them.
    if in_any_case or not names or any(telling in names for telling in _TELLING):
        return elf.read(content)
    return None


EXECUTABLES = Cataloger(
    "executables",
    tuple(Pattern("**/*", magic=magic) for magic in (elf.MAGIC, pe.MAGIC, *mach_o.MAGICS)),
    executable,
)

__all__ = ["EXECUTABLES", "VERSION_FILES"]
