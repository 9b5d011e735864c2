"""``seawall completion SHELL``: tab completion."""

import argparse
from typing import Any

_SHELLS = ("bash", "zsh", "tcsh")


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "completion",
        help="print a script for tab completion",
        description="Print a script that completes commands and options in your shell.",
        epilog="example: seawall completion bash > /etc/bash_completion.d/seawall",
    )
    parser.add_argument("shell", choices=_SHELLS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from seawall.cli import parser, wiring

    with wiring.output(None) as out:
        out.write(shtab.complete(parser(), shell=args.shell) + "\n")
    return 0
