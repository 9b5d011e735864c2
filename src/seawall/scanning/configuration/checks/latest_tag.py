"""A name without a version: it means another image tomorrow."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import (
    CONFIGURATION,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
)
from seawall.scanning.configuration.evidence import shortened
from seawall.scanning.configuration.references import references, tag_of


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the image's own names: one of them must tell which version it is."""
    if image.tags and all(tag_of(name) in ("", "latest") for name in image.tags):
        yield Problem(
            "nothing but latest names this image, so nobody can tell which version runs",
            "tag it with its version as well",
            path=CONFIGURATION,
            evidence=shortened(image.tags[0]),
            severity=Severity.LOW,
            urgency=Urgency.WATCH,
        )


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge the images that it is built from."""
    for reference in references(file.dockerfile):
        if not reference.digest and reference.tag in ("", "latest"):
            name = shortened(reference.name)
            yield Problem(
                f"{name} has no version: each build may get another one",
                "name a version, best with its digest: IMAGE:1.2.3@sha256:…",
                reference.instruction,
                evidence=name,
            )


LATEST_TAG = Check(
    id="latest-tag",
    title="an image without a version",
    severity=Severity.MEDIUM,
    urgency=Urgency.WATCH,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.2", "hadolint DL3006, DL3007"),
)
