"""Which archives of Ubuntu Pro an image takes packages from: extended maintenance (ESM), FIPS.

Fixes that only such an archive has are installable there and nowhere else. Pro writes apt sources
(sources.list(5)), and the state of its services into ``status.json``.
"""

import json
import re
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Channels, Fact, ImageFile
from seawall.model import Incomplete

_BYTES = 4 << 20  # real ones have a few kilobytes
# Archive → service. Before there were two of ESM, in 14.04, the only one stood at the root.
_SERVICES = {
    "apps": "esm-apps",
    "fips": "fips",
    "fips-updates": "fips-updates",
    "infra": "esm-infra",
    "realtime": "realtime-kernel",
    "ubuntu": "esm-infra",
}
_PLACE = re.compile(r"https?://[^\s/]*\besm\.ubuntu\.com/([a-z-]+)")
_NAMES = tuple(_SERVICES.values())
_DISABLED = re.compile(r"^Enabled:\s*(?:no|false|off|0)\s*$", re.MULTILINE | re.IGNORECASE)
_COMMENT = re.compile(r"^[ \t]*#.*\n?", re.MULTILINE)


def sources(file: ImageFile) -> Iterator[Fact]:
    """Yield which of Pro's archives the sources name; a stanza that is switched off names none."""
    if b"esm.ubuntu.com" not in file.content:
        return
    if len(file.content) > _BYTES:
        yield Incomplete(file.path, f"a list of apt sources of {len(file.content):,} bytes")
        return
    text = _COMMENT.sub("", file.text)
    found = {
        _SERVICES[archive]
        for stanza in text.split("\n\n")
        if not _DISABLED.search(stanza)
        for archive in _PLACE.findall(stanza)
        if archive in _SERVICES
    }
    if found:
        yield Channels(tuple(sorted(found)))


def services(file: ImageFile) -> Iterator[Fact]:
    """Yield which of these services Pro says to be enabled."""
    if len(file.content) > _BYTES:
        yield Incomplete(file.path, f"a state of Ubuntu Pro of {len(file.content):,} bytes")
        return
    document = json.loads(file.content)
    listed = document.get("services") if isinstance(document, dict) else None
    found = {
        service["name"]
        for service in (listed if isinstance(listed, list) else ())
        if isinstance(service, dict)
        and service.get("name") in _NAMES
        and service.get("status") == "enabled"
    }
    if found:
        yield Channels(tuple(sorted(found)))


APT_SOURCES = Cataloger(
    "apt-sources", (Pattern("etc/apt/sources.list"), Pattern("etc/apt/sources.list.d/*")), sources
)
UBUNTU_PRO = Cataloger("ubuntu-pro", (Pattern("var/lib/ubuntu-advantage/status.json"),), services)
