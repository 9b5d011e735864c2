"""ENTRYPOINT or CMD through a shell: signals do not reach the program."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import (
    CONFIGURATION,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
)
from seawall.scanning.configuration.shell import SHELLS

_REMEDY = 'use the exec form: ENTRYPOINT ["program", "argument"]'


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the entry point, or the command where there is none."""
    started = image.config.entrypoint or image.config.command
    keyword = "ENTRYPOINT" if image.config.entrypoint else "CMD"
    if (
        len(started) == 3
        and started[0].rpartition("/")[2] in SHELLS
        and started[1] == "-c"
        and not started[2].lstrip().startswith("exec ")
    ):
        yield Problem(_message(keyword), _REMEDY, path=CONFIGURATION, evidence=f"{keyword} sh -c")


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge the image that is built; ``exec program`` is as good as the exec form."""
    for instruction in file.shipped:
        if (
            instruction.keyword in ("ENTRYPOINT", "CMD")
            and instruction.exec_form is None
            and instruction.text
            and not instruction.text.startswith("exec ")
        ):
            keyword = instruction.keyword
            yield Problem(_message(keyword), _REMEDY, instruction, evidence=f"{keyword} …")


def _message(keyword: str) -> str:
    return f"{keyword} runs through a shell, which passes no signals on"


SHELL_FORM_ENTRYPOINT = Check(
    id="shell-form-entrypoint",
    title="the program is started through a shell",
    severity=Severity.LOW,
    urgency=Urgency.HIDDEN,
    image=in_image,
    build_file=in_build_file,
    sources=("hadolint DL3025",),
)
