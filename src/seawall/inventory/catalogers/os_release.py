"""The distribution, from os-release(5)."""

import re
import shlex
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile
from seawall.model import Distribution, Incomplete

_BYTES = 64 << 10  # real ones have less than one kilobyte
_VALUE_CHARACTERS = 1000
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")


def distribution(file: ImageFile) -> Iterator[Fact]:
    """Yield the distribution that the file names; nothing where it has no proper ``ID``."""
    if len(file.content) > _BYTES:
        yield Incomplete(file.path, f"an os-release file of {len(file.content):,} bytes")
        return
    values: dict[str, str] = {}
    for line in file.text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and key.isidentifier():
            values[key] = _unquoted(value)
    name = values.get("ID", "").lower()
    if _ID.fullmatch(name):
        yield Distribution(
            id=name,
            version=values.get("VERSION_ID", ""),
            codename=values.get("VERSION_CODENAME", ""),
            name=values.get("PRETTY_NAME", ""),
            cpe=values.get("CPE_NAME", ""),
        )


def _unquoted(value: str) -> str:
    """Return a value without its shell quoting; as it stands where the quoting is broken."""
    if len(value) > _VALUE_CHARACTERS:  # shlex takes its time, and no real value is that long
        return value.strip("\"'")
    try:
        return " ".join(shlex.split(value))
    except ValueError:
        return value.strip("\"'")


OS_RELEASE = Cataloger(
    "os-release", (Pattern("etc/os-release"), Pattern("usr/lib/os-release")), distribution
)
