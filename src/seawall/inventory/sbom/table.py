"""The inventory for a person at a terminal."""

from typing import TextIO

from seawall.inventory.sbom.columns import aligned, shortened, visible
from seawall.inventory.sbom.identity import (
    count_of,
    count_types,
    distribution_name,
    package_counts,
    short_digest,
)
from seawall.model import Inventory, Package

_HEADINGS = ("NAME", "VERSION", "TYPE", "SOURCE", "LAYER", "FOUND IN")
_WIDTH = 4096  # a list to search and to pipe: rows are not wrapped


def write(inventory: Inventory, out: TextIO) -> None:
    """Write who it is, one row a package, and what could not be read."""
    layer_numbers = {layer: number for number, layer in enumerate(inventory.layers, start=1)}
    out.write(_identity(inventory) + "\n")
    if gaps := len(inventory.incomplete):
        out.write(f"! incomplete: {count_of(gaps, 'thing')} could not be read, see the end\n")
    if inventory.packages:
        out.write("\n")
        rows = [_row(package, layer_numbers) for package in inventory.packages]
        out.writelines(f"{line}\n" for line in aligned([_HEADINGS, *rows], _WIDTH, indent=""))
    elif not inventory.incomplete:
        out.write("\nno packages: none of the package managers Seawall reads left a trace\n")
    if inventory.incomplete:
        out.write("\nINCOMPLETE   packages may be missing from this list\n")
        gap_rows = [
            (
                shortened(gap.path, 120),
                f"layer {layer_numbers[gap.layer]}" if gap.layer in layer_numbers else "",
                shortened(gap.reason, 240),
            )
            for gap in inventory.incomplete
        ]
        out.writelines(f"{line}\n" for line in aligned(gap_rows, _WIDTH))


def _identity(inventory: Inventory) -> str:
    facts = [
        distribution_name(inventory.distribution),
        package_counts(count_types(inventory.packages)),
    ]
    if inventory.layers:
        facts.append(count_of(len(inventory.layers), "layer"))
    who = [visible(inventory.target), visible(short_digest(inventory.digest))]
    return "  ".join([*filter(None, who), visible(" · ".join(facts))])


def _row(package: Package, layer_numbers: dict[str, int]) -> tuple[str, ...]:
    source = ""
    if (package.source, package.source_version) not in {("", ""), (package.name, package.version)}:
        source = f"{package.source} {package.source_version}".strip()
    found_in = shortened(package.path, 160)
    if package.owner:
        found_in += f" (owned by {shortened(package.owner, 60)})"
    return (
        shortened(package.name, 60),
        shortened(package.version, 60),
        shortened(package.type, 20),
        shortened(source, 80),
        str(layer_numbers.get(package.layer, "")),
        found_in,
    )
