"""ADD where COPY would do: it also fetches and unpacks, which few expect."""

import re
from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, ImageFacts, Problem, Subject
from seawall.scanning.configuration.evidence import shortened

_ARCHIVE = re.compile(
    r"\.(?:tar|tgz|tbz2?|txz|tzst|(?:tar\.)?(?:gz|bz2|xz|zst|lzma|Z))(?:[\"']?$)", re.IGNORECASE
)
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+]{0,20}://|git@)", re.IGNORECASE)
_UNREADABLE = re.compile(r"(?:file|dir|multi):[0-9a-f]{8,64}")  # how the old builder notes a source


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the history; a root file system at its beginning is what ADD is for."""
    return _problems(image, {i.line for i in image.instructions if i.text.rstrip().endswith(" /")})


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge each ADD of the file."""
    return _problems(file, frozenset())


def _problems(subject: Subject, left_out: set[int] | frozenset[int]) -> Iterator[Problem]:
    for instruction in subject.shipped:
        if instruction.keyword != "ADD" or instruction.line in left_out:
            continue
        for source in instruction.words[:-1]:
            if (
                _ARCHIVE.search(source)
                or _ELSEWHERE.match(source)
                or source.startswith("<<")
                or source == "in"  # as in "file:… in /app"
                or "$" in source
            ):
                continue
            shown = "a file" if _UNREADABLE.match(source) else shortened(source)
            yield Problem(
                f"ADD of {shown}, which is neither an archive nor an address",
                "use COPY, which only copies",
                instruction,
                evidence=f"ADD {shown} {shortened(instruction.words[-1])}",
            )
            break


ADD_INSTEAD_OF_COPY = Check(
    id="add-instead-of-copy",
    title="ADD instead of COPY",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.9", "hadolint DL3020"),
)
