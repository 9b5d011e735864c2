"""Findings of an image are those of its bill of materials, in both formats, in all fields."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.advisories import AdvisoryStore
from seawall.advisories.ecosystems import ECOSYSTEMS, subject_of
from seawall.images import open_image, parse_target
from seawall.inventory import read_inventory
from seawall.inventory.sbom.reading import parse_sbom
from seawall.model import Distribution, Inventory, Package
from seawall.scanning import judge
from seawall.scanning.configuration import is_project
from tests.unit.advisories.records import Record, below, fill, record
from tests.unit.inventory import images
from tests.unit.inventory.sbom.samples import INVENTORY, LANGUAGES, OF_SYSTEMS, written

BOTH = pytest.mark.parametrize("form", ["cyclonedx-json", "spdx-json"])
TODAY = date(2026, 11, 20)
CASES = {
    "deb": Distribution("debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)"),
    "ubuntu with Pro": Distribution("ubuntu", "22.04", "jammy", channels=("esm-apps", "esm-infra")),
    "apk": Distribution("alpine", "3.18.4", name="Alpine Linux v3.18"),
    "edge, which only its name tells": Distribution(
        "alpine", "3.22.0_alpha20250108", name="Alpine Linux edge"
    ),
    "rpm with a paid stream in its cpe": Distribution(
        "rhel", "9.4", cpe="cpe:/o:redhat:rhel_eus:9.4::baseos", channels=("nodejs",)
    ),
    "stream, which only its name tells": Distribution("centos", "9", name="CentOS Stream 9"),
    "nothing": None,
}
TYPES = {"debian": "deb", "ubuntu": "deb", "alpine": "apk", "rhel": "rpm", "centos": "rpm"}
DEB = Package("deb", "libx", "1.0-1+b2", "x", "1.0-1", "amd64")
# Each differs from another in one thing that matching or judging looks at.
SYSTEM_PACKAGES = {
    "deb": (
        OF_SYSTEMS["deb"],
        DEB,
        replace(DEB, name="x", source="", source_version=""),
        replace(DEB, name="x2", source="x2", source_version="1.0-1+b2", version="1.0-1+b2"),
        Package("deb", "linux-libc-dev", "6.1.1-1", "linux", "6.1.1-1"),
        Package("deb", "linux-image-6", "6.1.2-1", "linux-signed-amd64", "6.1.2+1"),
        Package("deb", "python3-jinja2", "3.1.2-1", "jinja2", "3.1.2-1"),
        Package("deb", "esm", "1.0-1ubuntu0.1~esm1", "esm", "1.0-1ubuntu0.1~esm1"),
    ),
    "apk": (OF_SYSTEMS["apk"], Package("apk", "musl", "1.2.3-r0", "musl", "1.2.3-r0")),
    "rpm": (
        OF_SYSTEMS["rpm"],
        replace(OF_SYSTEMS["rpm"], name="nodejs-libs", module=""),
        Package("rpm", "bash", "5.1-1", "bash", "5.1-1"),
        Package("rpm", "gone", "2:5.1-1"),
    ),
}
OWNED = (
    Package("pypi", "Jinja2", "3.1.2", path="usr/lib/a", owner="deb:python3-jinja2"),
    Package("pypi", "Jinja2", "3.1.2", path="opt/b"),
    Package("pypi", "Jinja2", "not a version", path="opt/c"),
    Package("npm", "ms", "2.1.3", path="app/yarn.lock", locked=True),
    Package("npm", "ms", "2.1.3", path="app/node_modules/ms/package.json"),
    Package("generic", "openssl", "3.0.11", evidence="offset 0x1f3a", path="opt/openssl"),
)


def inventory_of(distribution: Distribution | None) -> Inventory:
    kind = TYPES[distribution.id] if distribution else "deb"
    packages = [
        replace(package, layer=INVENTORY.layers[number % 3])
        for number, package in enumerate((*SYSTEM_PACKAGES[kind], *OWNED, *LANGUAGES))
    ]
    return replace(INVENTORY, distribution=distribution, packages=tuple(packages))


def advisories() -> dict[str, list[Record]]:
    """Return one flaw for each package under each name it has in any distribution."""
    products: dict[tuple[str, str], None] = {}
    for distribution in CASES.values():
        for package in inventory_of(distribution).packages:
            if subject := subject_of(package, distribution):
                pairs = ((e, name) for e in subject.ecosystems for name in subject.names)
                products.update(dict.fromkeys(pairs))
    feeds: dict[str, list[Record]] = {}
    for number, (ecosystem, name) in enumerate(products):
        feed = next(known for known in ECOSYSTEMS if ecosystem.partition(":")[0] == known)
        feeds.setdefault(feed, []).append(
            record(
                f"X-{number}",
                below(ecosystem, name, "999.0.0"),
                aliases=[f"CVE-2024-{10000 + number}"],
            )
        )
    return feeds


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdvisoryStore]:
    path = tmp_path_factory.mktemp("store") / "advisories.sqlite"
    fill(path, advisories())
    with AdvisoryStore.open(path) as opened:
        yield opened


def assert_equal(inventory: Inventory, form: str, store: AdvisoryStore) -> int:
    """Compare both judgements in all fields, and return how many findings there are."""
    sbom = parse_sbom(written(inventory, form).encode(), "x.json")
    there, back = (judge(each, store, today=TODAY) for each in (inventory, sbom.inventory))
    assert back == there
    assert sbom.inventory == inventory
    return len(there.findings)


@BOTH
@pytest.mark.parametrize("case", CASES)
def test_findings_of_every_package_type_are_equal(
    case: str, form: str, store: AdvisoryStore
) -> None:
    found = assert_equal(inventory_of(CASES[case]), form, store)
    assert found >= len(LANGUAGES) - 3  # those that nobody publishes advisories for


@BOTH
def test_what_a_lock_file_names_counts_in_a_project_and_its_bill(
    form: str, store: AdvisoryStore
) -> None:
    project = replace(
        INVENTORY, digest="", layers=(), distribution=None, packages=(*OWNED[3:5], *LANGUAGES)
    )
    for inventory, counts in ((project, True), (inventory_of(CASES["deb"]), False)):
        sbom = parse_sbom(written(inventory, form).encode(), "x.json")
        assert is_project(sbom.image, sbom.inventory) is counts
        there, back = (
            judge(each, store, locked_counts=counts) for each in (inventory, sbom.inventory)
        )
        assert back == there


everything = st.sampled_from(
    (*SYSTEM_PACKAGES["deb"], *SYSTEM_PACKAGES["apk"], *SYSTEM_PACKAGES["rpm"], *OWNED, *LANGUAGES)
)


@BOTH
@settings(max_examples=30)
@given(
    distribution=st.sampled_from(list(CASES.values())),
    packages=st.lists(everything, unique=True, max_size=8),
)
def test_findings_of_any_mixture_are_equal(
    form: str,
    store: AdvisoryStore,
    distribution: Distribution | None,
    packages: list[Package],
) -> None:
    if packages:
        mixture = replace(INVENTORY, distribution=distribution, packages=tuple(packages))
        assert_equal(mixture, form, store)


@BOTH
def test_findings_of_a_real_image_are_equal(
    form: str, store: AdvisoryStore, tmp_path: Path
) -> None:
    status = b"Package: libx\nStatus: install ok installed\nVersion: 1.0-1+b2\nSource: x (1.0-1)\n"
    modules = b"app/node_modules/ms/package.json"
    bottom = [
        images.file("etc/os-release", b"ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"),
        images.file("var/lib/dpkg/status", status),
    ]
    top = [
        images.file(modules.decode(), json.dumps({"name": "ms", "version": "2.1.3"}).encode()),
        images.file("app/poetry.lock", b"broken ["),
    ]
    with open_image(parse_target(images.save(tmp_path / "image.tar", [bottom, top]))) as opened:
        inventory = read_inventory(opened)
    assert inventory.incomplete
    assert assert_equal(inventory, form, store) == 2
