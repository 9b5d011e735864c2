"""Ports below 1024, which outside of containers only root may open."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import (
    CONFIGURATION,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
)
from seawall.scanning.configuration.ports import exposed

_REMEDY = "listen on a port from 1024 on, and publish it as the low one"
_FIRST_FREE = 1024
_SSH = 22  # the business of ssh-exposed


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the configuration."""
    for port in sorted(set(_low(image.config.ports))):
        yield Problem(f"port {port} is exposed", _REMEDY, path=CONFIGURATION, evidence=port)


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge the EXPOSE of the image that is built."""
    for instruction in file.shipped:
        if instruction.keyword == "EXPOSE":
            for port in _low(instruction.words):
                yield Problem(f"port {port} is exposed", _REMEDY, instruction, evidence=port)


def _low(words: tuple[str, ...]) -> Iterator[str]:
    for low, _, protocol in exposed(words):
        if low < _FIRST_FREE and low != _SSH:
            yield f"{low}/{protocol}"


PRIVILEGED_PORT = Check(
    id="privileged-port",
    title="a port below 1024",
    severity=Severity.LOW,
    urgency=Urgency.HIDDEN,
    image=in_image,
    build_file=in_build_file,
)
