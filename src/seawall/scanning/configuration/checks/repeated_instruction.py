"""CMD, ENTRYPOINT or HEALTHCHECK more than once: only the last one counts."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, Problem
from seawall.scanning.configuration.instruction import Instruction

_ONCE = ("CMD", "ENTRYPOINT", "HEALTHCHECK")


def examine(file: BuildFile) -> Iterator[Problem]:
    """Judge each stage by itself."""
    for stage in file.dockerfile.stages:
        last: dict[str, Instruction] = {}
        for instruction in stage.instructions:
            keyword = instruction.keyword
            if keyword not in _ONCE or instruction.is_trigger:
                continue
            if keyword in last:
                earlier = last[keyword]
                yield Problem(
                    f"the {keyword} in line {instruction.line} replaces this one",
                    f"keep one {keyword}",
                    earlier,
                    evidence=f"{keyword} in lines {earlier.line} and {instruction.line}",
                )
            last[keyword] = instruction


REPEATED_INSTRUCTION = Check(
    id="repeated-instruction",
    title="an instruction without effect",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    build_file=examine,
    sources=("hadolint DL3012, DL4003, DL4004",),
)
