"""Package-urls (https://github.com/package-url/purl-spec) with all that matching needs, both ways.

A distribution's package carries its distribution, architecture, epoch, module and source package as
qualifiers, so that an SBOM is judged exactly as the image it was made from. Qualifiers are those of
the specification's ``types/``, and ``upstream`` and ``rpmmod`` as syft writes them. Read are also
the forms of other tools: an epoch of its own for ``deb``, a source rpm's file name as ``upstream``,
``modularitylabel``, ``distro_name``, and a ``distro`` without the distribution's name.

The specification folds names of some types (``Jinja2`` becomes ``jinja2``), so a package-url does
not always give back the spelling; see `same_name`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from packageurl import PackageURL

from seawall.model import Distribution, Package

# Types of distributions' packages, and what stands for a distribution that nothing names.
_SYSTEMS = {"alpm": "arch", "apk": "alpine", "deb": "debian", "opkg": "", "rpm": ""}
_WITH_SOURCE = ("alpm", "apk", "deb", "rpm")
# The qualifier of a package built for one sort of machine, where it is not "arch".
_ARCH = {"conda": "subdir", "gem": "platform"}
# Where the publisher of rpm packages is called otherwise than os-release calls the distribution.
_PUBLISHERS = {
    "opensuse": "opensuse",
    "opensuse-leap": "opensuse",
    "opensuse-tumbleweed": "opensuse",
    "rhel": "redhat",
    "sl-micro": "suse",
    "sle-micro": "suse",
    "sle_hpc": "suse",
    "sled": "suse",
    "sles": "suse",
    "sles_sap": "suse",
    "suse-microos": "suse",
}
# How other tools (and the table above) call a distribution, and its os-release id.
_IDS = {
    "alibaba cloud linux": "alinux",
    "alma": "almalinux",
    "alma linux": "almalinux",
    "amazon": "amzn",
    "amazon linux": "amzn",
    "cbl-mariner": "mariner",
    "opensuse leap": "opensuse-leap",
    "opensuse tumbleweed": "opensuse-tumbleweed",
    "opensuse.leap": "opensuse-leap",
    "opensuse.tumbleweed": "opensuse-tumbleweed",
    "oracle": "ol",
    "oracle linux": "ol",
    "red hat enterprise linux": "rhel",
    "redhat": "rhel",
    "rocky linux": "rocky",
    "suse": "sles",
    "suse linux enterprise micro": "sle-micro",
    "suse linux enterprise server": "sles",
}
# Without releases, so that the name alone says which advisories speak.
_ROLLING = frozenset({"arch", "chainguard", "echo", "minimos", "opensuse-tumbleweed", "wolfi"})
_UBUNTU = {
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "noble": "24.04",
    "resolute": "26.04",
}
_DISTRO_LETTERS = 200  # the longest are below 50
_DISTRO = re.compile(r"(?:(.*?[^- ])[- ])??v?([0-9][^\s]*)")
_EPOCH = re.compile(r"([0-9]+):(.*)", re.DOTALL)
_SOURCE_RPM = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")
_PLAIN_TYPES = frozenset({"npm", "pypi", "gem", "cargo"})
_PLAIN = re.compile(r"pkg:[a-z]+/[a-z0-9][a-z0-9.-]*@[A-Za-z0-9][A-Za-z0-9.-]*")
_UUID = "uuid "  # how the evidence of a Julia package names what its package-url must have


@dataclass(frozen=True, slots=True)
class Located:
    """What a package-url says: a package, and the distribution it was built for."""

    package: Package
    distribution: Distribution | None


def purl(package: Package, distribution: Distribution | None) -> str:
    """Return the package-url, for example ``pkg:deb/debian/libssl3@3.0.11?arch=amd64&…``.

    Raises:
        ValueError: the package has no name that a package-url could carry.
    """
    if package.type in _PLAIN_TYPES and not package.arch:
        # Most packages of an image: nothing to fold, to quote or to add.
        url = f"pkg:{package.type}/{package.name}@{package.version}"
        if _PLAIN.fullmatch(url):
            return url
    namespace, name, version = "", package.name, package.version
    qualifiers: dict[str, str] = {}
    if package.arch:
        qualifiers[_ARCH.get(package.type, "arch")] = package.arch
    if package.type in _SYSTEMS:
        namespace = distribution.id if distribution else _SYSTEMS[package.type]
        if distribution and (release := distribution.version or distribution.codename):
            qualifiers["distro"] = f"{distribution.id}-{release}"
        if package.type == "rpm":
            namespace = _PUBLISHERS.get(namespace, namespace)
            qualifiers["epoch"], version = _without_epoch(version)
            qualifiers["rpmmod"] = package.module
        qualifiers["upstream"] = _upstream(package)
    elif package.type == "maven":
        namespace, _, name = name.rpartition(":")
    else:
        # Go, npm, Composer, Swift and others: all but the last part is the namespace.
        namespace, _, name = name.rpartition("/")
    if package.type == "julia":
        qualifiers["uuid"] = package.evidence.removeprefix(_UUID)
    return PackageURL(package.type, namespace, name, version, qualifiers).to_string()


def located(text: str) -> Located:
    """Return the package that a package-url names; the inverse of `purl`.

    Lost are what a package-url does not carry (layer, path, owner, evidence) and the spelling of
    some names. Of the distribution it has id and release.

    Raises:
        ValueError: `text` is no package-url.
    """
    url = PackageURL.from_string(text)
    qualifiers: Mapping[str, str] = url.qualifiers if isinstance(url.qualifiers, dict) else {}
    namespace, name, version = url.namespace or "", url.name, url.version or ""
    source = source_version = module = evidence = ""
    distribution = None
    if url.type in _SYSTEMS:
        distribution = _distribution(namespace, qualifiers)
        epoch = qualifiers.get("epoch", "")
        if epoch.isascii() and epoch.isdecimal() and int(epoch[:9]) and not _EPOCH.match(version):
            version = f"{epoch}:{version}" if version else ""
        version = version.removeprefix("0:")
        if url.type in _WITH_SOURCE:
            upstream = qualifiers.get("upstream", "")
            source, source_version = _source(url.type, name, version, upstream)
        if url.type == "rpm":
            label = qualifiers.get("rpmmod", "") or qualifiers.get("modularitylabel", "")
            module = ":".join(label.split(":")[:2])
    elif namespace:
        name = f"{namespace}{':' if url.type == 'maven' else '/'}{name}"
    if url.type == "julia" and qualifiers.get("uuid"):
        evidence = _UUID + qualifiers["uuid"]
    package = Package(
        type=url.type,
        name=name,
        version=version,
        source=source,
        source_version=source_version,
        arch=qualifiers.get(_ARCH.get(url.type, "arch"), ""),
        module=module,
        evidence=evidence,
    )
    return Located(package, distribution)


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are one but for the letters that package-urls fold."""
    return _folded(one) == _folded(other)


def distribution_of(name: str, release: str, codename: str = "") -> Distribution | None:
    """Return the distribution that any tool calls `name`, in its release; None without a name."""
    name = name.strip().lower()
    name = _IDS.get(name, name)
    release = release.strip()
    if not name:
        return None
    if release and not release[0].isdigit():
        codename, release = release, ""
    if name == "ubuntu" and not release:
        release = _UBUNTU.get(codename, "")
    return Distribution(name, release, codename)


def _distribution(namespace: str, qualifiers: Mapping[str, str]) -> Distribution | None:
    """Return the distribution where its release is known, or it has none."""
    codename = qualifiers.get("distro_name", "")
    codename = codename.rpartition("-")[2] if "-" in codename else codename
    text = qualifiers.get("distro", "").lower()[:_DISTRO_LETTERS]
    name, release = namespace, ""
    if match := _DISTRO.fullmatch(text):
        name, release = match[1] or namespace, match[2]
    elif text:
        name = namespace or text.partition("-")[0]
        codename = text.removeprefix(f"{name.lower()}-")
        if codename == name.lower():
            codename = ""
    found = distribution_of(name, release, codename)
    known = found and (found.version or found.codename or found.id in _ROLLING)
    return found if known else None


def _upstream(package: Package) -> str:
    """Return the source package; empty where it has the name and version of the package itself."""
    source, version = package.source, package.source_version
    if not source or (source, version) == (package.name, package.version):
        return ""
    if package.type == "rpm" and version:
        epoch, plain = _without_epoch(version)
        own, _ = _without_epoch(package.version)
        # An epoch that both share is the qualifier's.
        version = plain if epoch == own else f"{epoch or 0}:{plain}"
    return f"{source}@{version}" if version else source


def _source(kind: str, name: str, version: str, upstream: str) -> tuple[str, str]:
    """Return name and version of the source package; without `upstream` they are the package's."""
    if not upstream:
        return name, version
    if match := _SOURCE_RPM.fullmatch(upstream):
        source, own = match[1], match[2]
    else:
        source, _, own = upstream.partition("@")
    if not own:
        return source, version
    epoch, _ = _without_epoch(version)
    if kind == "rpm" and epoch and not _EPOCH.match(own):
        own = f"{epoch}:{own}"
    return source, own.removeprefix("0:") if kind == "rpm" else own


def _without_epoch(version: str) -> tuple[str, str]:
    match = _EPOCH.fullmatch(version)
    return (match[1], match[2]) if match else ("", version)


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
