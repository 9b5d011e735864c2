"""Packages are installed without looking at their signatures."""

import re
from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import Check, Problem, Subject
from seawall.scanning.configuration.shell import Command

_REMEDY = "import the key of whoever publishes the packages, and leave the verification on"
_OPTIONS = {
    "apt-get": ("--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"),
    "apt": ("--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"),
    "apk": ("--allow-untrusted",),
    "yum": ("--nogpgcheck", "--nogpg"),
    "dnf": ("--nogpgcheck", "--no-gpgchecks"),
    "microdnf": ("--nogpgcheck",),
    "tdnf": ("--nogpgcheck",),
    "zypper": ("--no-gpg-checks", "--no-gpg-check", "--allow-unsigned-rpm"),
    "rpm": ("--nosignature", "--nodigest", "--noverify"),
}
_SETTING = re.compile(
    r"\[[^\]]{0,200}trusted=yes|(?:^|\b)gpgcheck\s*=\s*(?:0|no|false)\b|AllowUnauthenticated\W{1,5}(?:true|1|yes)"
    r"|SigLevel\s*=\s*Never|AllowInsecureRepositories\W{1,5}(?:true|1|yes)",
    re.IGNORECASE,
)


def examine(subject: Subject) -> Iterator[Problem]:
    """Judge each command, and settings that commands write; once an instruction."""
    for instruction in subject.instructions:
        for command in instruction.commands:
            if what := _switched_off(command):
                message = f"packages are not verified: {what}"
                yield Problem(message, _REMEDY, instruction, evidence=what)
                break


def _switched_off(command: Command) -> str:
    for option in _OPTIONS.get(command.name, ()):
        if command.has(option):
            return f"{command.name} {option}"
    for word in command.arguments:
        if len(word) < 10_000 and (match := _SETTING.search(word)):
            return " ".join(match[0].split())[-40:]
    return ""


UNVERIFIED_PACKAGES = Check(
    id="unverified-packages",
    title="packages are installed without verification",
    severity=Severity.MEDIUM,
    urgency=Urgency.WATCH,
    image=examine,
    build_file=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.11",),
)
