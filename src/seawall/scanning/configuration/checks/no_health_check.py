"""Nothing says how to tell whether the container works."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import (
    CONFIGURATION,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
)

_REMEDY = "add HEALTHCHECK, unless an orchestrator with probes of its own runs it"


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the configuration."""
    if not image.config.has_health_check:
        yield Problem("no health check is declared", _REMEDY, path=CONFIGURATION)


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge the image that is built; HEALTHCHECK NONE is a decision."""
    if file.dockerfile.stages and not any(i.keyword == "HEALTHCHECK" for i in file.shipped):
        yield Problem("no health check is declared", _REMEDY, file.last_from)


NO_HEALTH_CHECK = Check(
    id="no-health-check",
    title="no health check",
    severity=Severity.LOW,
    urgency=Urgency.HIDDEN,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.6",),
)
