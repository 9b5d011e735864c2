"""Arguments that several commands share, and what they mean at the end."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seawall.model import Incomplete

# As in `seawall.scanning.reports`, whose import would cost the start-up of every command.
REPORTS = ("table", "json", "sarif", "html", "junit", "cyclonedx-json", "spdx-json", "openvex")
_SHOWN = 5  # of what could not be analysed, on stderr; reports name all


def add_target(parser: argparse.ArgumentParser) -> None:
    """Declare the image."""
    parser.add_argument(
        "target",
        metavar="TARGET",
        help="docker:NAME, registry:NAME, container:NAME, sbom:FILE, an archive, …",
    )


def add_format(parser: argparse.ArgumentParser) -> None:
    """Declare whether a person or a program reads the answer."""
    parser.add_argument("--format", choices=("table", "json"), default="table")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Declare where the result goes."""
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the result there, not to stdout"
    )


def add_detectors(parser: argparse.ArgumentParser, kinds: Sequence[str]) -> None:
    """Declare what is looked for in files, and by which rules."""
    parser.add_argument(
        "--skip",
        action="append",
        default=[],
        choices=kinds,
        metavar="KIND",
        help=f"do not look for: {', '.join(kinds)}; may be repeated",
    )
    parser.add_argument(
        "--yara", action="append", default=[], metavar="DIR", help="YARA rules of yours as well"
    )


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Declare whether layers that were read before are read again."""
    parser.add_argument("--no-cache", action="store_true", help="read every layer anew")


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Declare how an image is read, and that gaps may be no failure."""
    add_opening(parser)
    parser.add_argument(
        "--allow-incomplete",
        action="store_true",
        help="exit 0, not 3, when something could not be analysed",
    )


def add_opening(parser: argparse.ArgumentParser) -> None:
    """Declare how an image is read."""
    parser.add_argument(
        "--platform",
        default="",
        metavar="OS/ARCH[/VARIANT]",
        help="which image of an index; default: for Linux on this machine's processor",
    )
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a limit: file_bytes, content_bytes, image_bytes, entries, ratio, nesting, "
        "depth",
    )


def incomplete_code(incomplete: Sequence["Incomplete"], args: argparse.Namespace) -> int:
    """Return 3 where something could not be analysed, unless that was allowed; else 0."""
    return 3 if incomplete and not args.allow_incomplete else 0


def mention_incomplete(incomplete: Sequence["Incomplete"]) -> None:
    """Say on stderr what could not be analysed."""
    mention([f"could not analyse {item.path}: {item.reason}" for item in incomplete[:_SHOWN]])
    if len(incomplete) > _SHOWN:
        mention([f"and {len(incomplete) - _SHOWN} more that could not be analysed"])


def mention(lines: Sequence[str]) -> None:
    """Print lines to stderr, safe for a terminal whatever an image put into them."""
    for line in lines:
        print(f"seawall: {printable(line)}", file=sys.stderr)  # noqa: T201


def printable(text: str) -> str:
    """Return `text` with control characters spelt out: parts of it may come from an image."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
