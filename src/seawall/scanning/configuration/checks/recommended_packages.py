"""apt-get install brings what a package recommends: more than is needed."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, Problem
from seawall.scanning.configuration.packages import uses


def examine(file: BuildFile) -> Iterator[Problem]:
    """Judge the image that is built, once an instruction; a setting for all may be anywhere."""
    text = "apt::install-recommends"
    for instruction in file.shipped:
        if text in instruction.text.lower():
            return
        for found in uses(instruction.commands):
            if (
                found.manager == "apt-get"
                and found.verb == "install"
                and found.packages
                and not found.command.has("--no-install-recommends")
            ):
                yield Problem(
                    "apt-get installs recommended packages, too",
                    "add --no-install-recommends",
                    instruction,
                    evidence=f"{found.command.name} install",
                )
                break


RECOMMENDED_PACKAGES = Check(
    id="recommended-packages",
    title="more packages than needed",
    severity=Severity.LOW,
    urgency=Urgency.HIDDEN,
    build_file=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.3", "hadolint DL3015"),
)
