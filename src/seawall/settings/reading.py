"""What many settings are: paths, addresses, and secrets that are only named.

No message shows the value of something that could be a secret, or could hold one by mistake.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from seawall.settings.document import Value
from seawall.settings.secret import Secret

_HOST_AND_PORT = re.compile(
    r"(?:(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]{0,254})|\[(?P<ipv6>[0-9a-fA-F:.]{2,45})\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_Scheme = TypeVar("_Scheme", bound=str)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port of it."""

    host: str  # without the brackets of IPv6
    port: int  # 1 to 65535

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def path(value: Value, scheme: str = "") -> Path:
    """Return the absolute path behind `scheme`: a service has no folder to count others from."""
    text = value.text().removeprefix(scheme)
    if not text.startswith("/") or not text.isprintable():
        raise value.wrong(f"must be an absolute path, as {scheme}/run/seawall/name")
    return Path(text)


def address(value: Value, port: int | None = None) -> Address:
    """Return what ``HOST:PORT`` names; the port may be left out where one is usual."""
    return _address(value, value.text(), port)


def address_after_scheme(value: Value, ports: Mapping[_Scheme, int]) -> tuple[_Scheme, Address]:
    """Return the scheme, one of those with their usual ports, and the host and port behind it."""
    written, _, rest = value.text().partition("://")
    for scheme, port in ports.items():
        if scheme == written:
            return scheme, _address(value, rest, port)
    raise value.wrong(f"must begin with {' or '.join(f'{name}://' for name in ports)}")


def web_address(value: Value) -> str:
    """Return an http or https address without a login in it."""
    text = value.text()
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        is_whole = False
    else:
        if "@" in parts.netloc:
            raise value.wrong("must have no user and no password in it: whoever reads it has them")
    if not is_whole or not text.isprintable() or " " in text or "\\" in text:
        raise value.wrong("must be an http or https address, as https://host/path")
    return text


def secret(keys: Mapping[str, Value], stem: str) -> Secret | None:
    """Return the secret that ``STEM_file`` or ``STEM_env`` names; None where neither is there."""
    file, variable = keys.get(f"{stem}_file"), keys.get(f"{stem}_env")
    if file and variable:
        raise variable.wrong(f"one of {stem}_file and {stem}_env, not both")
    if file:
        return Secret(path(file), file.where)
    if variable:
        if not _VARIABLE.fullmatch(variable.text()):
            raise variable.wrong("must be the name of a variable of the environment")
        return Secret(variable.text(), variable.where)
    return None


def refuse_written_secret(value: Value, stem: str) -> None:
    """Refuse a mapping that holds a secret itself, instead of naming where it is."""
    if written := value.peek(stem):
        raise written.wrong(
            "must not stand in this file, which many may read: "
            f"name a file that holds it with {stem}_file, or a variable with {stem}_env"
        )


def _address(value: Value, text: str, port: int | None) -> Address:
    found = _HOST_AND_PORT.fullmatch(text)
    number = int(found["port"] or port or 0) if found else 0
    if found is None or number not in range(1, 1 << 16) or not _is_host(found):
        raise value.wrong(f"must be HOST:PORT{'' if port is None else ' or HOST'}")
    return Address(found["host"] or found["ipv6"], number)


def _is_host(found: re.Match[str]) -> bool:
    try:
        return found["ipv6"] is None or bool(ipaddress.IPv6Address(found["ipv6"]))
    except ValueError:
        return False
