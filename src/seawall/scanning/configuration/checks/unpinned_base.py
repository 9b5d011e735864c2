"""A base image by its tag alone: whoever may push the tag may change what is built."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, Problem
from seawall.scanning.configuration.evidence import shortened
from seawall.scanning.configuration.references import references


def examine(file: BuildFile) -> Iterator[Problem]:
    """Judge names with a version; those without are the business of latest-tag."""
    for reference in references(file.dockerfile):
        if not reference.digest and reference.tag not in ("", "latest"):
            name = shortened(reference.name)
            yield Problem(
                f"{name} has no digest: the tag may be moved",
                f"add the digest it has now: {name}@sha256:…",
                reference.instruction,
                evidence=name,
            )


UNPINNED_BASE = Check(
    id="unpinned-base",
    title="a base image without a digest",
    severity=Severity.LOW,
    urgency=Urgency.HIDDEN,
    build_file=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.2",),
)
