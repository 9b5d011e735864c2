"""How registries are reached: what the environment and the usual files say.

Environment: ``DOCKER_CONFIG`` and ``REGISTRY_AUTH_FILE`` (logins), ``SEAWALL_REGISTRY_CA``,
``SEAWALL_INSECURE_REGISTRIES``, and the proxy variables that every tool reads.
"""

import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from seawall.errors import BadRegistrySetup
from seawall.registry.reference import is_host_name


@dataclass(frozen=True, slots=True)
class Settings:
    """Where logins and certificates are, and what may be reached how."""

    login_files: tuple[Path, ...] = ()  # the first that knows a registry is believed
    certificate_folders: tuple[Path, ...] = ()  # with HOST[:PORT]/*.crt, *.cert, *.key
    authorities: Path | None = None  # certificates to trust beside the system's, for every host
    insecure: frozenset[str] = frozenset()  # HOST[:PORT] that may be spoken to without TLS
    proxies: Mapping[str, str] = field(default_factory=dict)  # by scheme; "no" lists exceptions

    @classmethod
    def from_environment(cls) -> Self:
        """Return what applies to this process.

        Raises:
            BadRegistrySetup: a variable holds what it cannot mean.
        """
        authorities = os.environ.get("SEAWALL_REGISTRY_CA")
        listed = os.environ.get("SEAWALL_INSECURE_REGISTRIES", "")
        insecure = frozenset(listed.replace(",", " ").lower().split())
        for host in insecure:
            if not is_host_name(host):
                raise BadRegistrySetup(
                    f"SEAWALL_INSECURE_REGISTRIES: {host!r} is no host",
                    "write HOST[:PORT], with commas between several",
                )
        return cls(
            login_files=tuple(_login_files()),
            certificate_folders=tuple(_certificate_folders()),
            authorities=Path(authorities) if authorities else None,
            insecure=insecure,
            proxies=urllib.request.getproxies_environment(),
        )


def _login_files() -> list[Path]:
    """Return where logins may be: the file that is named, Docker's, then podman's and skopeo's."""
    files: list[Path] = []
    if named := os.environ.get("REGISTRY_AUTH_FILE"):
        files.append(Path(named))
    docker = os.environ.get("DOCKER_CONFIG")
    files.append((Path(docker) if docker else _home() / ".docker") / "config.json")
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    containers = Path(runtime) / "containers" if runtime else Path(f"/run/containers/{os.getuid()}")
    config = os.environ.get("XDG_CONFIG_HOME")
    folder = (Path(config) if config else _home() / ".config") / "containers"
    return [*files, containers / "auth.json", folder / "auth.json"]


def _certificate_folders() -> list[Path]:
    return [
        Path("/etc/docker/certs.d"),
        Path("/etc/containers/certs.d"),
        _home() / ".config/docker/certs.d",  # Docker without root
    ]


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # no HOME, and the user is in no database
        return Path("/nonexistent")
