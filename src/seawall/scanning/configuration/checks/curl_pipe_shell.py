"""What comes from the network is run as it comes."""

import re
from collections.abc import Iterator, Sequence

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import Check, Problem, Subject
from seawall.scanning.configuration.evidence import shown_url
from seawall.scanning.configuration.shell import SHELLS, Command

_FETCHERS = frozenset(("curl", "wget", "fetch", "aria2c", "http"))
_INTERPRETERS = re.compile(r"python[\d.]*|perl|ruby|node|php")
_SUBSTITUTED = re.compile(r"(?:\$\(|`)\s*(?:curl|wget)\s")
_WITH_FILES = frozenset(("-c", "-e", "-m", "-r"))


def examine(subject: Subject) -> Iterator[Problem]:
    """Judge each pipeline, ``sh -c "$(curl …)"`` and ``bash <(curl …)``; once an instruction."""
    for instruction in subject.instructions:
        for evidence in _runs(instruction.commands):
            yield Problem(
                f"what comes from the network is run unseen: {evidence}",
                "fetch it to a file, compare its checksum, then run it; or install a package",
                instruction,
                evidence=evidence,
            )
            break


def _runs(commands: Sequence[Command]) -> Iterator[str]:
    fetcher: Command | None = None  # of the pipeline that goes on
    for before, command in zip((None, *commands), commands, strict=False):
        if command.after not in ("|", "|&"):
            fetcher = None
        if command.name in _FETCHERS:
            fetcher = command
            if (
                before is not None
                and command.after in ("<(", "$(", "`")
                and (before.name in SHELLS or before.name in ("source", ".", "eval"))
            ):
                yield f"{before.name} {command.after}{command.name} {_address(command)})"
        elif fetcher is not None and _reads_program(command):
            yield f"{fetcher.name} {_address(fetcher)} | {command.name}"
        if (command.name in SHELLS or command.name == "eval") and any(
            _SUBSTITUTED.search(word) for word in command.arguments
        ):
            yield f'{command.name} "$(curl …)"'


def _reads_program(command: Command) -> bool:
    """Tell whether a command runs what it reads from its standard input."""
    if command.name not in SHELLS and not _INTERPRETERS.fullmatch(command.name):
        return False
    for word in command.arguments:
        if word in ("-", "-s") or word == "/dev/stdin":
            return True
        if word in _WITH_FILES or not word.startswith("-"):
            return False
    return True


def _address(command: Command) -> str:
    found = (word for word in command.arguments if "://" in word)
    return shown_url(next(found, "…"))


CURL_PIPE_SHELL = Check(
    id="curl-pipe-shell",
    title="a download is run without looking at it",
    severity=Severity.MEDIUM,
    urgency=Urgency.WATCH,
    image=examine,
    build_file=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.11",),
)
