import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from seawall.advisories.distributions import FAMILIES
from seawall.inventory import purl
from seawall.inventory.catalogers import ImageFile, dpkg, npm, os_release
from seawall.inventory.purl import Located, located
from seawall.model import Distribution, Package
from tests.patience import ends
from tests.unit.inventory.sbom.samples import LANGUAGES, OF_SYSTEMS

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


@given(
    kind=st.sampled_from(["npm", "pypi", "gem", "cargo", "golang"]),
    name=st.text("ab0.-_@/A", min_size=1, max_size=8),
    version=st.text("01.-_+:aA~", max_size=6),
)
def test_a_plain_package_url_is_the_one_that_the_library_writes(
    kind: str, name: str, version: str
) -> None:
    package = Package(type=kind, name=name, version=version)
    folder, _, last = name.rpartition("/")
    try:
        expected = PackageURL(kind, folder or None, last, version).to_string()
    except ValueError:
        return
    assert purl(package, None) == expected


@given(text=st.text())
def test_whatever_os_release_says_it_can_stand_in_a_package_url(text: str) -> None:
    content = f"ID={text}\nVERSION_ID={text}\n".encode("utf-8", "surrogatepass")
    for fact in os_release.distribution(ImageFile("etc/os-release", content)):
        if isinstance(fact, Distribution):
            assert purl(Package("deb", "a", "1"), fact).startswith("pkg:deb/")


# --- every type ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("package", "distribution", "url"),
    [
        (
            OF_SYSTEMS["rpm"],
            Distribution("rhel", "9.3"),
            "pkg:rpm/redhat/npm@8.19.4-1.18.20.2.1.module%2Bel9?arch=x86_64&distro=rhel-9.3"
            "&epoch=1&rpmmod=nodejs:18&upstream=nodejs%4018.20.2-1.module%2Bel9",
        ),
        (
            OF_SYSTEMS["apk"],
            Distribution("alpine", "3.18.4"),
            "pkg:apk/alpine/ssl_client@1.36.1-r2?arch=aarch64&distro=alpine-3.18.4"
            "&upstream=busybox%401.36.1-r2",
        ),
        (
            OF_SYSTEMS["alpm"],
            Distribution("arch", ""),
            "pkg:alpm/arch/gcc-libs@1:14.1.1-1?arch=x86_64&upstream=gcc%401:14.1.1-1",
        ),
        (
            OF_SYSTEMS["opkg"],
            Distribution("openwrt", "23.05.2"),
            "pkg:opkg/openwrt/libc@1.2.3-4?arch=x86_64&distro=openwrt-23.05.2",
        ),
        (
            Package("rpm", "bash", "5.1-1", "bash", "5.1-1"),
            Distribution("opensuse-leap", "15.5"),
            "pkg:rpm/opensuse/bash@5.1-1?distro=opensuse-leap-15.5",
        ),
        (
            Package("maven", "org.apache.logging.log4j:log4j-core", "2.14.1"),
            None,
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        ),
        (
            Package("golang", "github.com/BurntSushi/toml", "v1.3.2"),
            None,
            "pkg:golang/github.com/BurntSushi/toml@v1.3.2",
        ),
        (
            Package("gem", "nokogiri", "1.13.0", arch="x86_64-linux"),
            None,
            "pkg:gem/nokogiri@1.13.0?platform=x86_64-linux",
        ),
        (
            Package("conda", "requests", "2.28.1", arch="linux-64"),
            None,
            "pkg:conda/requests@2.28.1?subdir=linux-64",
        ),
        (
            Package("swift", "github.com/apple/swift-nio", "2.62.0"),
            None,
            "pkg:swift/github.com/apple/swift-nio@2.62.0",
        ),
        (
            Package("julia", "JSON", "0.21.4", evidence="uuid 682c06a0"),
            None,
            "pkg:julia/JSON@0.21.4?uuid=682c06a0",
        ),
        (Package("composer", "twig/twig", "v3.8.0"), None, "pkg:composer/twig/twig@v3.8.0"),
    ],
    ids=lambda value: value.type if isinstance(value, Package) else None,
)
def test_each_type_has_the_form_of_its_definition(
    package: Package, distribution: Distribution | None, url: str
) -> None:
    assert purl(package, distribution) == url


PLACES = {
    "alpm": Distribution("arch", ""),
    "apk": Distribution("alpine", "3.18.4"),
    "deb": Distribution("ubuntu", "22.04"),
    "opkg": Distribution("openwrt", "23.05.2"),
    "rpm": Distribution("rhel", "9.3"),
}
words = st.text("abcxyz0189", min_size=1, max_size=6)
versions = st.from_regex(r"[0-9]\.[0-9a-z.~+^_-]{0,8}", fullmatch=True)
epochs = st.sampled_from(("", "", "1:", "12:"))


@st.composite
def packages(draw: st.DrawFn) -> Package:
    """Packages as catalogers give them, with all that a package-url can carry."""
    sample = draw(st.sampled_from((*OF_SYSTEMS.values(), *LANGUAGES)))
    separator = ":" if sample.type == "maven" else "/"
    parts = draw(st.lists(words, min_size=1, max_size=3))
    if sample.type in (*OF_SYSTEMS, "pypi", "pub"):
        parts = parts[:1]
    elif sample.type == "maven":
        parts = parts[:2]
    version, source, source_version, module = draw(versions), "", "", ""
    arch = draw(st.sampled_from(("", "amd64", "x86_64-linux")))
    if sample.type in ("alpm", "apk", "deb", "rpm"):
        epoch = draw(epochs)
        version = epoch + version
        source, source_version = separator.join(parts), version
        if draw(st.booleans()):
            source, source_version = draw(words), draw(epochs) + draw(versions)
    if sample.type == "rpm" and draw(st.booleans()):
        module = f"{draw(words)}:{draw(words)}"
    evidence = f"uuid {draw(words)}" if sample.type == "julia" else ""
    return Package(
        sample.type,
        separator.join(parts),
        version,
        source,
        source_version,
        arch,
        module=module,
        evidence=evidence,
    )


@given(packages())
def test_a_package_comes_back_from_its_package_url(package: Package) -> None:
    distribution = PLACES.get(package.type)
    back = located(purl(package, distribution))
    assert back.package == package
    assert back.distribution == distribution


def test_each_distribution_with_advisories_comes_back() -> None:
    for family in FAMILIES:
        for name in family.ids:
            there = Distribution(name, "15.5")
            url = purl(Package(family.package_type, "a", "1"), there)
            assert located(url).distribution == there


@pytest.mark.parametrize(
    ("url", "package", "distribution"),
    [
        (  # syft
            "pkg:rpm/redhat/npm@8.19.4-1?arch=x86_64&distro=rhel-9.3&epoch=1"
            "&upstream=nodejs-18.20.2-1.src.rpm",
            Package("rpm", "npm", "1:8.19.4-1", "nodejs", "1:18.20.2-1", "x86_64"),
            Distribution("rhel", "9.3"),
        ),
        (
            "pkg:deb/debian/libc6@2.36-9?distro=debian-12&upstream=glibc",
            Package("deb", "libc6", "2.36-9", "glibc", "2.36-9"),
            Distribution("debian", "12"),
        ),
        (
            "pkg:rpm/rocky/a@1-2?epoch=0",
            Package("rpm", "a", "1-2", "a", "1-2"),
            None,
        ),
        (  # trivy
            "pkg:apk/alpine/musl@1.2.3-r0?distro=3.16.0",
            Package("apk", "musl", "1.2.3-r0", "musl", "1.2.3-r0"),
            Distribution("alpine", "3.16.0"),
        ),
        (
            "pkg:rpm/redhat/npm@8-1?distro=redhat-8.9&epoch=1&modularitylabel=nodejs:18:809:abc",
            Package("rpm", "npm", "1:8-1", "npm", "1:8-1", module="nodejs:18"),
            Distribution("rhel", "8.9"),
        ),
        (
            "pkg:deb/debian/bsdutils@2.33.1-0.1?distro=debian-10.2&epoch=1",
            Package("deb", "bsdutils", "1:2.33.1-0.1", "bsdutils", "1:2.33.1-0.1"),
            Distribution("debian", "10.2"),
        ),
        (
            "pkg:rpm/suse/bash@5-1?distro=suse%20linux%20enterprise%20server-12.5",
            Package("rpm", "bash", "5-1", "bash", "5-1"),
            Distribution("sles", "12.5"),
        ),
        (  # the specification's own examples
            "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
            Package("deb", "curl", "7.50.3-1", "curl", "7.50.3-1", "i386"),
            Distribution("debian", "", "jessie"),
        ),
        (
            "pkg:deb/ubuntu/dpkg@1.19.0.4?distro=jammy",
            Package("deb", "dpkg", "1.19.0.4", "dpkg", "1.19.0.4"),
            Distribution("ubuntu", "22.04", "jammy"),
        ),
        (
            "pkg:deb/debian/dpkg@1?distro=debian-sid",
            Package("deb", "dpkg", "1", "dpkg", "1"),
            Distribution("debian", "", "sid"),
        ),
        ("pkg:deb/debian/a@1", Package("deb", "a", "1", "a", "1"), None),
        (
            "pkg:apk/wolfi/a@1",
            Package("apk", "a", "1", "a", "1"),
            Distribution("wolfi", ""),
        ),
        ("pkg:github/o/r@v1", Package("github", "o/r", "v1"), None),
    ],
)
def test_package_urls_of_other_tools_say_the_same(
    url: str, package: Package, distribution: Distribution | None
) -> None:
    assert located(url) == Located(package, distribution)


@given(st.text() | st.text().map("pkg:".__add__) | st.text().map("pkg:rpm/a/b@1?distro=".__add__))
def test_what_is_no_package_url_is_a_value_error(text: str) -> None:
    with suppress(ValueError):
        located(text)


def test_only_the_beginning_of_a_long_distro_is_looked_at() -> None:
    with ends():
        distribution = located("pkg:deb/debian/a@1?distro=" + "1-" * 1_000_000 + "%20").distribution
    assert distribution == Distribution("debian", "1-" * 100)
