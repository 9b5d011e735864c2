"""What people write for an image in a registry: ``[HOST[:PORT]/]NAME[:TAG][@DIGEST]``.

The grammar is that of the "reference" package of the distribution project, with Docker's defaults:
``docker.io`` where no host is named, ``library/`` before a single name there, ``latest`` where
neither tag nor digest is given. Pure.
"""

import ipaddress
import re
from dataclasses import dataclass

from seawall.errors import UsageError

DOCKER_HUB = "docker.io"
_HUB_HOST = "registry-1.docker.io"
_NAME_CHARACTERS = 255
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(?::([0-9]{{1,5}}))?")
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image in a registry."""

    registry: str  # as people name it: "docker.io", "registry.example:5000"
    repository: str  # "library/debian"
    tag: str  # empty only where there is a digest and no tag was written
    digest: str  # "sha256:…", which then decides; may be empty

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.registry}/{self.repository}{tag}" + (
            f"@{self.digest}" if self.digest else ""
        )

    @property
    def host(self) -> str:
        """The host to speak to, with the port where one was written."""
        return _HUB_HOST if self.registry == DOCKER_HUB else self.registry

    @property
    def wanted(self) -> str:
        """What to ask the registry for: the digest, else the tag."""
        return self.digest or self.tag


def parse(text: str) -> Reference:
    """Return what `text` names.

    Raises:
        UsageError: it is no name of an image in a registry.
    """
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise UsageError(f"{text}: {digest[:80]!r} is no digest", "sha256: and 64 hex digits")
    first, slash, others = rest.partition("/")
    # As Docker tells a host from a folder of the hub: it has a dot, a port, or capital letters.
    is_host = bool(slash) and (
        "." in first or ":" in first or first == "localhost" or first != first.lower()
    )
    registry, path = (first, others) if is_host else (DOCKER_HUB, rest)
    path, colon, tag = path.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise UsageError(f"{text}: {tag[:80]!r} is no tag", "letters, digits, and . _ - behind it")
    if registry in ("index.docker.io", _HUB_HOST):
        registry = DOCKER_HUB
    if registry == DOCKER_HUB and "/" not in path:
        path = f"library/{path}"
    if not is_host_name(registry):
        raise UsageError(f"{text}: {registry[:80]!r} is no host", "write HOST[:PORT]/NAME[:TAG]")
    # The length first: it bounds what the pattern has to look at.
    if len(registry) + 1 + len(path) > _NAME_CHARACTERS or not _REPOSITORY.fullmatch(path):
        raise UsageError(
            f"{text}: {path[:80]!r} is no name in a registry",
            "small letters and digits, with . _ - between them, and / between parts",
        )
    return Reference(registry, path, tag or ("" if digest else "latest"), digest)


def is_host_name(text: str) -> bool:
    """Tell whether `text` is ``HOST`` or ``HOST:PORT``; it becomes part of addresses and paths."""
    found = _HOST.fullmatch(text) if len(text) <= _NAME_CHARACTERS else None
    if found is None or int(found[1] or 1) not in range(1, 1 << 16):
        return False
    if text.startswith("["):
        try:
            ipaddress.IPv6Address(text[1 : text.index("]")])
        except ValueError:
            return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether ``HOST[:PORT]`` is this machine, as seen from itself."""
    name = host[1 : host.index("]")] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_digest(text: str) -> bool:
    """Tell whether `text` is a digest of a kind that registries use."""
    return _DIGEST.fullmatch(text) is not None
