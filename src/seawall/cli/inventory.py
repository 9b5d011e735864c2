"""``seawall inventory TARGET``: the bill of materials."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from seawall.cli import arguments

if TYPE_CHECKING:
    from seawall.model import Inventory

_FORMATS = ("table", "json", "cyclonedx-json", "spdx-json", "purl")


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "inventory",
        help="what an image contains: packages, owners, layers",
        description="List what an image contains.",
        epilog="example: seawall inventory docker:debian:12 --format cyclonedx-json > sbom.json",
    )
    arguments.add_target(parser)
    parser.add_argument("--format", choices=_FORMATS, default="table", help="default: table")
    arguments.add_output(parser)
    arguments.add_cache(parser)
    arguments.add_reading(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the target, write the list; 3 where something could not be read."""
    from seawall.cli import wiring
    from seawall.inventory.sbom import FORMATS

    wiring.check_output(args.output)  # before the work, not after it
    inventory, notes = _read(args)
    args.code = arguments.incomplete_code(inventory.incomplete, args)
    with wiring.output(args.output) as out:
        FORMATS[args.format](inventory, out)
    arguments.mention(notes)
    arguments.mention_incomplete(inventory.incomplete)
    return int(args.code)


def _read(args: argparse.Namespace) -> "tuple[Inventory, Sequence[str]]":
    """Return what the target holds, an image or a bill of materials, and the notes on that."""
    from seawall.cli import progress, wiring
    from seawall.images import Limits, open_image, parse_target
    from seawall.inventory import read_image
    from seawall.inventory.sbom.reading import read_sbom

    ref, limits = parse_target(args.target, args.platform), Limits.parse(args.limit)
    if ref.source == "sbom":
        document = read_sbom(ref.place, limits)
        return document.inventory, document.notes
    with (
        wiring.layer_cache(not args.no_cache, str(limits)) as cache,
        open_image(ref, limits) as opened,
        progress.reading(str(ref)) as report,
    ):
        inventory = read_image(opened, report, cache=cache).inventory
    return inventory, opened.notes
