"""sudo in an image: a way to root that a container does not need."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import (
    CONFIGURATION,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
)
from seawall.scanning.configuration.packages import uses

_REMEDY = "leave sudo out: do what needs root before USER, or use gosu or setpriv at the start"


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge what is installed."""
    if any(package.name == "sudo" and not package.locked for package in image.packages):
        yield Problem("sudo is installed", _REMEDY, path=CONFIGURATION, evidence="sudo")


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge what is installed and run in the image that is built, once an instruction."""
    for instruction in file.shipped:
        if any("sudo" in command.prefixes for command in instruction.commands):
            yield Problem("a command is run with sudo", _REMEDY, instruction, evidence="sudo")
        elif any(
            name.partition("=")[0] == "sudo"
            for found in uses(instruction.commands)
            for name in found.packages
        ):
            yield Problem("sudo is installed", _REMEDY, instruction, evidence="install sudo")


SUDO_USED = Check(
    id="sudo-used",
    title="sudo in the image",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.3", "hadolint DL3004"),
)
