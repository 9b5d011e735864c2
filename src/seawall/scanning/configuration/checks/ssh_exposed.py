"""A login service in a container: whoever gets in stays unseen by the host's own log."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import (
    CONFIGURATION,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
)
from seawall.scanning.configuration.packages import uses
from seawall.scanning.configuration.ports import exposed

_REMEDY = "take it out; docker exec, or kubectl exec, gives a shell where one is needed"
_SSH = 22
_PACKAGES = frozenset(("openssh-server", "dropbear", "telnetd", "openssh-server-pam"))


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge ports, what is started, and what is installed; the first of them is told."""
    config = image.config
    started = [word.rpartition("/")[2] for word in (*config.entrypoint, *config.command)]
    if any(_SSH in range(low, high + 1) for low, high, _ in exposed(config.ports)):
        yield Problem("port 22 is exposed", _REMEDY, path=CONFIGURATION, evidence="EXPOSE 22")
    elif "sshd" in started:
        yield Problem("it starts sshd", _REMEDY, path=CONFIGURATION, evidence="sshd")
    else:
        names = sorted({p.name for p in image.packages if p.name in _PACKAGES and not p.locked})
        for name in names:
            yield Problem(
                f"{name} is installed",
                _REMEDY,
                path=CONFIGURATION,
                evidence=name,
                severity=Severity.LOW,
                urgency=Urgency.WATCH,
            )


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge EXPOSE and what is installed in the image that is built."""
    for instruction in file.shipped:
        if instruction.keyword == "EXPOSE" and any(
            _SSH in range(low, high + 1) for low, high, _ in exposed(instruction.words)
        ):
            yield Problem("port 22 is exposed", _REMEDY, instruction, evidence="EXPOSE 22")
        for found in uses(instruction.commands):
            for name in found.packages:
                if name.partition("=")[0] in _PACKAGES:
                    yield Problem(
                        f"{name.partition('=')[0]} is installed",
                        _REMEDY,
                        instruction,
                        evidence=name.partition("=")[0],
                        severity=Severity.LOW,
                        urgency=Urgency.WATCH,
                    )


SSH_EXPOSED = Check(
    id="ssh-exposed",
    title="a login service in the image",
    severity=Severity.MEDIUM,
    urgency=Urgency.SOON,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.3", "NIST SP 800-190, 4.1.2"),
)
