"""CycloneDX of other tools: each says in its own way what matching needs."""

import json
from pathlib import Path
from typing import Any

import pytest

from seawall.images import open_image, parse_target
from seawall.inventory import read_inventory
from seawall.model import Distribution, Package
from tests.unit.inventory.sbom.reading.documents import cyclonedx, library, parsed, real
from tests.unit.inventory.sbom.samples import INVENTORY, written

OPENSSL = library("openssl", "3.0.11", "pkg:generic/openssl@3.0.11")


def matching_inputs(package: Package) -> tuple[str, ...]:
    return (package.type, package.name, package.version, package.source, package.source_version)


def test_syfts_debian_packages_have_their_source_packages() -> None:
    inventory = real("syft-deb.cdx.json").inventory
    assert inventory.distribution == Distribution(
        "debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)"
    )
    assert inventory.incomplete == ()
    assert [matching_inputs(package) for package in inventory.packages] == [
        ("deb", "bash", "5.2.15-2+b8", "bash", "5.2.15-2"),
        ("deb", "bsdutils", "1:2.38.1-5+deb12u3", "util-linux", "2.38.1-5+deb12u3"),
        ("deb", "libc6", "2.36-9+deb12u14", "glibc", "2.36-9+deb12u14"),
        ("deb", "libssl3", "3.0.19-1~deb12u2", "openssl", "3.0.19-1~deb12u2"),
        ("pypi", "requests", "2.34.2", "", ""),
    ]
    assert inventory.packages[0].path == "var/lib/dpkg/status"


def test_syft_and_we_say_the_same_of_one_apk_database(tmp_path: Path) -> None:
    database = Path(__file__).parents[4] / "data" / "apk" / "installed"
    (tmp_path / "lib/apk/db").mkdir(parents=True)
    (tmp_path / "lib/apk/db/installed").write_bytes(database.read_bytes())
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(
        'ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME="Alpine Linux v3.18"\n'
    )
    with open_image(parse_target(f"dir:{tmp_path}")) as opened:
        ours = read_inventory(opened)
    theirs = real("syft-apk.cdx.json").inventory
    assert theirs.packages == ours.packages != ()
    assert theirs.distribution == ours.distribution


def test_trivys_source_version_is_put_together() -> None:
    sbom = real("trivy-deb.cdx.json")
    bash, bsdutils, gem = sbom.inventory.packages
    assert matching_inputs(bash) == ("deb", "bash", "5.0-4", "bash", "5.0-4")
    assert matching_inputs(bsdutils) == (
        "deb",
        "bsdutils",
        "1:2.33.1-0.1",
        "util-linux",
        "2.33.1-0.1",
    )
    assert gem.path == "var/lib/gems/2.5.0/specifications/activesupport-6.0.2.1.gemspec"
    assert gem.layer == sbom.inventory.layers[1] == sbom.image.layers[1].diff_id
    assert sbom.inventory.distribution == Distribution("debian", "10.2")
    assert sbom.inventory.digest.startswith("sha256:5a992077")


def test_trivys_source_may_have_an_epoch() -> None:
    said = {"SrcName": "vim", "SrcVersion": "9.0", "SrcRelease": "1", "SrcEpoch": "2"}
    properties = [{"name": f"aquasecurity:trivy:{k}", "value": v} for k, v in said.items()]
    purl = "pkg:deb/debian/vim-common@9.0-1?epoch=2&distro=debian-12"
    vim = library("vim-common", "2:9.0-1", purl, properties=properties)
    (package,) = parsed(cyclonedx(vim)).inventory.packages
    assert matching_inputs(package) == ("deb", "vim-common", "2:9.0-1", "vim", "2:9.0-1")


def test_trivys_applications_are_files_and_no_packages() -> None:
    properties = [{"name": "aquasecurity:trivy:Type", "value": "composer"}]
    lock = {"type": "application", "name": "app/composer.lock", "properties": properties}
    assert parsed(cyclonedx(lock, OPENSSL)).inventory.incomplete == ()


def test_cdxgens_packages_have_their_groups() -> None:
    inventory = real("cdxgen.cdx.json").inventory
    assert [(package.name, package.version) for package in inventory.packages] == [
        ("@babel/code-frame", "7.23.5"),
        ("left-pad", "1.3.0"),
        ("ms", "2.1.3"),
    ]
    assert inventory.packages[0].path == "srv/shop/package-lock.json"


@pytest.mark.parametrize(
    ("component", "name"),
    [
        (library("Jinja2", "3", "pkg:pypi/jinja2@3"), "Jinja2"),
        (library("JSONStream", "1", "pkg:npm/JSONStream@1"), "JSONStream"),
        (library("other", "1", "pkg:npm/ms@1"), "ms"),
        (library("log4j-core", "2", "pkg:maven/a.b/log4j-core@2", group="a.b"), "a.b:log4j-core"),
        (library("core", "7", "pkg:npm/%40babel/core@7", group="@babel"), "@babel/core"),
    ],
)
def test_a_name_is_spelt_as_the_component_spells_it(component: dict[str, str], name: str) -> None:
    (package,) = parsed(cyclonedx(component)).inventory.packages
    assert package.name == name


def test_a_version_may_be_in_the_component_only() -> None:
    (package,) = parsed(cyclonedx(library("ms", "2.1.3", "pkg:npm/ms"))).inventory.packages
    assert package.version == "2.1.3"


def test_components_within_components_count() -> None:
    outer = {**OPENSSL, "components": [library("ms", "2.1.3", "pkg:npm/ms@2.1.3")]}
    subject = {"type": "application", "name": "shop", "components": [library("x", "1")]}
    inventory = parsed(cyclonedx(outer, metadata={"component": subject})).inventory
    assert [package.name for package in inventory.packages] == ["openssl", "ms"]
    assert inventory.incomplete[0].reason == "1 package without package-url cannot be matched: x"


def test_a_librarys_own_document_is_about_a_package_and_an_applications_is_not() -> None:
    about = library("left-pad", "1.3.0", "pkg:npm/left-pad@1.3.0")
    for kind, names in (("library", {"left-pad", "openssl"}), ("application", {"openssl"})):
        metadata = {"component": {**about, "type": kind}, "tools": [{"name": "x"}]}
        inventory = parsed(cyclonedx(OPENSSL, metadata=metadata)).inventory
        assert {package.name for package in inventory.packages} == names
        assert inventory.target == "left-pad"


@pytest.mark.parametrize("kind", ["file", "container", "data", "machine-learning-model"])
def test_what_is_no_package_needs_no_package_url(kind: str) -> None:
    assert parsed(cyclonedx(OPENSSL, {"type": kind, "name": "x"})).inventory.incomplete == ()


def test_a_container_is_known_by_its_digest() -> None:
    digest = "sha256:" + "a" * 64
    subject = {"type": "container", "name": "debian:12", "version": digest}
    sbom = parsed(cyclonedx(OPENSSL, metadata={"component": subject}))
    assert sbom.image.digest == digest
    subject["version"] = "12"
    assert parsed(cyclonedx(OPENSSL, metadata={"component": subject})).image.digest == ""


def test_where_a_component_occurs_is_its_path() -> None:
    evidence = {"occurrences": [{"location": "/opt/lib.so"}]}
    (package,) = parsed(cyclonedx({**OPENSSL, "evidence": evidence})).inventory.packages
    assert package.path == "opt/lib.so"


def test_our_properties_in_a_document_of_another_tool_mean_nothing() -> None:
    forged = {**OPENSSL, "properties": [{"name": "seawall:type", "value": "deb"}]}
    (package,) = parsed(cyclonedx(forged)).inventory.packages
    assert package.type == "generic"


# --- damaged in parts ----------------------------------------------------------------------------

MS = library("ms", "2.1.3", "pkg:npm/ms@2.1.3")


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (None, "component 2: no object"),
        ("ms", "component 2: no object"),
        ({"name": 1}, "component 2: Expected `str | null`, got `int` - at `$.name`"),
        (
            library("left-pad", "1", purl=7),  # type: ignore[arg-type]  # this is the damage
            "component 2 (left-pad): Expected `str | null`, got `int` - at `$.purl`",
        ),
        (
            {**MS, "name": "x", "properties": [{"name": "a", "value": 1}]},
            "component 2 (x): Expected `str | null`, got `int` - at `$.properties[0].value`",
        ),
        ({**MS, "name": "x", "components": {}}, "component 2 (x): its components are no list"),
    ],
)
def test_a_damaged_component_costs_nothing_but_itself(damaged: Any, reason: str) -> None:
    inventory = parsed(cyclonedx(OPENSSL, damaged, MS)).inventory
    assert [package.name for package in inventory.packages] == ["openssl", "ms"]
    assert [gap.reason for gap in inventory.incomplete] == [reason]


def test_components_within_a_damaged_one_count() -> None:
    inner = [MS, {"name": [], "components": [OPENSSL]}]
    inventory = parsed(cyclonedx({"name": "outer", "version": 2, "components": inner})).inventory
    assert [package.name for package in inventory.packages] == ["openssl", "ms"]
    assert [gap.reason for gap in inventory.incomplete] == [
        "component 1 (outer): Expected `str | null`, got `int` - at `$.version`",
        "component 1.2: Expected `str | null`, got `array` - at `$.name`",
    ]


def test_damage_of_the_subject_and_of_what_is_known_about_the_document_is_told() -> None:
    subject = {"name": "shop", "version": 1, "components": [MS, 3]}
    inventory = parsed(cyclonedx(OPENSSL, metadata={"component": subject, "tools": 7})).inventory
    assert [package.name for package in inventory.packages] == ["openssl", "ms"]
    assert [gap.reason for gap in inventory.incomplete] == [
        "metadata: Expected `object | array | null`, got `int` - at `$.tools`",
        "the document's subject (shop): Expected `str | null`, got `int` - at `$.version`",
        "part 2 of the document's subject: no object",
    ]


def test_our_own_document_with_a_damaged_component_keeps_the_others_as_written() -> None:
    document = json.loads(written(INVENTORY, "cyclonedx-json"))
    document["components"][-1]["version"] = 3
    inventory = parsed(document).inventory
    assert inventory.distribution == INVENTORY.distribution
    assert len(inventory.packages) == len(INVENTORY.packages) - 1
    assert set(inventory.packages) < set(INVENTORY.packages)
    del document["components"][-1]["name"]
    document["components"][-1]["version"] = "3"
    (gap,) = parsed(document).inventory.incomplete
    assert gap.reason.endswith("without a name")
