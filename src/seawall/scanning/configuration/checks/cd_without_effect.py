"""RUN with nothing but cd: the next instruction starts where this one did."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, Problem
from seawall.scanning.configuration.evidence import shortened


def examine(file: BuildFile) -> Iterator[Problem]:
    """Judge each RUN."""
    for instruction in file.instructions:
        commands = instruction.commands
        if commands and all(command.name == "cd" for command in commands):
            place = shortened(" ".join(commands[-1].arguments))
            yield Problem(
                "RUN cd has no effect on what follows",
                f"use WORKDIR {place}".rstrip(),
                instruction,
                evidence=f"RUN cd {place}".rstrip(),
            )


CD_WITHOUT_EFFECT = Check(
    id="cd-without-effect",
    title="RUN cd has no effect",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    build_file=examine,
    sources=("hadolint DL3003",),
)
