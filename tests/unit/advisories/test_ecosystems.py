"""How advisories name a package."""

import pytest

from seawall.advisories import ECOSYSTEMS, Subject, subject_of
from seawall.model import Distribution, Package
from seawall.versions import SCHEMES, compare

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
        (JAMMY, ["Ubuntu:22.04:LTS", "Ubuntu:22.04", "Ubuntu:Pro:22.04:LTS"]),
        (
            Distribution("ubuntu", "24.10"),
            ["Ubuntu:24.10:LTS", "Ubuntu:24.10", "Ubuntu:Pro:24.10:LTS"],
        ),
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


@pytest.mark.parametrize(
    ("package", "ecosystem", "name", "version", "scheme"),
    [
        (Package("golang", "stdlib", "go1.21.3"), "Go", "stdlib", "go1.21.3", "go"),
        (Package("golang", "golang.org/x/net", "v0.1.0"), "Go", "golang.org/x/net", "v0.1.0", "go"),
        (Package("cargo", "Serde_json", "1.0.0"), "crates.io", "Serde_json", "1.0.0", "cargo"),
        (Package("maven", "a.b:c", "1.0"), "Maven", "a.b:c", "1.0", "maven"),
        (Package("gem", "nokogiri", "1.15.0"), "RubyGems", "nokogiri", "1.15.0", "rubygems"),
        (
            Package("gem", "nokogiri", "1.15.0-x86_64-linux"),
            "RubyGems",
            "nokogiri",
            "1.15.0",
            "rubygems",
        ),
        (Package("gem", "json", "2.6.1-java"), "RubyGems", "json", "2.6.1", "rubygems"),
        (
            Package("composer", "Symfony/HTTP", "v6.0"),
            "Packagist",
            "symfony/http",
            "v6.0",
            "composer",
        ),
        (Package("nuget", "Newtonsoft.Json", "13"), "NuGet", "newtonsoft.json", "13", "nuget"),
        (Package("cran", "readxl", "1.0-1"), "CRAN", "readxl", "1.0-1", "r"),
        (Package("hackage", "aeson", "2.0.3.0"), "Hackage", "aeson", "2.0.3.0", "r"),
        (Package("hex", "plug", "1.0.0"), "Hex", "plug", "1.0.0", "hex"),
        (Package("pub", "http", "0.13.0"), "Pub", "http", "0.13.0", "pub"),
        (Package("julia", "OpenSSL_jll", "3.0.15+2"), "Julia", "OpenSSL_jll", "3.0.15+2", "pub"),
        (
            Package("swift", "https://github.com/Vapor/vapor.git", "v4.0.0"),
            "SwiftURL",
            "github.com/vapor/vapor",
            "4.0.0",
            "semver",
        ),
        (Package("bitnami", "nginx", "1.25.3-2"), "Bitnami", "nginx", "1.25.3", "nuget"),
        (Package("generic", "httpd", "2.4.57"), "Bitnami", "apache", "2.4.57", "nuget"),
    ],
)
def test_languages_name_a_package_as_osv_does(
    package: Package, ecosystem: str, name: str, version: str, scheme: str
) -> None:
    assert subject_of(package, BOOKWORM) == Subject([ecosystem], name, version, scheme)


def test_every_scheme_is_known() -> None:
    assert {ecosystem.scheme for ecosystem in ECOSYSTEMS.values()} <= SCHEMES.keys()


def test_the_schemes_that_stand_in_for_others_order_as_those_do() -> None:
    # Haskell's Data.Version: lists of numbers; Julia's VersionNumber: build metadata counts.
    assert compare("r", "1.0", "1.0.0") == compare("r", "1.9", "1.10") == -1
    assert compare("pub", "3.0.15+0", "3.0.15+2") == compare("pub", "3.0.15", "3.0.15+0") == -1
    assert compare("nuget", "2020.04.23", "2020.4.24") == compare("nuget", "1.25", "1.25.1") == -1


def test_other_registries_of_maven_and_packagist_count_where_the_store_has_them() -> None:
    known = {"Maven", "Maven:https://maven.google.com", "Packagist", "PyPI"}
    subject = subject_of(Package("maven", "a:b", "1"), None, known)
    assert subject is not None
    assert subject.ecosystems == ["Maven", "Maven:https://maven.google.com"]


@pytest.mark.parametrize("kind", ["conda", "alpm", "cocoapods", "opam", "rpm", "apk"])
def test_nothing_speaks_of_other_packages(kind: str) -> None:
    assert subject_of(Package(kind, "x", "1"), BOOKWORM) is None


def test_packages_of_another_kind_than_the_distributions_are_not_its_own() -> None:
    assert subject_of(deb("tar", "1"), Distribution("alpine", "3.18.4")) is None


def test_rpm_sources_take_the_epoch_of_the_package() -> None:
    package = Package("rpm", "bind-libs", "32:9.16.23-1.el9", "bind", "9.16.23-1.el9")
    subject = subject_of(package, Distribution("rocky", "9.3"))
    assert subject is not None
    assert (subject.name, subject.version) == ("bind", "32:9.16.23-1.el9")


def test_red_hat_and_almalinux_name_the_binary_package() -> None:
    package = Package("rpm", "bind-libs", "32:9.16.23-1.el9", "bind", "9.16.23-1.el9")
    for name in ("rhel", "almalinux", "centos"):
        subject = subject_of(package, Distribution(name, "8"))
        assert subject is not None
        assert (subject.name, subject.version) == ("bind-libs", "32:9.16.23-1.el9")


def test_alpine_names_the_origin_and_wolfi_either() -> None:
    package = Package("apk", "libcrypto3", "3.1.0-r1", "openssl")
    alpine = subject_of(package, Distribution("alpine", "3.18.4"))
    wolfi = subject_of(package, Distribution("wolfi", "20230201"))
    assert alpine is not None
    assert wolfi is not None
    assert (alpine.names, wolfi.names) == (("openssl",), ("libcrypto3", "openssl"))
