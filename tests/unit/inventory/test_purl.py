import json

from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory import purl
from seawall.inventory.catalogers import ImageFile, dpkg, npm, os_release
from seawall.model import Distribution, Package

BOOKWORM = Distribution("debian", "12", "bookworm")


def test_a_debian_package_carries_all_that_matching_needs() -> None:
    package = Package(
        "deb", "libssl3", "3.0.11-1~deb12u2", "openssl", "3.0.11-1~deb12u2", arch="amd64"
    )
    assert purl(package, BOOKWORM) == (
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2"
        "?arch=amd64&distro=debian-12&upstream=openssl%403.0.11-1~deb12u2"
    )


def test_a_source_of_the_same_name_and_version_is_not_repeated() -> None:
    package = Package("deb", "bash", "5.2.15-2", "bash", "5.2.15-2", arch="amd64")
    assert purl(package, BOOKWORM) == "pkg:deb/debian/bash@5.2.15-2?arch=amd64&distro=debian-12"


def test_a_rebuild_names_the_version_of_its_source() -> None:
    package = Package("deb", "bash", "5.2.15-2+b7", "bash", "5.2.15-2")
    assert "upstream=bash%405.2.15-2" in purl(package, BOOKWORM)


def test_an_npm_scope_is_a_namespace() -> None:
    assert purl(Package("npm", "@babel/core", "7.20.12"), None) == "pkg:npm/%40babel/core@7.20.12"


def test_a_python_name_is_normalised() -> None:
    assert purl(Package("pypi", "Typing_Extensions", "4.0"), None) == (
        "pkg:pypi/typing-extensions@4.0"
    )


@given(name=st.text(), version=st.text(), source=st.text(), arch=st.text())
def test_whatever_a_status_file_says_each_package_has_a_package_url(
    name: str, version: str, source: str, arch: str
) -> None:
    fields = f"Package: {name}\nVersion: {version}\nSource: {source}\nArchitecture: {arch}\n"
    content = fields.encode("utf-8", "surrogatepass")
    for fact in dpkg.installed(ImageFile("var/lib/dpkg/status", content)):
        if isinstance(fact, Package):
            assert purl(fact, BOOKWORM).startswith("pkg:deb/debian/")


@given(name=st.text(), version=st.text())
def test_whatever_a_package_json_says_each_package_has_a_package_url(
    name: str, version: str
) -> None:
    content = json.dumps({"name": name, "version": version}).encode()
    for fact in npm.installed(ImageFile("a/node_modules/b/package.json", content)):
        if isinstance(fact, Package):
            assert purl(fact, None).startswith("pkg:npm/")


@given(text=st.text())
def test_whatever_os_release_says_it_can_stand_in_a_package_url(text: str) -> None:
    content = f"ID={text}\nVERSION_ID={text}\n".encode("utf-8", "surrogatepass")
    for fact in os_release.distribution(ImageFile("etc/os-release", content)):
        if isinstance(fact, Distribution):
            assert purl(Package("deb", "a", "1"), fact).startswith("pkg:deb/")
