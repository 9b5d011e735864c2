"""SPDX of other tools: each says in its own way what matching needs."""

import json
from typing import Any

import pytest

from seawall.model import Distribution, Package
from tests.unit.inventory.sbom.reading.documents import package, parsed, real, spdx
from tests.unit.inventory.sbom.samples import INVENTORY, written

MS = package("ms", "2.1.3", "pkg:npm/ms@2.1.3")


def described(identifier: str) -> dict[str, str]:
    return {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": identifier,
    }


def test_syfts_two_formats_say_the_same() -> None:
    for name in ("syft-deb", "syft-rpm"):
        cyclonedx, spdx = (
            real(f"{name}.cdx.json").inventory,
            real(f"{name}.spdx.json").inventory,
        )
        assert spdx.packages == cyclonedx.packages != ()
        assert spdx.incomplete == cyclonedx.incomplete == ()
        assert spdx.distribution is not None
        assert cyclonedx.distribution is not None
        assert spdx.distribution.id == cyclonedx.distribution.id
        assert spdx.distribution.version == cyclonedx.distribution.version


def test_an_epoch_and_a_source_rpm_become_versions() -> None:
    _, module, tools = real("syft-rpm.spdx.json").inventory.packages
    assert module == Package(
        "rpm",
        "seawall-sample-module",
        "2:18.2~rc1-4.el9",
        "seawall-sample",
        "2:1.2.3-4.el9",
        "noarch",
        path="var/lib/rpm/rpmdb.sqlite",
    )
    assert (tools.version, tools.source_version) == ("1.2.3-4.el9", "1.2.3-4.el9")


def test_trivys_texts_are_understood() -> None:
    sbom = real("trivy-apk.spdx.json")
    musl, project = sbom.inventory.packages
    assert (musl.source, musl.source_version) == ("musl", "1.2.3-r0")
    assert project.name == "org.codehaus.mojo:child-project"
    assert [musl.layer, project.layer] == list(sbom.inventory.layers)
    assert sbom.inventory.distribution == Distribution("alpine", "3.16.0")
    assert sbom.inventory.digest.startswith("sha256:49193a23")
    assert sbom.image.tags == ("maven-test-project:latest",)
    assert sbom.inventory.incomplete == ()


def test_trivys_annotations_say_the_same_as_its_attribution_texts() -> None:
    annotated = {**MS, "annotations": [{"comment": "LayerDiffID: sha256:aa"}]}
    (found,) = parsed(spdx(annotated)).inventory.packages
    assert found.layer == "sha256:aa"


def test_a_package_whose_files_another_one_owns_has_an_owner() -> None:
    deb = package("python3-jinja2", "3-1", "pkg:deb/debian/python3-jinja2@3-1?distro=debian-12")
    jinja = package("Jinja2", "3", "pkg:pypi/jinja2@3")
    owns = {
        "spdxElementId": deb["SPDXID"],
        "relatedSpdxElement": jinja["SPDXID"],
        "relationshipType": "OTHER",
        "comment": "ownership-by-file-overlap: indicates that the parent package claims ownership",
    }
    found = parsed(spdx(deb, jinja, relationships=[owns])).inventory.packages
    assert [(each.name, each.owner) for each in found] == [
        ("python3-jinja2", ""),
        ("Jinja2", "deb:python3-jinja2"),
    ]


def test_the_one_element_that_is_described_is_the_subject() -> None:
    root = package("shop", "sha256:" + "a" * 64, primaryPackagePurpose="CONTAINER")
    sbom = parsed(spdx(root, MS, relationships=[described("SPDXRef-shop")]))
    assert sbom.inventory.target == "shop"
    assert sbom.image.digest == "sha256:" + "a" * 64
    assert [each.name for each in sbom.inventory.packages] == ["ms"]
    assert sbom.inventory.incomplete == ()


def test_where_everything_is_described_everything_is_a_package() -> None:
    other = package("left-pad", "1.3.0", "pkg:npm/left-pad@1.3.0")
    document = spdx(MS, other, documentDescribes=["SPDXRef-ms", "SPDXRef-left-pad"])
    inventory = parsed(document).inventory
    assert [each.name for each in inventory.packages] == ["left-pad", "ms"]
    assert inventory.target == "it"


def test_a_library_that_is_described_is_a_package() -> None:
    root = {**MS, "primaryPackagePurpose": "LIBRARY"}
    inventory = parsed(spdx(root, relationships=[described("SPDXRef-ms")])).inventory
    assert [each.name for each in inventory.packages] == ["ms"]


def test_the_first_package_url_that_is_one_counts() -> None:
    several = package("ms", "2.1.3")
    several["externalRefs"] = [
        {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:ms:ms:2.1.3"},
        {"referenceType": "purl", "referenceLocator": "ms@2.1.3"},
        {
            "referenceType": "http://spdx.org/rdf/references/purl",
            "referenceLocator": "pkg:npm/ms@2.1.3",
        },
    ]
    inventory = parsed(spdx(several)).inventory
    assert [each.type for each in inventory.packages] == ["npm"]
    assert inventory.incomplete == ()


def test_a_package_without_package_url_is_counted() -> None:
    (gap,) = parsed(spdx(MS, package("vendored", "1"))).inventory.incomplete
    assert gap.reason == "1 package without package-url cannot be matched: vendored"


# --- damaged in parts ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (None, "package 1: Expected `object`, got `null`"),
        (
            package("left-pad", "1", versionInfo=1),
            "package 1 (left-pad): Expected `str | null`, got `int` - at `$.versionInfo`",
        ),
        (
            {"name": "x", "externalRefs": {}},
            "package 1 (x): Expected `array | null`, got `object` - at `$.externalRefs`",
        ),
    ],
)
def test_a_damaged_package_costs_nothing_but_itself(damaged: Any, reason: str) -> None:
    inventory = parsed(spdx(damaged, MS)).inventory
    assert [each.name for each in inventory.packages] == ["ms"]
    assert [gap.reason for gap in inventory.incomplete] == [reason]


def test_damaged_relationships_and_annotations_are_told() -> None:
    parts = {"relationships": [described("x"), 1], "annotations": [{"comment": 2}]}
    inventory = parsed(spdx(MS, **parts)).inventory
    assert [each.name for each in inventory.packages] == ["ms"]
    assert [gap.reason for gap in inventory.incomplete] == [
        "relationship 2: Expected `object`, got `int`",
        "annotation 1: Expected `str | null`, got `int` - at `$.comment`",
    ]


def test_a_damaged_annotation_of_ours_costs_its_package_only() -> None:
    document = json.loads(written(INVENTORY, "spdx-json"))
    *_, last = (each for each in document["packages"] if "pkg:" in repr(each))
    last["annotations"][0]["comment"] = 'seawall: {"package": {}}'
    inventory = parsed(document).inventory
    assert len(inventory.packages) == len(INVENTORY.packages) - 1
    assert set(inventory.packages) < set(INVENTORY.packages)
    (gap,) = inventory.incomplete
    assert gap.reason.endswith(
        f"({last['name']}): its annotation by Seawall is damaged: "
        "Object missing required field `type` - at `$.package`"
    )
    last["annotations"][0]["comment"] = "seawall: " + "[" * 100_000
    (gap,) = parsed(document).inventory.incomplete
    assert gap.reason.endswith("nested too deep")
