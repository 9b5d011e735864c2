"""What is inside an image: packages, who owns their files, and which layer brought them.

`read_inventory` reads an open image; ``sbom`` writes the result in the field's formats. A new
package manager is one module in ``catalogers``.
"""

from seawall.inventory.purl import purl
from seawall.inventory.reading import read_inventory

__all__ = ["purl", "read_inventory"]
