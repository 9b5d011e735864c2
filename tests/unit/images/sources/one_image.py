"""One logical image, and what reading it gives, for the tests of all sources."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import zstandard

from seawall.images import FoundFile, Limits, OpenImage, Pattern, Selector, open_image
from seawall.model import Image, ImageRef
from tests.unit.images.building import (
    Built,
    Entry,
    Files,
    archived,
    digest,
    hard_link,
    packed,
    symlink,
)

SELECTOR = Selector([Pattern("**/wanted"), Pattern("etc/exact"), Pattern("**/*.egg", magic=b"PK")])
BOTTOM = packed([Entry("a/wanted", b"one"), Entry("b/wanted", b"two"), Entry("x.egg", b"PKegg")])
TOP = packed(
    [
        Entry("a/.wh.wanted"),
        symlink("etc/exact", "../b/wanted"),
        hard_link("c/wanted", "c/first"),
        Entry("n" * 120 + "/wanted", b"long"),
    ]
)
IMAGE = Built([BOTTOM, TOP, BOTTOM])
Layers = dict[str, tuple[list[FoundFile], set[bytes]]]


def contents(opened: OpenImage) -> Layers:
    return {
        reading.diff_id: (files, reading.changes.removed)
        for reading, files in ((r, list(r.files)) for r in opened.layers(SELECTOR))
    }


def read(source: str, place: Path | str, limits: Limits | None = None) -> tuple[Image, Layers]:
    with open_image(ImageRef(source, str(place)), limits) as opened:
        found = contents(opened)
        return opened.image, {layer.diff_id: found[layer.diff_id] for layer in opened.image.layers}


def stored(path: Path, files: Files, compress: Callable[[bytes], bytes] = bytes) -> Path:
    path.write_bytes(compress(archived(files)))
    return path


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(1).compress(data)


EXPECTED: Layers = {
    digest(BOTTOM): (
        [
            FoundFile(b"a/wanted", b"one"),
            FoundFile(b"b/wanted", b"two"),
            FoundFile(b"x.egg", b"PKegg"),
        ],
        set(),
    ),
    digest(TOP): (
        [
            FoundFile(b"etc/exact", symlink=b"../b/wanted"),
            FoundFile(b"c/wanted", link=b"c/first"),
            FoundFile(b"n" * 120 + b"/wanted", b"long"),
        ],
        {b"a/wanted"},
    ),
}


class Lying(Built):
    """An image whose configuration is that of another one."""

    @property
    def config(self) -> bytes:
        return IMAGE.config


@contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """End a test that blocks."""
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
