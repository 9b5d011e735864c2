import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given

from seawall.errors import UsageError
from seawall.inventory.purl import purl
from seawall.model import Inventory
from tests.unit.inventory.sbom.samples import (
    INVENTORY,
    LANGUAGES,
    OF_SYSTEMS,
    PACKAGES,
    WITH_GAPS,
    inventories,
    written,
)

SCHEMA = Path(__file__).parents[3] / "data" / "schemas" / "spdx-2.3.json"


@cache
def validator() -> jsonschema.Draft201909Validator:
    return jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text("utf-8")))


def document(inventory: Inventory) -> Any:
    read = json.loads(written(inventory, "spdx-json"))
    validator().validate(read)
    return read


def facts(element: Any) -> Any:
    (annotation,) = element["annotations"]
    return json.loads(annotation["comment"].removeprefix("seawall: "))


@pytest.fixture(autouse=True)
def dated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def test_the_schema_refuses_what_is_wrong() -> None:
    wrong = written(INVENTORY, "spdx-json").replace('"CONTAINER"', '"BOX"')
    assert not validator().is_valid(json.loads(wrong))


def test_the_document_describes_the_image_and_the_image_contains_the_packages() -> None:
    read = document(INVENTORY)
    target, system, *packages = read["packages"]
    assert (target["name"], target["versionInfo"]) == (INVENTORY.target, INVENTORY.digest)
    assert target["primaryPackagePurpose"] == "CONTAINER"
    assert (system["name"], system["versionInfo"]) == ("debian", "12")
    described, *contained = [tuple(each.values()) for each in read["relationships"]]
    assert described == ("SPDXRef-DOCUMENT", "DESCRIBES", target["SPDXID"])
    assert contained == [
        (target["SPDXID"], "CONTAINS", each["SPDXID"]) for each in (system, *packages)
    ]


def test_each_package_has_its_package_url_and_all_facts() -> None:
    _, system, *packages = document(INVENTORY)["packages"]
    assert facts(system)["distribution"]["codename"] == "bookworm"
    for package, described in zip(PACKAGES, packages, strict=True):
        (reference,) = described["externalRefs"]
        assert reference["referenceLocator"] == purl(package, INVENTORY.distribution)
        said = facts(described)["package"]
        assert said == {name: value for name in said if (value := getattr(package, name))}
        assert {"type", "name", "version", "path", "layer"} <= said.keys()


@pytest.mark.parametrize("kind", OF_SYSTEMS)
def test_packages_of_every_type_fit_the_schema(kind: str) -> None:
    packages = (*LANGUAGES, OF_SYSTEMS[kind])
    assert len(document(replace(INVENTORY, packages=packages))["packages"]) == len(packages) + 2


def test_a_directory_without_distribution_is_a_file_without_version() -> None:
    read = document(replace(INVENTORY, digest="", distribution=None, layers=()))
    assert len(read["packages"]) == 1 + len(PACKAGES)
    assert read["packages"][0]["primaryPackagePurpose"] == "FILE"
    assert "versionInfo" not in read["packages"][0]


def test_what_could_not_be_read_is_an_annotation_of_the_document() -> None:
    read = document(WITH_GAPS)
    assert [gap["path"] for gap in facts(read)["incomplete"]] == [
        gap.path for gap in WITH_GAPS.incomplete
    ]
    assert read["comment"] == "incomplete: 2 things could not be read"
    assert "annotations" not in document(INVENTORY)


def test_the_namespace_is_made_from_the_content_and_not_from_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = document(INVENTORY)
    assert document(INVENTORY) == first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    later = document(INVENTORY)
    assert later["creationInfo"]["created"] == "2027-01-15T08:00:00Z"
    assert later["documentNamespace"] == first["documentNamespace"]
    for other in (replace(INVENTORY, packages=PACKAGES[1:]), WITH_GAPS):
        assert document(other)["documentNamespace"] != first["documentNamespace"]


def test_without_a_given_time_it_is_that_of_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert document(INVENTORY)["creationInfo"]["created"] > "2026-01-01T00:00:00Z"


def test_a_source_date_epoch_that_is_no_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        document(INVENTORY)


@given(inventories())
def test_hostile_text_never_breaks_the_schema(inventory: Inventory) -> None:
    text = written(inventory, "spdx-json")
    text.encode()
    assert text.replace("\n", "").isprintable()
    read = document(inventory)
    identifiers = [package["SPDXID"] for package in read["packages"]]
    assert len(set(identifiers)) == len(identifiers)
    related = {each["relatedSpdxElement"] for each in read["relationships"]}
    assert related == set(identifiers)
