"""``seawall cache``: what is kept of layers that were read, and how to let go of it."""

import argparse
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from seawall.cli import arguments
from seawall.errors import CacheDamaged, CacheUnusable, UsageError


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
    arguments.add_format(status)
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
    if _is_there(path):
        with wiring.open_cache() as store:
            subjects, size = store.size().subjects, store.size().size_bytes
        for file in path.parent.glob(f"{path.name}*"):
            with suppress(FileNotFoundError):  # a log goes when the last scan ends
                on_disk += file.stat().st_size
    with wiring.output(None) as out:
        if args.format == "json":
            document = {"place": str(path), "subjects": subjects, "bytes": size, "on_disk": on_disk}
            json.dump(document, out, indent=2)
            out.write("\n")
        else:
            out.write(f"{path}\n{subjects:,} layers and images, {_size(size)} of readings")
            out.write(f", {_size(on_disk)} on disk\n")
    return 0


def remove(args: argparse.Namespace) -> int:
    """Remove what the arguments name; say how much. With --all also a file that is damaged."""
    from seawall.cli import wiring
    from seawall.images import size_in_bytes

    if args.unused_days < 0:
        raise UsageError(f"--unused-days {args.unused_days}: below zero")
    keep = None
    if args.keep is not None:
        keep = size_in_bytes(args.keep)
        if keep is None:
            raise UsageError(f"--keep {args.keep}: no size", "a positive number, as 2G or 500M")
    path = wiring.cache_path()
    gone = 0
    if _is_there(path):
        try:
            with wiring.open_cache() as store:
                gone = store.prune(0 if args.all else args.unused_days, keep, everything=args.all)
        except CacheDamaged as error:
            if not args.all:
                raise
            wiring.replace_cache()
            with wiring.output(None) as out:
                out.write(f"{arguments.printable(str(error))}; now an empty cache\n")
            return 0
    with wiring.output(None) as out:
        out.write(f"removed {gone:,} readings\n")
    return 0


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise CacheUnusable(f"{path}: {error.strerror}") from error


def _size(count: int) -> str:
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"
