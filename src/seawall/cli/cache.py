"""``seawall cache``: what is kept of layers that were read, and how to let go of it."""

import argparse
import json
import sys
from typing import Any

from seawall.errors import UsageError


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "cache",
        help="what is kept of layers that were read",
        description="Show or shrink the cache of layers; a scan needs it only to be fast.",
        epilog="example: seawall cache prune --unused-days 30 --keep 2G",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    status = actions.add_parser("status", help="how much there is, and where")
    status.add_argument("--format", choices=("table", "json"), default="table")
    status.set_defaults(run=show)
    prune = actions.add_parser(
        "prune", help="remove what is not used", description="Remove readings of layers."
    )
    prune.add_argument(
        "--unused-days", type=int, default=30, metavar="N", help="not used for N days; default: 30"
    )
    prune.add_argument("--keep", metavar="SIZE", help="then the longest unused above SIZE, as 2G")
    prune.add_argument("--all", action="store_true", help="remove everything")
    prune.set_defaults(run=remove)


def show(args: argparse.Namespace) -> int:
    """Say how much is kept."""
    from seawall.cli import wiring

    path = wiring.cache_path()
    subjects = size = on_disk = 0
    if path.exists():
        with wiring.open_cache() as store:
            subjects, size = store.size().subjects, store.size().size_bytes
        on_disk = sum(f.stat().st_size for f in path.parent.glob(f"{path.name}*"))
    if args.format == "json":
        document = {"place": str(path), "subjects": subjects, "bytes": size, "on_disk": on_disk}
        json.dump(document, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write(f"{path}\n{subjects:,} layers and images, {_size(size)} of readings")
        sys.stdout.write(f", {_size(on_disk)} on disk\n")
    return 0


def remove(args: argparse.Namespace) -> int:
    """Remove what the arguments name; say how much."""
    from seawall.cli import wiring
    from seawall.images import size_in_bytes

    if args.unused_days < 0:
        raise UsageError(f"--unused-days {args.unused_days}: below zero")
    keep = None
    if args.keep is not None:
        keep = size_in_bytes(args.keep)
        if keep is None:
            raise UsageError(f"--keep {args.keep}: no size", "a positive number, as 2G or 500M")
    gone = 0
    if wiring.cache_path().exists():
        with wiring.open_cache() as store:
            gone = store.prune(0 if args.all else args.unused_days, keep, everything=args.all)
    sys.stdout.write(f"removed {gone:,} readings\n")
    return 0


def _size(count: int) -> str:
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
