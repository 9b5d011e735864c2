"""The kernel of the host: what decides whether a flaw in kernel headers matters.

Header packages are built from the kernel's source, so advisories count them as affected; what runs
is the host's kernel. ``/proc/version`` names it, in a form of each distribution's own.
"""

import re
from dataclasses import dataclass

from seawall.model import Distribution, Package

# Built from the kernel's source, but no kernel: nothing in them can be attacked in a container.
_PARTS = {
    "deb": re.compile(r"linux-(?:libc-dev|headers-|kbuild-|compiler-|doc|source).*"),
    "rpm": re.compile(
        r"kernel(?:-[a-z0-9_]+)*-(?:headers|devel|doc|source|macros)|linux-glibc-devel"
    ),
    "apk": re.compile(r"linux-headers|linux-[a-z]+-dev"),
    "alpm": re.compile(r"linux-api-headers|linux(?:-[a-z]+)?-headers"),
}
_DEBIAN = re.compile(r" Debian ([0-9][^ ]*)")
_UBUNTU = re.compile(r"^Linux version ([0-9.]+-[0-9]+)-([a-z0-9-]+) .*#([0-9.]+)(?:~[^ ]*)?-Ubuntu")
_RPM = re.compile(
    r"^Linux version ([0-9][^ ]*\.(?:el[0-9]|fc[0-9]|amzn|mga|oe)[^ ]*?)(?:\.[a-z]+[0-9_]+)? "
)
_SUSE = re.compile(r"^Linux version ([0-9][0-9.]*-[0-9.]+)-(default|azure|rt)\b.*geeko@")
_ALPINE = re.compile(r"^Linux version ([0-9][0-9.]*)-([0-9]+)-([a-z]+) .*Alpine")


@dataclass(frozen=True, slots=True)
class HostKernel:
    """The kernel that runs on this host, as a package of the distribution that built it."""

    distribution: Distribution
    package: Package


def is_kernel_part(package: Package) -> bool:
    """Tell whether a package has parts of the kernel's source only, and nothing that runs."""
    form = _PARTS.get(package.type)
    return form is not None and form.fullmatch(package.name) is not None


def host_kernel(distribution: Distribution | None, proc_version: str) -> HostKernel | None:
    """Return the running kernel by ``/proc/version`` and the host's distribution.

    None where the kernel is not one that this distribution built (a virtual machine's own, one
    that somebody compiled), or names no version of a package.
    """
    if distribution is None:
        return None
    package = _package(distribution, proc_version)
    return HostKernel(distribution, package) if package else None


def _package(distribution: Distribution, text: str) -> Package | None:
    match distribution.id:
        case "debian" if found := _DEBIAN.search(text):
            return Package("deb", "linux", found[1], "linux", found[1])
        case "ubuntu" if found := _UBUNTU.match(text):
            source = "linux" if found[2] in ("generic", "lowlatency") else f"linux-{found[2]}"
            version = f"{found[1]}.{found[3]}"
            return Package("deb", source, version, source, version)
        case "alpine" if found := _ALPINE.match(text):
            name = f"linux-{found[3]}"
            return Package("apk", name, f"{found[1]}-r{found[2]}", name)
        case "sles" | "sled" | "sles_sap" | "opensuse-leap" | "opensuse-tumbleweed" if (
            found := _SUSE.match(text)
        ):
            return Package("rpm", f"kernel-{found[2]}", found[1], f"kernel-{found[2]}")
        case _ if found := _RPM.match(text):
            return Package("rpm", "kernel", found[1], "kernel")
        case _:
            return None
