"""``seawall scan TARGET``: what is known to be wrong with an image."""

import argparse
import shutil
import sys
from typing import Any

from seawall.cli import arguments
from seawall.errors import UsageError

_FORMATS = ("table", "json", "sarif", "html")
_SEVERITIES = ("unknown", "low", "medium", "high", "critical")


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "scan",
        help="what is known to be wrong with an image",
        description="Scan an image for known flaws.",
        epilog="example: seawall scan docker:debian:12 --fail-on high --ignore-unfixed",
    )
    arguments.add_target(parser)
    parser.add_argument("--format", choices=_FORMATS, default="table", help="default: table")
    arguments.add_output(parser)
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        type=_format_and_file,
        help="write a second form as well, as html=report.html; may be repeated",
    )
    parser.add_argument("--all", action="store_true", help="show every finding, also the minor")
    parser.add_argument("--ignore-unfixed", action="store_true", help="leave out what has no fix")
    parser.add_argument(
        "--fail-on",
        choices=_SEVERITIES,
        metavar="SEVERITY",
        help="exit 1 for a finding of this severity or above (unknown, low, … critical)",
    )
    parser.add_argument("--explain", metavar="ID", help="say why an advisory did or did not apply")
    arguments.add_reading(parser)
    parser.set_defaults(run=run)


def _format_and_file(text: str) -> tuple[str, str]:
    form, equals, file = text.partition("=")
    if form not in _FORMATS or not equals or not file:
        raise argparse.ArgumentTypeError(f"{text!r} is no FORMAT=FILE ({', '.join(_FORMATS)})")
    return form, file


def run(args: argparse.Namespace) -> int:
    """Read, judge, report; 1 over the threshold, 3 where something could not be analysed."""
    from seawall.cli import progress, wiring
    from seawall.images import Limits, open_image, parse_target
    from seawall.inventory import read_inventory
    from seawall.model import Severity
    from seawall.scanning import explain, over_threshold, scan, without_unfixed
    from seawall.scanning.reports import FORMATS, Options

    if args.explain is not None and (args.format != "table" or args.also or args.fail_on):
        raise UsageError("--explain only prints lines", "leave out --format, --also, --fail-on")
    if args.explain == "":
        raise UsageError("--explain needs an id", "for example CVE-2023-4911")
    ref = parse_target(args.target)
    limits = Limits.parse(args.limit)
    with wiring.advisory_store() as (store, is_snapshot):
        with open_image(ref, limits) as opened, progress.reading(str(ref)) as report_progress:
            inventory = read_inventory(opened, report_progress)
        if args.explain:
            args.code = arguments.incomplete_code(inventory.incomplete, args)
            with wiring.output(args.output) as out:
                for line in explain(args.explain, inventory, store):
                    print(arguments.printable(line), file=out)
            arguments.mention_incomplete(inventory.incomplete)
            return int(args.code)
        report = scan(inventory, opened, store, is_snapshot)
    if args.ignore_unfixed:
        report = without_unfixed(report)
    threshold = Severity[args.fail_on.upper()] if args.fail_on else None
    # Known before anything is written: a reader that goes away early must not open the gate.
    args.code = arguments.incomplete_code(report.incomplete, args)
    if threshold is not None and over_threshold(report, threshold):
        args.code = 1
    width = shutil.get_terminal_size((100, 24)).columns
    for form, file in [*args.also, (args.format, args.output)]:
        with wiring.output(file) as out:
            FORMATS[form](report, out, Options(args.all, wiring.wants_colour(out), width))
    sys.stdout.flush()
    arguments.mention_incomplete(report.incomplete)
    unrated = sum(f.severity is Severity.UNKNOWN for f in report.findings)
    if unrated and threshold not in (None, Severity.UNKNOWN):
        arguments.mention([f"{unrated} findings have no severity and do not count for --fail-on"])
    return int(args.code)
