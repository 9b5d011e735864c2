"""Packages of OpenWrt and Yocto images: opkg's ``status``, in dpkg's form.

Its ``Source`` is a folder of the build system, no package; so there is none. No feed of advisories
speaks of these packages.
"""

from collections.abc import Iterator
from dataclasses import replace

from seawall.images import Pattern
from seawall.inventory.catalogers import dpkg
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile
from seawall.model import Package


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield one package for each installed stanza, in file order."""
    for fact in dpkg.installed(file):
        if isinstance(fact, Package):
            yield replace(fact, type="opkg", source="", source_version="")
        else:
            yield fact


OPKG = Cataloger(
    "opkg", (Pattern("usr/lib/opkg/status"), Pattern("var/lib/opkg/status")), installed
)
