"""``seawall inventory TARGET``: the bill of materials."""

import argparse
from typing import Any

from seawall.cli import arguments

_FORMATS = ("table", "json", "cyclonedx-json", "purl")


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
    arguments.add_reading(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the image, write the list; 3 where something could not be read."""
    from seawall.cli import progress, wiring
    from seawall.images import Limits, open_image, parse_target
    from seawall.inventory import read_inventory
    from seawall.inventory.sbom import FORMATS

    ref = parse_target(args.target, args.platform)
    with open_image(ref, Limits.parse(args.limit)) as opened, progress.reading(str(ref)) as report:
        inventory = read_inventory(opened, report)
    args.code = arguments.incomplete_code(inventory.incomplete, args)
    with wiring.output(args.output) as out:
        FORMATS[args.format](inventory, out)
    arguments.mention(opened.notes)
    arguments.mention_incomplete(inventory.incomplete)
    return int(args.code)
