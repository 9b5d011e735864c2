"""Files that every user may change."""

import re
from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import Check, Problem, Subject
from seawall.scanning.configuration.evidence import shortened

_REMEDY = "give the files to the user that needs them: COPY --chown, or chown"
_SYMBOLIC = re.compile(r"[ug]*[oa][ugoa]*[+=][rxXst]*w")


def examine(subject: Subject) -> Iterator[Problem]:
    """Judge chmod and --chmod in the image itself, once an instruction."""
    for instruction in subject.shipped:
        if is_open(mode := instruction.flag("chmod")):
            message = f"{instruction.keyword} --chmod={mode} lets everybody write"
            yield Problem(message, _REMEDY, instruction, evidence=f"--chmod={mode}")
        for command in instruction.commands:
            words = [word for word in command.arguments if not word.startswith("-")]
            if command.name == "chmod" and len(words) > 1 and is_open(words[0]):
                what = f"chmod {words[0]} {shortened(words[1])}"
                yield Problem(f"{what} lets everybody write", _REMEDY, instruction, evidence=what)
                break


def is_open(mode: str) -> bool:
    """Tell whether a mode lets others write; a sticky folder, as /tmp is, counts as shut."""
    if mode.isdecimal() and len(mode) <= 5 and not set(mode) & set("89"):
        number = int(mode, 8)
        return bool(number & 0o002) and not number & 0o1000
    return len(mode) < 100 and any(
        _SYMBOLIC.fullmatch(part[: part.find("w") + 1])
        for part in mode.split(",")
        if "t" not in part
    )


WORLD_WRITABLE = Check(
    id="world-writable",
    title="files that everybody may change",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    image=examine,
    build_file=examine,
    sources=("NIST SP 800-190, 4.1.2",),
)
