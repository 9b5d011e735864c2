"""The CIS Docker Benchmark's section on images, and who answers each of its recommendations.

Identifiers of version 1.6.0. `docs/checks/README.md` shows this table; a test compares the two, and
both with the list of recommendations.
"""

from collections.abc import Mapping
from dataclasses import dataclass

BENCHMARK = "CIS Docker Benchmark 1.6.0"


@dataclass(frozen=True, slots=True)
class Answer:
    """How one recommendation is judged."""

    checks: tuple[str, ...] = ()  # ids of checks here
    elsewhere: str = ""  # what else of Seawall looks at it
    undecidable: str = ""  # what an image alone cannot tell


ANSWERS: Mapping[str, Answer] = {
    "4.1": Answer(("runs-as-root",)),
    "4.2": Answer(
        ("latest-tag", "unpinned-base"),
        undecidable="whom you trust is not written in an image",
    ),
    "4.3": Answer(
        ("recommended-packages", "ssh-exposed", "sudo-used", "package-cache-left"),
        elsewhere="the inventory lists every package",
        undecidable="which packages are needed shows only while they run",
    ),
    "4.4": Answer(
        elsewhere="seawall scan itself: known flaws, and releases that are no longer supported"
    ),
    "4.5": Answer(undecidable="content trust is a setting of the host that pulls"),
    "4.6": Answer(("no-health-check",)),
    "4.7": Answer(("update-alone",)),
    "4.8": Answer(("setuid-files",)),
    "4.9": Answer(("add-instead-of-copy", "add-from-url")),
    "4.10": Answer(
        (
            *("secret-in-environment", "secret-in-build-argument", "password-in-command"),
            *("secret-file-copied", "whole-context-copied"),
        ),
        elsewhere="secrets in files of all layers, configuration and history",
    ),
    "4.11": Answer(
        (
            *("unverified-packages", "certificate-check-off", "curl-pipe-shell", "add-from-url"),
            "unpinned-packages",
        ),
        elsewhere="files that differ from what their package recorded",
    ),
    "4.12": Answer(undecidable="signatures lie beside an image, not in it"),
}
