"""Whom to trust, and as whom to speak, for each host.

The system's authorities, those of ``SEAWALL_REGISTRY_CA``, and what Docker reads for a host:
``certs.d/HOST[:PORT]/`` with authorities in ``*.crt`` and our own certificates in ``*.cert`` beside
``*.key``.
"""

import ssl
from pathlib import Path

from seawall.errors import BadRegistrySetup
from seawall.registry.settings import Settings


def context(host: str, settings: Settings) -> ssl.SSLContext:
    """Return how to speak TLS with ``HOST[:PORT]``.

    Raises:
        BadRegistrySetup: a certificate or key cannot be read.
    """
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.authorities is not None:
        _trust(made, settings.authorities)
    for folder in settings.certificate_folders:
        place = folder / host
        try:
            files = sorted(place.iterdir()) if place.is_dir() else []
        except OSError as error:
            raise BadRegistrySetup(f"{place}: {error.strerror}", "check its permissions") from error
        for file in files:
            if file.suffix == ".crt":
                _trust(made, file)
            elif file.suffix == ".cert":
                _present(made, file)
    return made


def _trust(made: ssl.SSLContext, file: Path) -> None:
    try:
        made.load_verify_locations(cafile=file)
    except OSError as error:  # ssl.SSLError is one
        raise BadRegistrySetup(
            f"{file}: no usable certificate ({error.strerror or error})", "PEM is needed"
        ) from error


def _present(made: ssl.SSLContext, file: Path) -> None:
    key = file.with_suffix(".key")

    def no_password() -> str:
        raise BadRegistrySetup(f"{key}: has a password", "a key without one is needed")

    try:
        made.load_cert_chain(file, key, no_password)
    except OSError as error:
        raise BadRegistrySetup(
            f"{file}: no usable certificate with {key.name} ({error.strerror or error})",
            "PEM is needed for both",
        ) from error
