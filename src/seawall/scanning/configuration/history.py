"""From the steps in an image's history to instructions.

Forms, by builder: Docker's own of before 2023 writes ``/bin/sh -c #(nop) KEYWORD …`` and
``/bin/sh -c command``; BuildKit ``KEYWORD … # buildkit`` and ``RUN /bin/sh -c command # buildkit``
(its ``dockerfile2llb/convert_copy.go`` keeps --chown, --chmod and --parents, no other flag). Both
put build arguments in front as ``|2 NAME=value OTHER=value``. Kaniko and Buildah
write one of these.
"""

import re
from collections.abc import Iterator, Sequence

from seawall.model import Step
from seawall.scanning.configuration.dockerfile import KEYWORDS, parse_line
from seawall.scanning.configuration.instruction import Instruction
from seawall.scanning.configuration.shell import commands

_MOST = 1_000  # steps that are looked at; an image has at most 127 layers
_LONGEST = 64 << 10  # characters of one step
_NOP = re.compile(
    r"(?:\|\d+ .{0,4096}?)??(?:/bin/sh -c|cmd /S /C|powershell .{0,200}?)\s*#\(nop\)\s*"
)
_ARGUMENTS = re.compile(r"\|(\d{1,3}) ")
_ARGUMENT = re.compile(r"(?:^| )([A-Za-z_]\w*)=")
_SHELL = re.compile(r"(?:^| )(?:/usr)?(?:/bin/)?(?:ba|da|a|z|k)?sh(?: -?\w+){0,6}? -\w*c ")


def instructions(steps: Sequence[Step]) -> Iterator[Instruction]:
    """Yield the steps that can be read, `line` being which one, from 1."""
    for number, step in enumerate(steps[:_MOST], start=1):
        found = instruction(step, number)
        if found is not None:
            yield found


def instruction(step: Step, number: int) -> Instruction | None:
    """Return one step; None for one that no Dockerfile made."""
    text = step.created_by.strip()[:_LONGEST]
    nop = _NOP.match(text)
    if nop:
        return parse_line(text[nop.end() :], number)
    text = text.removesuffix("# buildkit").rstrip()
    keyword, _, rest = text.partition(" ")
    if keyword in KEYWORDS and keyword != "RUN":
        return parse_line(text, number)
    if keyword == "RUN":
        return _run(rest.strip(), number)
    if _ARGUMENTS.match(text) or _SHELL.match(text):
        return _run(text, number)
    return None


def _run(text: str, number: int) -> Instruction:
    counted = _ARGUMENTS.match(text)
    shell = _SHELL.search(text, counted.end() if counted else 0, 8 << 10)
    arguments: tuple[tuple[str, str], ...] = ()
    if counted:
        end = shell.start() if shell else len(text)
        arguments = tuple(_arguments(text[counted.end() : end], int(counted[1])))
    if shell and (counted or shell.start() == 0):
        text = text[shell.end() :]
    elif counted:
        text = ""
    return Instruction(
        keyword="RUN",
        text=text,
        line=number,
        last_line=number,
        commands=commands(text),
        build_arguments=arguments,
    )


def _arguments(text: str, count: int) -> Iterator[tuple[str, str]]:
    """Yield names and values; a value goes up to the next name."""
    found = list(_ARGUMENT.finditer(text))[:count]
    ends = [match.start() for match in found[1:]] + [len(text)]
    for match, end in zip(found, ends, strict=True):
        yield match[1], text[match.end() : end]
