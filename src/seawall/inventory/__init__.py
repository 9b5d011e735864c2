"""What is inside an image: packages, who owns their files, and which layer brought them.

`read_image` reads an open image, layer by layer, but for what a cache has of it; `read_inventory`
is the short form. ``sbom`` writes the result in the field's formats. A new package manager is one
module in ``catalogers``.
"""

from seawall.inventory.layer_facts import LayerFacts, folder_links
from seawall.inventory.purl import purl
from seawall.inventory.reading import (
    NOTHING_FOUND,
    Inspector,
    KeptInspection,
    LayerCache,
    Reading,
    inspect_layers,
    read_image,
    read_inventory,
)

__all__ = [
    "NOTHING_FOUND",
    "Inspector",
    "KeptInspection",
    "LayerCache",
    "LayerFacts",
    "Reading",
    "folder_links",
    "inspect_layers",
    "purl",
    "read_image",
    "read_inventory",
]
