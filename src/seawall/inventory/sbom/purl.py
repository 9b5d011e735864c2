"""Package-urls, one a line, sorted, each once."""

from typing import TextIO

from seawall.inventory.purl import purl
from seawall.model import Inventory


def write(inventory: Inventory, out: TextIO) -> None:
    """Write the package-urls; they are percent-encoded, so a line is always one package."""
    urls = {purl(package, inventory.distribution) for package in inventory.packages}
    out.writelines(f"{url}\n" for url in sorted(urls))
