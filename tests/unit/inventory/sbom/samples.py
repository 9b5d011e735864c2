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
    distribution = draw(st.none() | st.builds(Distribution, texts, texts, texts, texts))
    packages = st.builds(
        Package,
        type=st.sampled_from(("deb", "npm", "pypi")),
        name=texts,
        version=texts,
        source=texts,
        source_version=texts,
        arch=texts,
        layer=st.just(BASE) | texts,
        path=texts,
        owner=texts,
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
