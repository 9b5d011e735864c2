"""Logins for registries, where ``docker login`` and ``podman login`` keep them.

Docker's ``config.json`` (``credHelpers``, ``credsStore``, ``auths``) and ``auth.json`` of the
containers tools (containers-auth.json(5)), which has the same form and may name a folder of a
registry. A credential helper is a program ``docker-credential-NAME``: it gets the registry's name
on stdin and answers in JSON (docker-credential-helpers' protocol).
"""

import base64
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seawall.errors import BadRegistrySetup
from seawall.registry.reference import DOCKER_HUB, Reference

_HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io", DOCKER_HUB, "registry-1.docker.io")
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HELPER_TIMEOUT_S = 60  # it may ask the person to unlock a key store
_FILE_BYTES = 16 << 20
_TOKEN_USER = "<token>"  # noqa: S105 - how a helper says that the secret is an identity token


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves who we are; never printed."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)  # to be exchanged for a token
    registry_token: str = field(default="", repr=False)  # a token as it is sent

    @property
    def basic(self) -> str:
        """The value of an ``Authorization`` header; empty without user and password."""
        if not self.user:
            return ""
        pair = f"{self.user}:{self.password}".encode("utf-8", "surrogateescape")
        return f"Basic {base64.b64encode(pair).decode()}"


ANONYMOUS = Credentials()


def find(reference: Reference, files: Sequence[Path]) -> Credentials:
    """Return the login for a registry from the first file that has one; else `ANONYMOUS`.

    Raises:
        BadRegistrySetup: a file or helper that should have it is unusable.
    """
    for file in files:
        document = _read(file)
        if document is None:
            continue
        found = _from_helper(reference, document, file) or _from_file(reference, document, file)
        if found is not None:
            return found
    return ANONYMOUS


def _read(file: Path) -> dict[str, Any] | None:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_FILE_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BadRegistrySetup(
            f"{file}: {error.strerror}", "is it yours? DOCKER_CONFIG names another folder"
        ) from error
    try:
        document = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError) as error:
        raise BadRegistrySetup(f"{file}: no valid JSON", "docker login writes it anew") from error
    if not isinstance(document, dict):
        raise BadRegistrySetup(f"{file}: not of the form it should have", "docker login writes it")
    return document


def _names(reference: Reference) -> Iterator[str]:
    """Yield what a login for this image may be filed under, the narrowest first."""
    parts = reference.repository.split("/")
    for count in range(len(parts), 0, -1):
        yield "/".join((reference.registry, *parts[:count]))
    yield reference.registry
    if reference.registry == DOCKER_HUB:
        yield from _HUB_KEYS


def _from_helper(reference: Reference, document: dict[str, Any], file: Path) -> Credentials | None:
    helpers = document.get("credHelpers")
    hosts = _HUB_KEYS if reference.registry == DOCKER_HUB else (reference.registry,)
    if isinstance(helpers, dict):
        for host in hosts:
            if isinstance(helpers.get(host), str) and helpers[host]:
                return _helped(helpers[host], host, file)
    store = document.get("credsStore")
    return _helped(store, hosts[0], file) if isinstance(store, str) and store else None


def _helped(name: str, host: str, file: Path) -> Credentials | None:
    """Ask a helper; None where it knows nothing of the registry."""
    program = f"docker-credential-{name}"
    if not _HELPER.fullmatch(name):  # it becomes the name of a program
        raise BadRegistrySetup(f"{file}: {name[:80]!r} is no name of a credential helper", "")
    try:
        done = subprocess.run(
            [program, "get"],
            input=host.encode(),
            capture_output=True,
            timeout=_HELPER_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise BadRegistrySetup(
            f"{file} names {program}, which is not installed", "install it, or log in anew"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadRegistrySetup(f"{program}: {error}", "try: echo HOST | " + program) from error
    if done.returncode:
        said = (done.stdout.strip() or done.stderr.strip()).decode("utf-8", "replace")
        if "credentials not found" in said:
            return None
        raise BadRegistrySetup(f"{program}: {said[:200]}", f"see {file}")
    try:
        answer = json.loads(done.stdout)
        user, secret = answer["Username"], answer["Secret"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRegistrySetup(f"{program}: an answer of an unknown form", f"see {file}") from error
    if user == _TOKEN_USER:
        return Credentials(identity_token=str(secret))
    return Credentials(str(user), str(secret)) if user else None


def _from_file(reference: Reference, document: dict[str, Any], file: Path) -> Credentials | None:
    logins = document.get("auths")
    if not isinstance(logins, dict):
        return None
    found = next((logins[name] for name in _names(reference) if name in logins), None)
    if found is None:  # older tools write whole addresses: https://registry.example/v1/
        found = next(
            (login for key, login in logins.items() if _host(str(key)) == reference.registry), None
        )
    if not isinstance(found, dict):
        return None
    user, password = str(found.get("username") or ""), str(found.get("password") or "")
    if isinstance(found.get("auth"), str) and found["auth"]:
        try:
            pair = base64.b64decode(found["auth"], validate=True).decode()
        except ValueError as error:
            raise BadRegistrySetup(
                f"{file}: the login for {reference.registry} is damaged",
                f"docker login {reference.registry}",
            ) from error
        user, _, password = pair.rstrip("\0").partition(":")
    identity, token = found.get("identitytoken"), found.get("registrytoken")
    credentials = Credentials(user, password, str(identity or ""), str(token or ""))
    return None if credentials == ANONYMOUS else credentials


def _host(key: str) -> str:
    """Return the host of a key that may be a whole address."""
    return key.partition("://")[2].partition("/")[0] if "://" in key else ""
