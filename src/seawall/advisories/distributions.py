"""How each distribution stands in the advisories: one row a family, from os-release to OSV's names.

OSV names a release in a form of each distribution's own ("Defined Ecosystems" of the OSV schema
1.7, and what the records themselves carry): ``Debian:12``, ``Ubuntu:22.04:LTS``, ``Alpine:v3.18``,
``Red Hat:enterprise_linux:9::appstream`` (a CPE without its beginning), ``SUSE:Linux Enterprise
Module for Basesystem 15 SP5``. Red Hat and SUSE publish a flaw under each repository or product
that ships the package, which os-release does not name, so all of a release's count.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum

from seawall.model import Distribution

# Debian's os-release has no VERSION_ID before a release is out.
_DEBIAN_RELEASES = {
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "duke": "15",
}


class Names(Enum):
    """Which name of a package its distribution's advisories use."""

    SOURCE = "source"
    BINARY = "binary"
    BOTH = "both"  # records of either sort occur


@dataclass(frozen=True, slots=True)
class Releases:
    """What OSV calls a release: names that are known, and the form of those that are not."""

    names: tuple[str, ...] = ()
    form: re.Pattern[str] | None = None
    note: str = ""  # what a reader of the result must know

    def among(self, ecosystems: Collection[str]) -> list[str]:
        """Return those of `ecosystems` that are about this release."""
        found = [name for name in self.names if name in ecosystems]
        if self.form is not None:
            others = (e for e in ecosystems if self.form.fullmatch(e) and e not in self.names)
            found += sorted(others)
        return found


_NONE = Releases()


def _nothing(_: Distribution) -> Releases:
    return _NONE


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution: what it is called, and how its packages are found in the advisories."""

    title: str
    ids: tuple[str, ...]  # os-release ID
    package_type: str
    scheme: str  # of `seawall.versions`
    ecosystem: str = ""  # OSV's; empty where OSV has no advisories of this distribution
    releases: Callable[[Distribution], Releases] = _nothing
    names: Names = Names.SOURCE
    lists_unfixed: bool = False  # its feed names flaws that have no fix yet, too


def _debian(distribution: Distribution) -> Releases:
    version = _major(distribution) or _DEBIAN_RELEASES.get(distribution.codename, "")
    return Releases((f"Debian:{version}",)) if version else _NONE


def _ubuntu(distribution: Distribution) -> Releases:
    """Return the release, and what only Ubuntu Pro has for it; see `channel_of`."""
    version = distribution.version
    if not version:
        return _NONE
    names = [f"Ubuntu:{version}:LTS", f"Ubuntu:{version}", f"Ubuntu:Pro:{version}:LTS"]
    if "fips" in distribution.channels:
        names.append(f"Ubuntu:Pro:FIPS:{version}:LTS")
    if "fips-updates" in distribution.channels:
        names.append(f"Ubuntu:Pro:FIPS-updates:{version}:LTS")
    if "realtime-kernel" in distribution.channels:
        names.append(f"Ubuntu:Pro:{version}:LTS:Realtime:Kernel")
    return Releases(tuple(names))


def _alpine(distribution: Distribution) -> Releases:
    """Return the branch; edge calls itself by the next one (``3.22.0_alpha20250108``)."""
    if "_alpha" in distribution.version or distribution.name.endswith(" edge"):
        return Releases(("Alpine:edge",))
    branch = re.match(r"[0-9]+\.[0-9]+", distribution.version)
    if branch is None:
        return _NONE
    note = ""
    if {"edge", "edge-tagged"}.intersection(distribution.channels):
        note = f"packages from Alpine's edge are judged as those of v{branch[0]} are"
    return Releases((f"Alpine:v{branch[0]}",), note=note)


def _red_hat(distribution: Distribution) -> Releases:
    """Return all repositories of the major release, and what the image's own CPE adds.

    Streams that are paid for (EUS, AUS, ELS) fix flaws in versions of their own; they count where
    the CPE of os-release names one, as ``cpe:/o:redhat:rhel_eus:9.4::baseos`` does.
    """
    major = _major(distribution)
    if not major:
        return _NONE
    names = tuple(f"Red Hat:enterprise_linux:{major}::{part}" for part in ("baseos", "appstream"))
    form = rf"Red Hat:enterprise_linux:{major}(?:\.[0-9]+)?(?:::.*)?"
    paid = re.fullmatch(r"cpe:/[oa]:redhat:(rhel_[a-z0-9]+):([0-9.]+)(?:::.*)?", distribution.cpe)
    if paid:
        form += rf"|Red Hat:{paid[1]}:{re.escape(paid[2])}(?:::.*)?"
    return Releases(names, re.compile(form))


def _centos(distribution: Distribution) -> Releases:
    """Return Red Hat's release for CentOS 7 and 8, which were rebuilt from it, version for version.

    CentOS Stream runs ahead of Red Hat's releases: its versions are others.
    """
    if is_stream(distribution) or _major(distribution) not in ("7", "8"):
        return _NONE
    red_hat = _red_hat(distribution)
    note = "CentOS is judged by Red Hat's advisories: it was built from the same sources"
    return Releases(red_hat.names, red_hat.form, note)


def is_stream(distribution: Distribution) -> bool:
    """Tell whether this is CentOS Stream; only its name tells it from CentOS."""
    return distribution.id == "centos" and "stream" in distribution.name.lower()


def _suse(distribution: Distribution) -> Releases:
    """Return all products and modules of a service pack, those with paid support included."""
    release = distribution.version
    if not release:
        return _NONE
    version, _, pack = release.partition(".")
    if version in ("11", "12", "15"):  # 16 has no service packs: it is 16.0, 16.1
        release = f"{version} SP{pack}" if pack not in ("", "0") else version
    form = rf"SUSE:Linux Enterprise (?!Micro)(?:[^0-9]* )?{re.escape(release)}(?:-[A-Za-z-]+)?"
    names = (
        f"SUSE:Linux Enterprise Server {release}",
        f"SUSE:Linux Enterprise Module for Basesystem {release}",
    )
    return Releases(names, re.compile(form))


def _suse_micro(distribution: Distribution) -> Releases:
    version = distribution.version
    names = (f"SUSE:Linux Enterprise Micro {version}", f"SUSE:Linux Micro {version}")
    return Releases(names) if version else _NONE


def _leap(distribution: Distribution) -> Releases:
    version = distribution.version
    return Releases((f"openSUSE:Leap {version}",)) if version else _NONE


def _open_euler(distribution: Distribution) -> Releases:
    """Return ``openEuler:22.03-LTS-SP3``: the service pack is only in the name for people."""
    version = distribution.version
    support = re.search(r"\(([A-Z0-9-]+)\)", distribution.name)
    if not version:
        return _NONE
    return Releases((f"openEuler:{version}-{support[1]}" if support else f"openEuler:{version}",))


def _azure(distribution: Distribution) -> Releases:
    major = _major(distribution)
    return Releases((f"Azure Linux:{major}",)) if major else _NONE


def _by_major(ecosystem: str) -> Callable[[Distribution], Releases]:
    def named(distribution: Distribution) -> Releases:
        major = _major(distribution)
        return Releases((f"{ecosystem}:{major}",)) if major else _NONE

    return named


def _by_version(ecosystem: str) -> Callable[[Distribution], Releases]:
    def named(distribution: Distribution) -> Releases:
        version = distribution.version
        return Releases((f"{ecosystem}:{version}",)) if version else _NONE

    return named


def _rolling(ecosystem: str) -> Callable[[Distribution], Releases]:
    def named(_: Distribution) -> Releases:
        return Releases((ecosystem,))

    return named


def _major(distribution: Distribution) -> str:
    return distribution.version.partition(".")[0]


FAMILIES = (
    Family("Debian", ("debian",), "deb", "dpkg", "Debian", _debian, lists_unfixed=True),
    Family("Ubuntu", ("ubuntu",), "deb", "dpkg", "Ubuntu", _ubuntu, lists_unfixed=True),
    Family("Echo", ("echo",), "deb", "dpkg", "Echo", _rolling("Echo")),
    Family("Alpine Linux", ("alpine",), "apk", "apk", "Alpine", _alpine),
    Family("Wolfi", ("wolfi",), "apk", "apk", "Wolfi", _rolling("Wolfi"), Names.BOTH),
    Family(
        "Chainguard",
        ("chainguard",),
        "apk",
        "apk",
        "Chainguard",
        _rolling("Chainguard"),
        Names.BOTH,
    ),
    Family("MinimOS", ("minimos",), "apk", "apk", "MinimOS", _rolling("MinimOS"), Names.BOTH),
    Family("Alpaquita", ("alpaquita",), "apk", "apk", "Alpaquita", _by_version("Alpaquita")),
    Family("Red Hat", ("rhel",), "rpm", "rpm", "Red Hat", _red_hat, Names.BINARY),
    Family("CentOS", ("centos",), "rpm", "rpm", "Red Hat", _centos, Names.BINARY),
    Family(
        "AlmaLinux", ("almalinux",), "rpm", "rpm", "AlmaLinux", _by_major("AlmaLinux"), Names.BINARY
    ),
    Family("Rocky Linux", ("rocky",), "rpm", "rpm", "Rocky Linux", _by_major("Rocky Linux")),
    Family("Oracle Linux", ("ol",), "rpm", "rpm"),
    Family("Amazon Linux", ("amzn",), "rpm", "rpm"),
    Family("Fedora", ("fedora",), "rpm", "rpm"),
    Family(
        "SUSE Linux Enterprise",
        ("sles", "sled", "sles_sap", "sle_hpc"),
        "rpm",
        "rpm",
        "SUSE",
        _suse,
    ),
    Family(
        "SUSE Linux Enterprise Micro",
        ("sle-micro", "sl-micro", "suse-microos"),
        "rpm",
        "rpm",
        "SUSE",
        _suse_micro,
    ),
    Family("openSUSE Leap", ("opensuse-leap", "opensuse"), "rpm", "rpm", "openSUSE", _leap),
    Family(
        "openSUSE Tumbleweed",
        ("opensuse-tumbleweed",),
        "rpm",
        "rpm",
        "openSUSE",
        _rolling("openSUSE:Tumbleweed"),
    ),
    Family("Mageia", ("mageia",), "rpm", "rpm", "Mageia", _by_major("Mageia")),
    Family("openEuler", ("openeuler",), "rpm", "rpm", "openEuler", _open_euler),
    Family(
        "Azure Linux",
        ("azurelinux", "mariner"),
        "rpm",
        "rpm",
        "Azure Linux",
        _azure,
        lists_unfixed=True,
    ),
    # The schema has the name, but nobody publishes under it: says so where the store has none.
    Family(
        "Photon OS", ("photon",), "rpm", "rpm", "Photon OS", _by_version("Photon OS"), Names.BINARY
    ),
    Family("Arch Linux", ("arch",), "alpm", "rpm"),
)
_BY_ID = {name: family for family in FAMILIES for name in family.ids}


def family_of(distribution: Distribution | None) -> Family | None:
    """Return the row of a distribution; None where there is none, or nothing names it."""
    return _BY_ID.get(distribution.id) if distribution else None
