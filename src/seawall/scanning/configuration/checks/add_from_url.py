"""ADD from an address without a checksum: what comes is what the server sends that day."""

import re
from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, ImageFacts, Problem, Subject
from seawall.scanning.configuration.evidence import shown_url

_HTTP = re.compile(r"https?://", re.IGNORECASE)
_COMMIT = re.compile(r"[#=][0-9a-f]{40}\b")
_REMEDY = "give its checksum: ADD --checksum=sha256:… ADDRESS PATH"


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the history, which does not keep checksums; so this is less sure."""
    return _problems(image, Severity.LOW, "the history does not tell whether it had a checksum")


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge each ADD of the file."""
    return _problems(file, None, "nothing tells whether it is what it was")


def _problems(subject: Subject, severity: Severity | None, why: str) -> Iterator[Problem]:
    for instruction in subject.instructions:
        if instruction.keyword != "ADD" or instruction.flag("checksum"):
            continue
        for source in instruction.words[:-1]:
            if _HTTP.match(source) and not _COMMIT.search(source):
                plain = ", and it comes unencrypted" if source.lower().startswith("http:") else ""
                yield Problem(
                    f"ADD fetches {shown_url(source)}: {why}{plain}",
                    _REMEDY,
                    instruction,
                    evidence=f"ADD {shown_url(source)}",
                    severity=severity,
                )


ADD_FROM_URL = Check(
    id="add-from-url",
    title="ADD from an address without a checksum",
    severity=Severity.MEDIUM,
    urgency=Urgency.WATCH,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.9, 4.11",),
)
