"""MAINTAINER, which Docker gave up for labels."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, Problem


def examine(file: BuildFile) -> Iterator[Problem]:
    """Judge each stage."""
    for instruction in file.instructions:
        if instruction.keyword == "MAINTAINER":
            yield Problem(
                "MAINTAINER is deprecated",
                "use LABEL org.opencontainers.image.authors=…",
                instruction,
                evidence="MAINTAINER",
            )


DEPRECATED_MAINTAINER = Check(
    id="deprecated-maintainer",
    title="MAINTAINER is deprecated",
    severity=Severity.LOW,
    urgency=Urgency.HIDDEN,
    build_file=examine,
    sources=("hadolint DL4000",),
)
