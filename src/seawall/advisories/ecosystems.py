"""Which advisories may speak of which packages: ecosystems, their version schemes and names.

OSV names an ecosystem with its release where it has such (``Debian:12``); a feed has one directory
for all releases (``Debian``). Distributions and their releases are in `distributions`, languages
here. An ecosystem that is in neither cannot be matched.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from seawall.advisories.distributions import FAMILIES, Family, Names, Releases, family_of
from seawall.model import Distribution, Package

# Source packages that only carry signatures: advisories speak of the unsigned source. Debian has
# one for each architecture (linux-signed-amd64, linux-signed-6.1-arm64), Ubuntu for each flavour.
_SIGNED_KERNEL = re.compile(r"linux-signed(-[0-9.]+)?-[a-z][a-z0-9]*")
_SIGNED_GRUB = re.compile(r"grub-(?:efi-[a-z0-9]+|pc)-signed")
_UBUNTU_SIGNED_KERNEL = re.compile(r"linux-signed(-.+)?")
_REBUILD = re.compile(r"\+b[0-9]+$")
_GEM_PLATFORM = re.compile(
    r"-(?:java|ruby|mswin|mingw|jruby|[a-z0-9_]+-(?:linux|darwin|mingw|mswin|freebsd|solaris)).*"
)
_BITNAMI_REVISION = re.compile(r"-[0-9]+$")
_SWIFT_DECORATION = re.compile(r"^(?:https?://|ssh://git@|git@)|(?:\.git)?/?$")
_ESM = re.compile(r"[+~]esm[0-9]")
_ESM_CHANNELS = ("esm-apps", "esm-infra")


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """One directory of the OSV feed that we can match."""

    name: str
    scheme: str  # of `seawall.versions`
    package_type: str  # package-url type of the packages it speaks of
    normalise: Callable[[str], str] = str
    has_releases: bool = False


# What an update fetches when nobody says more: what most images are made of. The others are
# large (Red Hat, SUSE, Ubuntu's Pro releases come with Ubuntu) or rare: --ecosystem names them.
BY_DEFAULT = frozenset(
    (
        *("AlmaLinux", "Alpine", "Chainguard", "Debian", "Rocky Linux", "Ubuntu", "Wolfi"),
        *("Bitnami", "Go", "Maven", "NuGet", "Packagist", "PyPI", "RubyGems", "crates.io", "npm"),
    )
)


def normalised_python_name(name: str) -> str:
    """Return the name in the one form that is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _swift_name(name: str) -> str:
    """Return a package's address without what may stand around it: ``github.com/vapor/vapor``."""
    return _SWIFT_DECORATION.sub("", name).replace(":", "/", 1).lower()


# Hackage compares lists of numbers as R does. Julia compares build metadata, as Dart does. Bitnami
# calls its versions semantic, yet some have two numbers, or leading zeros, which NuGet reads.
_LANGUAGES = (
    Ecosystem("Bioconductor", "r", "bioconductor"),
    Ecosystem("Bitnami", "nuget", "bitnami"),
    Ecosystem("CRAN", "r", "cran"),
    Ecosystem("Go", "go", "golang"),
    Ecosystem("Hackage", "r", "hackage"),
    Ecosystem("Hex", "hex", "hex"),
    Ecosystem("Julia", "pub", "julia"),
    Ecosystem("Maven", "maven", "maven"),
    Ecosystem("NuGet", "nuget", "nuget", str.lower),
    Ecosystem("Packagist", "composer", "composer", str.lower),
    Ecosystem("Pub", "pub", "pub"),
    Ecosystem("PyPI", "pep440", "pypi", normalised_python_name),
    Ecosystem("RubyGems", "rubygems", "gem"),
    Ecosystem("SwiftURL", "semver", "swift", _swift_name),
    Ecosystem("crates.io", "cargo", "cargo"),
    Ecosystem("npm", "npm", "npm"),
)
_BY_TYPE = {ecosystem.package_type: ecosystem for ecosystem in _LANGUAGES}
# A registry of one's own stands behind the name: "Maven:https://maven.google.com".
_REGISTRIES = {name: re.compile(rf"{name}:https?://.*") for name in ("Maven", "Packagist")}
# Types without any source of advisories, so that their absence is no gap of the store.
UNCOVERED = frozenset(
    {"alpm", "cocoapods", "conan", "conda", "generic", "luarocks", "opam", "wordpress"}
)
# What the classifier of binaries calls a program, and how Bitnami calls it.
_BITNAMI_NAMES = {
    "apache-httpd": "apache",
    "go": "golang",
    "httpd": "apache",
    "libjvm": "java",
    "nodejs": "node",
    "openjdk": "java",
    "postgres": "postgresql",
    "redis-server": "redis",
}

ECOSYSTEMS = {
    ecosystem.name: ecosystem
    for ecosystem in (
        *_LANGUAGES,
        *(
            Ecosystem(family.ecosystem, family.scheme, family.package_type, has_releases=True)
            for family in FAMILIES
            if family.ecosystem
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What advisories would call a package, and the version they would compare."""

    ecosystems: Sequence[str]  # with release; all that the store knows count
    name: str
    version: str
    scheme: str
    also: Sequence[str] = ()  # other names under which its advisories may stand
    module: str = ""  # rpm module and stream: "nodejs:18"
    channels: Sequence[str] = ()  # paid sources whose fixes count: "esm-infra"

    @property
    def names(self) -> tuple[str, ...]:
        """All names under which advisories may speak of it."""
        return (self.name, *self.also)


def subject_of(
    package: Package, distribution: Distribution | None, known: Collection[str] | None = None
) -> Subject | None:
    """Return how advisories name `package`; None where no ecosystem speaks of it.

    With `known`, the ecosystems of a store, its own names for a release are found as well (Red Hat
    and SUSE have many), and those that it lacks are left out: no ecosystem may be left.
    """
    if (language := _BY_TYPE.get(package.type)) is not None:
        name = language.normalise(package.name)
        return _language_subject(language, name, _plain_version(package), known)
    if package.type == "generic":
        # Bitnami's records are about upstream versions, so they fit what was built from source.
        name = _BITNAMI_NAMES.get(package.name.lower(), package.name.lower())
        return _language_subject(_BY_TYPE["bitnami"], name, package.version, known)
    family = family_of(distribution)
    if family is None or distribution is None or family.package_type != package.type:
        return None
    return _distribution_subject(package, distribution, family, known)


def releases_of(distribution: Distribution | None) -> Releases:
    """Return what OSV calls the release of a distribution; nothing where it has no name for it."""
    family = family_of(distribution)
    return family.releases(distribution) if family and distribution else Releases()


def _language_subject(
    ecosystem: Ecosystem, name: str, version: str, known: Collection[str] | None
) -> Subject:
    ecosystems = [ecosystem.name]
    if known is not None:
        registry = _REGISTRIES.get(ecosystem.name)
        others = (e for e in known if registry and registry.fullmatch(e))
        ecosystems = [e for e in ecosystems if e in known] + sorted(others)
    return Subject(ecosystems, name, version, ecosystem.scheme)


def _plain_version(package: Package) -> str:
    """Return the version as advisories write it."""
    version = package.version
    match package.type:
        case "pypi":
            # 2.0.0+cpu is a build of 2.0.0: pip, too, lets it satisfy "<= 2.0.0" and "== 2.0.0".
            return version.partition("+")[0]
        case "gem":
            return _GEM_PLATFORM.sub("", version)
        case "bitnami":
            return _BITNAMI_REVISION.sub("", version)
        case "swift" | "julia":
            return version.removeprefix("v")
        case _:
            return version


def _distribution_subject(
    package: Package, distribution: Distribution, family: Family, known: Collection[str] | None
) -> Subject | None:
    releases = family.releases(distribution)
    if not releases.names:
        return None
    ecosystems = list(releases.names) if known is None else releases.among(known)
    name, version = package.name, package.version
    also: tuple[str, ...] = ()
    match family.package_type, family.names:
        case "deb", _:
            name, version = _tracked_source(package, is_ubuntu=family.ecosystem == "Ubuntu")
        case _, Names.SOURCE:
            name, version = _source_package(package)
        case _, Names.BOTH if package.source and package.source != package.name:
            also = (package.source,)
    channels = tuple(distribution.channels)
    if family.ecosystem == "Ubuntu" and _ESM.search(version):
        channels += _ESM_CHANNELS  # it came from there, so the next one can come as well
    return Subject(ecosystems, name, version, family.scheme, also, package.module, channels)


def _source_package(package: Package) -> tuple[str, str]:
    """Return name and version of the source of an rpm or apk package.

    The name of a source rpm has no epoch; it is the binary's as far as anybody can tell.
    """
    version = package.source_version or package.version
    epoch, colon, _ = package.version.partition(":")
    if package.type == "rpm" and colon and ":" not in version:
        version = f"{epoch}:{version}"
    return package.source or package.name, version


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
