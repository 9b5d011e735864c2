"""How advisories name a package."""

import pytest

from seawall.advisories import Subject, subject_of
from seawall.model import Distribution, Package

BOOKWORM = Distribution("debian", "12", "bookworm")
JAMMY = Distribution("ubuntu", "22.04", "jammy")


def deb(name: str, version: str, source: str = "", source_version: str = "") -> Package:
    return Package("deb", name, version, source, source_version)


@pytest.mark.parametrize(
    ("package", "name", "version"),
    [
        (deb("libc-bin", "2.36-9+deb12u1", "glibc", "2.36-9+deb12u1"), "glibc", "2.36-9+deb12u1"),
        (deb("libgcc-s1", "12.2.0-14", "gcc-12", "12.2.0-14"), "gcc-12", "12.2.0-14"),
        (deb("tar", "1.34+dfsg-1.2"), "tar", "1.34+dfsg-1.2"),
        (deb("zlib1g", "1:1.2.13.dfsg-1+b1", "zlib", "1:1.2.13.dfsg-1"), "zlib", "1:1.2.13.dfsg-1"),
        (deb("x", "1.0-1+b12"), "x", "1.0-1"),
        (
            deb("linux-image-6.1.0-13-amd64", "6.1.55-1", "linux-signed-amd64", "6.1.55+1"),
            "linux",
            "6.1.55-1",
        ),
        (
            deb("linux-image-6.1-arm64", "6.1.90-1~deb11u1", "linux-signed-6.1-arm64", "6.1.90+1"),
            "linux-6.1",
            "6.1.90-1~deb11u1",
        ),
        (
            deb("grub-efi-amd64-signed", "1+2.06+13+deb12u1", "grub-efi-amd64-signed"),
            "grub2",
            "2.06-13+deb12u1",
        ),
        (deb("shim-signed", "1.44~1+deb12u1", "shim-signed", "1.44"), "shim-signed", "1.44"),
    ],
)
def test_debian_tracks_source_packages(package: Package, name: str, version: str) -> None:
    assert subject_of(package, BOOKWORM) == Subject(["Debian:12"], name, version, "dpkg")


@pytest.mark.parametrize(
    ("package", "name", "version"),
    [
        (
            deb("linux-image-5.15.0-91-generic", "5.15.0-91.101", "linux-signed", "5.15.0-91.101"),
            "linux",
            "5.15.0-91.101",
        ),
        (
            deb("linux-image-5.15.0-1051-aws", "5.15.0-1051.56", "linux-signed-aws"),
            "linux-aws",
            "5.15.0-1051.56",
        ),
        (
            deb("grub-efi-amd64-signed", "1.187.6+2.06-2ubuntu14.4", "grub2-signed", "1.187.6"),
            "grub2-signed",
            "1.187.6",
        ),
    ],
)
def test_ubuntu_tracks_each_flavour_of_its_kernel(
    package: Package, name: str, version: str
) -> None:
    subject = subject_of(package, JAMMY)
    assert subject is not None
    assert (subject.name, subject.version) == (name, version)


@pytest.mark.parametrize(
    ("distribution", "releases"),
    [
        (BOOKWORM, ["Debian:12"]),
        (Distribution("debian", "12.4"), ["Debian:12"]),
        (Distribution("debian", "", "forky"), ["Debian:14"]),
        (JAMMY, ["Ubuntu:22.04:LTS", "Ubuntu:22.04"]),
        (Distribution("ubuntu", "24.10"), ["Ubuntu:24.10:LTS", "Ubuntu:24.10"]),
        (Distribution("debian", "", "unheard-of"), None),
        (Distribution("raspbian", "12"), None),
        (None, None),
    ],
)
def test_the_release_comes_from_the_distribution(
    distribution: Distribution | None, releases: list[str] | None
) -> None:
    subject = subject_of(deb("tar", "1"), distribution)
    assert (subject.ecosystems if subject else None) == releases


def test_python_packages_are_compared_without_their_local_version() -> None:
    found = subject_of(Package("pypi", "Torch_Vision", "2.0.0+cpu"), None)
    assert found == Subject(["PyPI"], "torch-vision", "2.0.0", "pep440")


def test_npm_packages_keep_their_scope() -> None:
    found = subject_of(Package("npm", "@babel/core", "7.0.0"), BOOKWORM)
    assert found == Subject(["npm"], "@babel/core", "7.0.0", "npm")


def test_nothing_speaks_of_other_packages() -> None:
    assert subject_of(Package("golang", "x", "1"), BOOKWORM) is None
