"""WORKDIR without a slash in front: where it leads depends on the base image."""

import re
from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, Problem
from seawall.scanning.configuration.evidence import shortened

_ABSOLUTE = re.compile(r"[\"']?(?:/|\\|\$|[A-Za-z]:)")


def examine(file: BuildFile) -> Iterator[Problem]:
    """Judge each stage up to its first absolute WORKDIR; from there on all is known."""
    known: set[int] = set()
    for number, stage in enumerate(file.dockerfile.stages):
        is_known = stage.parent in known
        for instruction in stage.instructions:
            if instruction.keyword != "WORKDIR" or is_known or not instruction.text:
                continue
            if _ABSOLUTE.match(instruction.text):
                is_known = True
            else:
                shown = shortened(instruction.text)
                yield Problem(
                    f"WORKDIR {shown} is relative to what the base image sets",
                    f"write the whole path: WORKDIR /{shown.removeprefix('./')}",
                    instruction,
                    evidence=f"WORKDIR {shown}",
                )
        if is_known:
            known.add(number)


RELATIVE_WORKDIR = Check(
    id="relative-workdir",
    title="a relative WORKDIR",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    build_file=examine,
    sources=("hadolint DL3000",),
)
