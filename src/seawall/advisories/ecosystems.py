"""Which advisories may speak of which packages: ecosystems, their version schemes and names.

OSV names an ecosystem with its release where it has such (``Debian:12``); a feed has one directory
for all releases (``Debian``). An ecosystem that is not here cannot be matched yet.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seawall.model import Distribution, Package

# Debian's os-release has no VERSION_ID before a release is out.
_DEBIAN_RELEASES = {
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "duke": "15",
}
# Source packages that only carry signatures: advisories speak of the unsigned source. Debian has
# one for each architecture (linux-signed-amd64, linux-signed-6.1-arm64), Ubuntu for each flavour.
_SIGNED_KERNEL = re.compile(r"linux-signed(-[0-9.]+)?-[a-z][a-z0-9]*")
_SIGNED_GRUB = re.compile(r"grub-(?:efi-[a-z0-9]+|pc)-signed")
_UBUNTU_SIGNED_KERNEL = re.compile(r"linux-signed(-.+)?")
_REBUILD = re.compile(r"\+b[0-9]+$")


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """One directory of the OSV feed that we can match."""

    name: str
    scheme: str  # of `seawall.versions`
    package_type: str  # package-url type of the packages it speaks of
    normalise: Callable[[str], str] = str
    has_releases: bool = False


def normalised_python_name(name: str) -> str:
    """Return the name in the one form that is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


ECOSYSTEMS = {
    ecosystem.name: ecosystem
    for ecosystem in (
        Ecosystem("Debian", "dpkg", "deb", has_releases=True),
        Ecosystem("Ubuntu", "dpkg", "deb", has_releases=True),
        Ecosystem("PyPI", "pep440", "pypi", normalise=normalised_python_name),
        Ecosystem("npm", "npm", "npm"),
    )
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What advisories would call a package, and the version they would compare."""

    ecosystems: Sequence[str]  # with release, the first that the store knows counts
    name: str
    version: str
    scheme: str


def subject_of(package: Package, distribution: Distribution | None) -> Subject | None:
    """Return how advisories name `package`; None where no ecosystem speaks of it."""
    match package.type:
        case "deb":
            releases = _releases(distribution)
            if not releases:
                return None
            family = releases[0].partition(":")[0]
            name, version = _tracked_source(package, is_ubuntu=family == "Ubuntu")
            return Subject(releases, name, version, "dpkg")
        case "pypi":
            # 2.0.0+cpu is a build of 2.0.0: pip, too, lets it satisfy "<= 2.0.0" and "== 2.0.0".
            public = package.version.partition("+")[0]
            return Subject(["PyPI"], normalised_python_name(package.name), public, "pep440")
        case "npm":
            return Subject(["npm"], package.name, package.version, "npm")
        case _:
            return None


def _releases(distribution: Distribution | None) -> list[str]:
    if distribution is None:
        return []
    match distribution.id:
        case "debian":
            version = distribution.version.partition(".")[0]
            version = version or _DEBIAN_RELEASES.get(distribution.codename, "")
            return [f"Debian:{version}"] if version else []
        case "ubuntu":
            version = distribution.version
            return [f"Ubuntu:{version}:LTS", f"Ubuntu:{version}"] if version else []
        case _:
            return []


def _tracked_source(package: Package, is_ubuntu: bool) -> tuple[str, str]:
    """Return the source package and version under which a binary package is tracked.

    Signed kernels and boot loaders are built from sources of their own (``linux-signed-amd64``
    6.1.55+1), which say only which unsigned version they sign. Ubuntu tracks its signed boot
    loader by itself. A rebuild for one architecture (``+b1``) is no other source version.
    """
    source = package.source or package.name
    rebuilt_from = _REBUILD.sub("", package.version)
    version = package.source_version or rebuilt_from
    if is_ubuntu:
        signed = _UBUNTU_SIGNED_KERNEL.fullmatch(source)
        return (f"linux{signed[1] or ''}", rebuilt_from) if signed else (source, version)
    if kernel := _SIGNED_KERNEL.fullmatch(source):
        return f"linux{kernel[1] or ''}", rebuilt_from
    if _SIGNED_GRUB.fullmatch(source):
        # 1+2.06+13+deb12u1 signs 2.06-13+deb12u1
        upstream, _, revision = version.partition("+")[2].partition("+")
        return "grub2", f"{upstream}-{revision}" if revision else version
    return source, version
