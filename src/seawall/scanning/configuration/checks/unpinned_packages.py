"""Packages without a version: the next build may install others."""

import re
from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, Problem
from seawall.scanning.configuration.packages import Use, uses

_SHOWN = 5
_PLACE = re.compile(r"^[./~]|://|\.(?:whl|tar\.gz|zip|deb|rpm|apk|tgz)$|\$|^-|\*")
_PINNED = {
    "apt-get": re.compile(r"="),
    "apk": re.compile(r"[=<>~@]"),
    "pip": re.compile(r"===?|@"),
    "npm": re.compile(r".@"),
    "gem": re.compile(r":\d"),
}


def examine(file: BuildFile) -> Iterator[Problem]:
    """Tell once for each RUN and manager which packages have no version."""
    for instruction in file.instructions:
        loose: dict[str, list[str]] = {}
        for found in uses(instruction.commands):
            loose.setdefault(found.manager, []).extend(_loose(found))
        for manager, names in loose.items():
            if names:
                more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
                yield Problem(
                    f"{manager} installs without a version: {', '.join(names[:_SHOWN])}{more}",
                    "name versions, or install from a lock file",
                    instruction,
                    evidence=f"{manager}: {len(names)} package{'s' if len(names) > 1 else ''}",
                )


def _loose(found: Use) -> Iterator[str]:
    pinned = _PINNED.get(found.manager)
    if found.verb != "install" or pinned is None:
        return
    if found.manager == "gem" and found.command.has("-v", "--version"):
        return
    for name in found.packages:
        if not _PLACE.search(name) and not pinned.search(name):
            yield name[:60]


UNPINNED_PACKAGES = Check(
    id="unpinned-packages",
    title="packages without a version",
    severity=Severity.LOW,
    urgency=Urgency.HIDDEN,
    build_file=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.11", "hadolint DL3008, DL3013, DL3016, DL3018, DL3028"),
)
