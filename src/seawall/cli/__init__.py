"""The command ``seawall``: arguments → one call into a room → one rendering.

Modules of rooms are imported when a command runs, so that ``--help`` and ``--version`` answer at
once.
"""

import argparse
import io
import os
import sys
from pathlib import Path

from seawall import __version__
from seawall.cli import (
    advisories,
    arguments,
    cache,
    completion,
    fleet,
    images,
    indicators,
    inventory,
    scan,
    wiring,
)
from seawall.errors import SeawallError

COMMANDS = (scan, inventory, images, indicators, fleet, advisories, cache, completion)

_EXAMPLE = """\
a target is  docker:NAME  registry:NAME  container:NAME  docker-archive:PATH  oci-archive:PATH
             oci-dir:PATH  dir:PATH  sbom:PATH, or just a name or path, which is recognised

example:     seawall scan docker:debian:12

exit codes:  0 fine   1 findings over the threshold   2 wrong use   3 could not finish
"""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help with each command on one line; argparse forgets that commands are indented."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = max(len(name) for name in _names()) + 4


def _names() -> list[str]:
    return [command.__name__.rpartition(".")[2] for command in COMMANDS]


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="seawall",
        description="Container security from the host.",
        epilog=_EXAMPLE,
        formatter_class=_Help,
    )
    top.add_argument("--version", action="version", version=f"seawall {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in COMMANDS:
        command.add_to(commands)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1, 2 or 3."""
    args = argparse.Namespace()
    try:
        code = _run(argv, args)
        wiring.flush_stdout()
    except SeawallError as error:
        return _failed(str(error), error.hint, error.exit_code)
    except KeyboardInterrupt:
        return _failed("interrupted", "", 130)
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not complain at exit. What the
        # command found out before it wrote still counts.
        wiring.discard_stdout()
        return int(getattr(args, "code", 0))
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        return _failed(f"{where}{error.strerror or error}", "", 3)
    return code


def _run(argv: list[str] | None, args: argparse.Namespace) -> int:
    """Fill `args` and do what they say."""
    top = parser()
    try:
        top.parse_args(argv, args)
    except SystemExit:  # --help, --version, or wrong use, which argparse has told
        wiring.flush_stdout()
        raise
    if args.command is None:
        top.print_help(sys.stderr)
        return 2
    _prepare_stdout()
    code: int = args.run(args)
    return code


def _prepare_stdout() -> None:
    """Make stdout take every character, also where the locale has none for it or it is shut."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _failed(message: str, hint: str, code: int) -> int:
    print(f"seawall: {arguments.printable(message)}", file=sys.stderr)  # noqa: T201
    if hint:
        print(f"  {arguments.printable(hint)}", file=sys.stderr)  # noqa: T201
    return code
