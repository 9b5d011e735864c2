"""Open an image from any source and read its layers, each once.

`parse_target` turns what a person writes into an `ImageRef`, `open_image` opens it, and
`OpenImage.layers` yields the wanted files of each layer. Nothing is ever written to disk.
"""

from seawall.images.inspection import Inspection
from seawall.images.layers import FoundFile, hides, resolve, shown, visible
from seawall.images.limits import Limits, size_in_bytes
from seawall.images.selection import Pattern, Selector
from seawall.images.sources import SOURCES, Inspect, LayerReading, OpenImage
from seawall.images.target import open_image, parse_target

__all__ = [
    "SOURCES",
    "FoundFile",
    "Inspect",
    "Inspection",
    "LayerReading",
    "Limits",
    "OpenImage",
    "Pattern",
    "Selector",
    "hides",
    "open_image",
    "parse_target",
    "resolve",
    "shown",
    "size_in_bytes",
    "visible",
]
