"""The inventory as it is, for programs. Its schema is in ``docs/reports.md``."""

from typing import TextIO

from seawall.inventory.purl import purl
from seawall.inventory.sbom.document import write_document
from seawall.model import Inventory

SCHEMA_VERSION = 1


def write(inventory: Inventory, out: TextIO) -> None:
    """Write every field of the inventory, packages in its order."""
    distribution = inventory.distribution
    document = {
        "schema_version": SCHEMA_VERSION,
        "target": inventory.target,
        "digest": inventory.digest,
        "distribution": distribution
        and {
            "id": distribution.id,
            "version": distribution.version,
            "codename": distribution.codename,
            "name": distribution.name,
            "cpe": distribution.cpe,
            "channels": list(distribution.channels),
        },
        "layers": list(inventory.layers),
        "packages": [
            {
                "type": package.type,
                "name": package.name,
                "version": package.version,
                "source": package.source,
                "source_version": package.source_version,
                "arch": package.arch,
                "purl": purl(package, distribution),
                "layer": package.layer,
                "path": package.path,
                "owner": package.owner,
                "module": package.module,
                "locked": package.locked,
                "evidence": package.evidence,
            }
            for package in inventory.packages
        ],
        "incomplete": [
            {"path": gap.path, "layer": gap.layer, "reason": gap.reason}
            for gap in inventory.incomplete
        ],
    }
    write_document(document, out)
