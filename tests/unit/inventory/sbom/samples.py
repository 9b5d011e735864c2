"""One inventory as a real image gives it, and inventories of images that want to deceive."""

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from hypothesis import strategies as st

from seawall.inventory.purl import purl
from seawall.inventory.sbom import FORMATS
from seawall.model import Distribution, Incomplete, Inventory, Package
from tests.unit.inventory.sbom.hostile import texts

BASE, TOOLS, APP = ("sha256:" + digit * 64 for digit in "abc")
STATUS = "var/lib/dpkg/status"
DEBIAN = Distribution("debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)")
PACKAGES = (
    Package("deb", "bsdutils", "1:2.38.1-5", "util-linux", "2.38.1-5", "amd64", BASE, STATUS),
    Package("deb", "libc6", "2.36-9", "glibc", "2.36-9", "amd64", BASE, STATUS),
    Package("deb", "tzdata", "2024a-0", "tzdata", "2024a-0", "all", TOOLS, STATUS),
    Package(
        "npm", "@babel/core", "7.23.2", layer=APP, path="app/node_modules/@babel/core/package.json"
    ),
    Package("npm", "ms", "2.1.3", layer=APP, path="app/node_modules/ms/package.json"),
    Package(
        "npm", "ms", "2.1.3", layer=APP, path="app/node_modules/debug/node_modules/ms/package.json"
    ),
    Package(
        "pypi",
        "requests",
        "2.28.1",
        layer=TOOLS,
        path="usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO",
        owner="deb:python3-requests",
    ),
)
INVENTORY = Inventory(
    target="docker:shop/api:2.3",
    digest="sha256:9f2c" + "0" * 56 + "41ab",
    distribution=DEBIAN,
    packages=PACKAGES,
    layers=(BASE, TOOLS, APP),
)
WITH_GAPS = replace(
    INVENTORY,
    incomplete=(
        Incomplete("var/lib/dpkg/status.d/openssl", "no Version field in the second stanza", BASE),
        Incomplete("app/yarn.lock", "larger than 64 MiB"),
    ),
)
RHEL = Distribution(
    "rhel",
    "9.3",
    "plow",
    "Red Hat Enterprise Linux 9.3 (Plow)",
    "cpe:/o:redhat:rhel_eus:9.3::baseos",
    ("baseos-eus", "crb"),
)
# One of every type, each with all that it can have.
OF_SYSTEMS = {
    "deb": PACKAGES[0],
    "apk": Package("apk", "ssl_client", "1.36.1-r2", "busybox", "1.36.1-r2", "aarch64"),
    "rpm": Package(
        "rpm",
        "npm",
        "1:8.19.4-1.18.20.2.1.module+el9",
        "nodejs",
        "1:18.20.2-1.module+el9",
        "x86_64",
        module="nodejs:18",
    ),
    "alpm": Package("alpm", "gcc-libs", "1:14.1.1-1", "gcc", "1:14.1.1-1", "x86_64"),
    "opkg": Package("opkg", "libc", "1.2.3-4", arch="x86_64"),
}
LANGUAGES = (
    Package("bioconductor", "limma", "3.54.0"),
    Package("bitnami", "postgresql", "18.6.0-3", arch="amd64"),
    Package("cargo", "serde_json", "1.0.108"),
    Package("cocoapods", "AFNetworking", "4.0.1", locked=True),
    Package("composer", "twig/twig", "v3.8.0"),
    Package("conda", "requests", "2.28.1", arch="linux-64"),
    Package("cran", "R6", "2.5.1"),
    Package("gem", "nokogiri", "1.13.0", arch="x86_64-linux"),
    Package("generic", "openssl", "3.0.11", evidence="offset 0x1f3a: OpenSSL 3.0.11 19 Sep 2023"),
    Package("golang", "github.com/BurntSushi/toml", "v1.3.2"),
    Package("golang", "stdlib", "go1.21.3"),
    Package("hackage", "aeson", "2.2.1.0", locked=True),
    Package("hex", "plug_cowboy", "2.6.1", locked=True),
    Package(
        "julia", "JSON", "0.21.4", evidence="uuid 682c06a0-de6a-54ab-a142-c8b1cf79cde6", locked=True
    ),
    Package("maven", "org.apache.logging.log4j:log4j-core", "2.14.1", evidence="pom.properties"),
    Package("npm", "@babel/core", "7.23.2"),
    Package("nuget", "Newtonsoft.Json", "13.0.1"),
    Package("pub", "http", "1.1.0", locked=True),
    Package("pypi", "requests", "2.28.1+local"),
    Package("swift", "github.com/apple/swift-nio", "2.62.0", locked=True),
)


def written(inventory: Inventory, format_name: str) -> str:
    out = io.StringIO()
    FORMATS[format_name](inventory, out)
    return out.getvalue()


def has_purl(distribution: Distribution | None) -> Callable[[Package], bool]:
    """Tell what no cataloger should yield apart: a name without a package-url is none."""

    def check(package: Package) -> bool:
        with suppress(ValueError, TypeError):  # as PackageURL raises for an empty name, or "/"
            return bool(purl(package, distribution))
        return False

    return check


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    channels = st.lists(texts.filter(bool), max_size=2).map(tuple)
    distribution = draw(
        st.none() | st.builds(Distribution, texts, texts, texts, texts, texts, channels)
    )
    packages = st.builds(
        Package,
        type=st.sampled_from(("deb", "rpm", "npm", "pypi")),
        name=texts,
        version=texts,
        source=texts,
        source_version=texts,
        arch=texts,
        layer=st.just(BASE) | texts,
        path=texts,
        owner=texts,
        module=texts,
        locked=st.booleans(),
        evidence=texts,
    )
    gaps = st.builds(Incomplete, texts, texts, texts)
    return Inventory(
        target=draw(texts),
        digest=draw(texts),
        distribution=distribution,
        packages=draw(st.lists(packages.filter(has_purl(distribution)), max_size=5))
        * draw(st.integers(1, 2)),
        incomplete=draw(st.lists(gaps, max_size=3)),
        layers=draw(st.lists(st.just(BASE) | texts, max_size=3)),
    )
