"""Bills of materials as targets: what other tools (and we) wrote becomes an inventory again.

`read_sbom` reads a file, `parse_sbom` bytes. One module a format; `contents` is what all of them
fill. What cannot be judged is listed as incomplete, never passed over in silence.
"""

from seawall.inventory.sbom.reading.contents import Sbom
from seawall.inventory.sbom.reading.file import parse_sbom, read_sbom

__all__ = ["Sbom", "parse_sbom", "read_sbom"]
