"""What could not be read in a Dockerfile, and so was not judged."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, Problem


def examine(file: BuildFile) -> Iterator[Problem]:
    """Tell what the parser complained of."""
    for damage in file.dockerfile.damage:
        yield Problem(
            damage.what,
            "correct the line: what cannot be read is not judged",
            line=damage.line,
            evidence=damage.what,
        )


BUILD_FILE_SYNTAX = Check(
    id="build-file-syntax",
    title="a Dockerfile that cannot be read as a whole",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    build_file=examine,
)
