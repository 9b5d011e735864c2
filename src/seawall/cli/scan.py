"""``seawall scan TARGET``: what is known to be wrong with an image."""

import argparse
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seawall.cli import arguments
from seawall.errors import UsageError

if TYPE_CHECKING:
    from seawall.images import Limits
    from seawall.model import ImageRef, Inventory
    from seawall.scanning.content.looking import Contents
    from seawall.scanning.exceptions import Entry
    from seawall.scanning.scan import Described
    from seawall.scanning.vex import Statement

_EXCEPTIONS = ".seawall.yaml"
_KINDS = ("secrets", "malware", "tampering", "configuration")
_SEVERITIES = ("unknown", "low", "medium", "high", "critical")


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "scan",
        usage="%(prog)s [OPTIONS] TARGET",  # spelt out it would fill a quarter of the screen
        help="what is known to be wrong with an image",
        description="Look for flaws, secrets, malware and changed files, judge the configuration.",
        epilog="example: seawall scan docker:debian:12 --fail-on high --ignore-unfixed",
    )
    arguments.add_target(parser)
    parser.add_argument(
        "--format",
        choices=arguments.REPORTS,
        default="table",
        metavar="FORMAT",
        help=f"{', '.join(arguments.REPORTS)}",
    )
    arguments.add_output(parser)
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        type=_format_and_file,
        help="write a second form, as html=report.html; may be repeated",
    )
    parser.add_argument("--all", action="store_true", help="show every finding, also the minor")
    parser.add_argument("--ignore-unfixed", action="store_true", help="leave out what has no fix")
    parser.add_argument(
        "--fail-on",
        choices=_SEVERITIES,
        type=str.lower,
        metavar="SEVERITY",
        help="exit 1 for a finding this severe (unknown, low, medium, high, critical); what "
        "nobody rated counts for unknown only",
    )
    parser.add_argument(
        "--exceptions", metavar="FILE", help=f"decisions of yours; default: {_EXCEPTIONS} here"
    )
    parser.add_argument(
        "--vex",
        action="append",
        default=[],
        metavar="FILE",
        help="OpenVEX or CSAF statements on flaws; may be repeated",
    )
    parser.add_argument("--base", metavar="TARGET", help="the image that this one was built from")
    arguments.add_detectors(parser, _KINDS)
    arguments.add_cache(parser)
    parser.add_argument("--explain", metavar="ID", help="say why a finding is there, or is not")
    arguments.add_reading(parser)
    parser.set_defaults(run=run)


def _format_and_file(text: str) -> tuple[str, str]:
    form, equals, file = text.partition("=")
    if form not in arguments.REPORTS or not equals or not file:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no FORMAT=FILE ({', '.join(arguments.REPORTS)})"
        )
    return form, file


def run(args: argparse.Namespace) -> int:
    """Read, judge, report; 1 over the threshold, 3 where something could not be analysed."""
    from seawall.cli import wiring
    from seawall.images import Limits, parse_target
    from seawall.model import Severity
    from seawall.scanning import (
        VexStatements,
        attributed,
        discounted,
        explain,
        open_base,
        over_threshold,
        scan,
        suppress,
        without_kinds,
        without_unfixed,
    )
    from seawall.scanning.reports import FORMATS, Options

    if args.explain is not None and (args.format != "table" or args.also or args.fail_on):
        raise UsageError("--explain only prints lines", "leave out --format, --also, --fail-on")
    if args.explain == "":
        raise UsageError("--explain needs an id", "for example CVE-2023-4911")
    # What a person may have written wrongly is complained of before the work, not after it.
    for file in (args.output, *(file for _, file in args.also)):
        wiring.check_output(file)
    files = [file for file in (args.output, *(file for _, file in args.also)) if file]
    if len({os.path.realpath(file) for file in files}) < len(files):
        raise UsageError("two reports into one file", "give each --also and -o a name of its own")
    exceptions, vex = _exceptions(args.exceptions), VexStatements(_statements(args.vex))
    ref = parse_target(args.target, args.platform)
    limits = Limits.parse(args.limit)
    base = open_base(args.base, limits) if args.base else None
    with wiring.advisory_store() as (store, is_snapshot):
        now = datetime.now(UTC)
        subject, inventory, contents = _read(ref, limits, args)
        report = scan(
            inventory,
            subject,
            store,
            is_snapshot,
            today=now.date(),
            host=wiring.host_kernel(),
            contents=contents,
        )
        report = without_kinds(report, args.skip)
        report = attributed(report, base)
        report, remarks = suppress(report, exceptions, vex, now.date())
        if args.explain:
            args.code = arguments.incomplete_code(inventory.incomplete, args)
            with wiring.output(args.output) as out:
                for line in explain(args.explain, inventory, store, report, vex):
                    print(arguments.printable(line), file=out)
            arguments.mention_incomplete(inventory.incomplete)
            return int(args.code)
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
            options = Options(args.all, wiring.wants_colour(out), width, threshold, now)
            FORMATS[form](report, out, options)
    arguments.mention(remarks)
    arguments.mention_incomplete(report.incomplete)
    unrated = sum(
        finding.severity is Severity.UNKNOWN and not discounted(finding, report)
        for finding in report.findings
    )
    if unrated and threshold not in (None, Severity.UNKNOWN):
        arguments.mention([f"{unrated} findings have no severity and do not count for --fail-on"])
    return int(args.code)


def _read(
    ref: "ImageRef", limits: "Limits", args: argparse.Namespace
) -> tuple["Described", "Inventory", "Contents | None"]:
    """Return what was opened, what is in it, and what its files hold: an SBOM has no files."""
    from seawall.cli import progress, wiring

    detectors = wiring.detectors(args.skip, args.yara)
    if ref.source == "sbom":
        from seawall.inventory.sbom.reading import read_sbom

        document = read_sbom(ref.place, limits)
        return document, document.inventory, None
    from seawall.images import open_image
    from seawall.scanning import read

    with (
        wiring.layer_cache(not args.no_cache, str(limits)) as cache,
        open_image(ref, limits) as opened,
        progress.reading(str(ref)) as report_progress,
    ):
        reading, contents = read(opened, detectors, limits.content_bytes, cache, report_progress)
    return opened, reading.inventory, contents


def _exceptions(path: str | None) -> tuple["Entry", ...]:
    """Return the exceptions of the file that was named, else of the one in this folder."""
    if path is None and not Path(_EXCEPTIONS).is_file():
        if not Path(_EXCEPTIONS).is_symlink() and not Path(_EXCEPTIONS).exists():
            return ()
        # Whoever put it there meant something by it.
        hint = "make it a file, remove it, or give --exceptions FILE (/dev/null for none)"
        raise UsageError(f"{_EXCEPTIONS}: no file, or a link that leads to none", hint)
    from seawall.scanning import exceptions

    return exceptions.read(path or _EXCEPTIONS)


def _statements(paths: Sequence[str]) -> Iterator["Statement"]:
    """Yield the statements of all VEX documents, in the order they were named."""
    if not paths:
        return
    from seawall.scanning import vex

    for path in paths:
        yield from vex.read(path)
