"""Which of the platforms in an index is meant (OCI image specification, "Image Index"). Pure.

Names are those of Go: ``amd64``, not ``x86_64``. Where a variant goes without saying it is left out
when two platforms are compared, as containerd does: arm64 is arm64/v8, arm is arm/v7.
"""

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from seawall.errors import UsageError

_WRITTEN = re.compile(r"[a-z0-9_.-]{1,32}/[a-zA-Z0-9_.-]{1,32}(?:/[a-zA-Z0-9_.-]{1,32})?")
_MACHINES = {
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armv8l": ("arm", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i686": ("386", ""),
    "i386": ("386", ""),
}
_SAID_BY_ITSELF = {("arm64", "v8"), ("arm", "v7"), ("amd64", "v1")}


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system, a processor, and a variant of it that may be empty."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what ``OS/ARCHITECTURE[/VARIANT]`` says.

        Raises:
            UsageError: it has another form.
        """
        if not _WRITTEN.fullmatch(text):
            raise UsageError(f"{text!r} is no platform", "write linux/amd64, linux/arm64, …")
        os, architecture, *variant = text.split("/")
        machine, usual = _MACHINES.get(architecture, (architecture, ""))
        return cls(os, machine, _plain(machine, variant[0] if variant else usual))

    @classmethod
    def here(cls) -> Self:
        """Return Linux on this machine's processor."""
        machine = platform.machine()
        architecture, variant = _MACHINES.get(machine, (machine, ""))
        return cls("linux", architecture, _plain(architecture, variant))

    def __str__(self) -> str:
        variant = f"/{self.variant}" if self.variant else ""
        return f"{self.os}/{self.architecture}{variant}"

    def is_for(self, os: str, architecture: str) -> bool:
        """Tell whether an image for this system and processor, of any variant, is meant."""
        return (self.os, self.architecture) == (os, architecture)

    def best(self, offered: Sequence["Platform"]) -> int | None:
        """Return which of the platforms offered is this one, or comes nearest; None for none."""
        ranks = [
            (rank, number)
            for number, one in enumerate(offered)
            if (rank := self._rank(one)) is not None
        ]
        return min(ranks)[1] if ranks else None

    def _rank(self, other: "Platform") -> int | None:
        """Return how far off another platform is, 0 for this very one; None: it does not run."""
        if (self.os, self.architecture) != (other.os, other.architecture):
            return None
        if self.variant == _plain(other.architecture, other.variant):
            return 0
        mine, others = _arm(self), _arm(other)
        return mine - others if mine and others and others < mine else None


def _plain(architecture: str, variant: str) -> str:
    return "" if (architecture, variant) in _SAID_BY_ITSELF else variant


def _arm(one: Platform) -> int:
    """Return the version of a 32-bit Arm platform; 0 for all others."""
    if one.architecture != "arm":
        return 0
    version = (one.variant or "v7")[1:]
    return int(version) if version in ("5", "6", "7", "8") else 0
