"""``seawall advisories …``: bring the advisory store up to date, and look at it."""

import argparse
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from seawall.cli import arguments, images
from seawall.errors import FeedUnavailable, UsageError

if TYPE_CHECKING:
    from seawall.advisories import Origin, Outcome


def add_to(commands: Any) -> None:
    """Declare the command and what it can do."""
    parser = commands.add_parser(
        "advisories",
        help="update, import, export and inspect the advisory store",
        description="The advisories that scans are judged by.",
        epilog="example: seawall advisories update",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    update = actions.add_parser(
        "update",
        help="fetch what is new",
        description="Fetch what is new from the public feeds, or from a mirror.",
    )
    update.add_argument("--url", metavar="BASE", help="a mirror with <Ecosystem>/all.zip")
    _add_loading(update)
    update.set_defaults(run=run_update)

    load = actions.add_parser(
        "import",
        help="read feeds from a folder (no network)",
        description="Read feeds from a folder with the layout of OSV's bulk export.",
    )
    load.add_argument("folder", metavar="DIR")
    _add_loading(load)
    load.set_defaults(run=run_import)

    export = actions.add_parser(
        "export",
        help="write the store to a file",
        description="Write a compact copy of the store, as the one inside the package.",
    )
    export.add_argument("--snapshot", metavar="FILE", required=True, help="facts only, zstd")
    export.add_argument(
        "--partial",
        action="append",
        default=[],
        metavar="NAME",
        help="an ecosystem that the store has a part of, which scans will say; may be repeated",
    )
    export.set_defaults(run=run_export)

    status = actions.add_parser(
        "status",
        help="counts, age, and what cannot be compared",
        description="Say what the store holds and how old it is.",
    )
    arguments.add_format(status)
    status.add_argument(
        "--uncomparable", action="store_true", help="list the versions that cannot be compared"
    )
    status.set_defaults(run=run_status)


def _add_loading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ecosystem",
        action="append",
        metavar="NAME",
        help="only this one; may be repeated (default: the usual)",
    )
    parser.add_argument(
        "--force", action="store_true", help="accept feeds that lost more than a tenth"
    )
    parser.add_argument(
        "--no-deliver", action="store_true", help="leave what is to be told to the service"
    )


def run_update(args: argparse.Namespace) -> int:
    """Fetch and load; 3 where a feed could not be had."""
    from seawall.advisories import Mirror
    from seawall.cli import wiring

    return _load(Mirror(args.url, wiring.home()), args)


def run_import(args: argparse.Namespace) -> int:
    """Load from a folder; 3 where a feed could not be read."""
    from pathlib import Path

    from seawall.advisories import Folder

    return _load(Folder(Path(args.folder)), args)


def _load(origin: "Origin", args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from seawall.advisories import update
    from seawall.cli import progress, wiring

    chosen = frozenset(args.ecosystem) if args.ecosystem else None
    _check_names("--ecosystem", chosen or ())
    try:
        with progress.fetching() as report:
            now = datetime.now(UTC)
            outcome = update(
                wiring.store_path(), origin, report, now, force=args.force, ecosystems=chosen
            )
    except FeedUnavailable:
        if wiring.store_path().exists():  # an earlier update may have ended before it judged
            images.judged_again(args)
        raise
    args.code = 3 if outcome.failed else 0
    try:
        delta = images.judged_again(args)
    finally:
        _tell(outcome)
    if delta is not None:
        from seawall.cli import fleet_tables

        with wiring.output(None) as out:
            fleet_tables.write_delta(delta, out)
    return int(args.code)


def _check_names(option: str, names: Iterable[str]) -> None:
    from seawall.advisories import ECOSYSTEMS

    if unknown := sorted(set(names) - set(ECOSYSTEMS)):
        raise UsageError(f"{option} {unknown[0]}: not known", f"one of {sorted(ECOSYSTEMS)}")


def _tell(outcome: "Outcome") -> None:
    from seawall.cli import wiring

    with wiring.output(None) as out:
        for state in outcome.changed:
            skipped = f", {state.skipped:,} unreadable" if state.skipped else ""
            out.write(f"{state.name:12}  {state.records:>9,} records{skipped}")
            out.write(f", newest {state.newest[:10]}\n")
        for name in outcome.unchanged:
            out.write(f"{name:12}  unchanged\n")
        if told := ", ".join(f"{n:,} {kind}" for kind, n in sorted(outcome.changes.items())):
            out.write(f"advisories    {told}\n")
        if outcome.unused:
            out.write(f"not used yet  {', '.join(outcome.unused)}\n")
    for error in outcome.failed:
        print(f"seawall: {error}", file=sys.stderr)  # noqa: T201
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)  # noqa: T201


def run_export(args: argparse.Namespace) -> int:
    """Write the snapshot."""
    from seawall.advisories import snapshot_of
    from seawall.cli import wiring

    _check_names("--partial", args.partial)
    wiring.check_output(args.snapshot)
    content = snapshot_of(wiring.store_path(), args.partial)
    with wiring.binary_output(args.snapshot) as out:
        out.write(content)
    print(f"{args.snapshot}: {len(content):,} bytes", file=sys.stderr)  # noqa: T201
    return 0


def run_status(args: argparse.Namespace) -> int:
    """Show the store."""
    from seawall.cli import wiring
    from seawall.cli.status import write_json, write_table, write_uncomparable

    with wiring.advisory_store() as (store, is_snapshot), wiring.output(None) as out:
        if args.uncomparable:
            write_uncomparable(store, out)
        elif args.format == "json":
            write_json(store, is_snapshot, out)
        else:
            write_table(store, is_snapshot, out)
    return 0
