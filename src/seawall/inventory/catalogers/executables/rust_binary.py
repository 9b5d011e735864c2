"""Rust programs built with cargo-auditable: the list of crates inside them.

Format: "Auditable" of the rust-secure-code working group (PARSING.md, cargo-auditable's schema):
section ``.dep-v0`` holds JSON, compressed by zlib.
"""

import json
import re
import zlib
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile, is_version
from seawall.inventory.catalogers.executables.layout import Layout
from seawall.model import Incomplete, Package

SECTION = b".dep-v0"
_JSON_BYTES = 8 << 20  # as much as the format's own readers take
_NAME = re.compile(r"[A-Za-z0-9_-]{1,200}")
_REGISTRY = "crates.io"


def packages(file: ImageFile, layout: Layout) -> Iterator[Fact]:
    """Yield the crates whose code is in the program, in the order they are listed.

    Crates that only ran during the build (build scripts, macros) are left out.
    """
    part = layout.sections.get(SECTION)
    if part is None:
        return
    packed = file.content[part.offset : part.offset + part.size]
    listed = _listed(packed)
    if isinstance(listed, str):
        yield Incomplete(file.path, f"a Rust program whose list of crates {listed}")
        return
    unusable = 0
    for crate in listed:
        if not isinstance(crate, dict) or crate.get("kind", "runtime") != "runtime":
            continue
        name, version, source = (crate.get(key) for key in ("name", "version", "source"))
        if (
            isinstance(name, str)
            and _NAME.fullmatch(name)
            and isinstance(version, str)
            and is_version(version)
        ):
            evidence = "cargo-auditable's list"
            if source != _REGISTRY:
                evidence += f", source {source!s:.80}"
            yield Package("cargo", name, version, evidence=evidence)
        else:
            unusable += 1
    if unusable:
        yield Incomplete(file.path, f"{unusable} crates without a usable name or version")


def _listed(packed: bytes) -> list[object] | str:
    """Return the crates, or what is wrong with the list."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(packed, _JSON_BYTES)
    except zlib.error as error:
        return f"is damaged ({error})"
    if inflater.unconsumed_tail:
        return f"is limited to {_JSON_BYTES:,} bytes"
    if not inflater.eof:
        return "is cut off"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"is no JSON ({error!s:.100})"
    crates = document.get("packages") if isinstance(document, dict) else None
    return crates if isinstance(crates, list) else "has no packages"
