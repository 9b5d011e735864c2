"""COPY of the whole build context where no .dockerignore leaves anything out."""

import posixpath
from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, Problem
from seawall.scanning.configuration.evidence import shortened

_REMEDY = "list .git, .env and keys in a .dockerignore, or copy only the folders that are needed"
_WHOLE = ("/", "/*")
_LONGEST = 100  # characters of a source that may be the context itself


def examine(file: BuildFile) -> Iterator[Problem]:
    """Judge what ends up in the image, in this build: no other stage's files, no ONBUILD.

    The context is the root of all paths, so ``..`` is the context too.
    """
    if file.ignored:
        return
    for instruction in file.shipped:
        if instruction.keyword not in ("COPY", "ADD") or instruction.is_trigger:
            continue
        if instruction.flag("from") or instruction.flag("exclude"):
            continue
        for source in instruction.words[:-1]:
            if len(source) <= _LONGEST and posixpath.normpath(f"/{source.lstrip('/')}") in _WHOLE:
                lacking = f"{file.ignore_file} leaves nothing out"
                if not file.ignore_file:
                    lacking = "no .dockerignore leaves anything out"
                shown = shortened(source)
                yield Problem(
                    f"{instruction.keyword} {shown} copies the whole folder, and {lacking}",
                    _REMEDY,
                    instruction,
                    evidence=f"{instruction.keyword} {shown} {shortened(instruction.words[-1])}",
                )
                break


WHOLE_CONTEXT_COPIED = Check(
    id="whole-context-copied",
    title="a whole folder is copied into the image",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    build_file=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.10",),
)
