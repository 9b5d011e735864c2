import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given

from seawall.errors import UsageError
from seawall.inventory.purl import purl
from seawall.model import Inventory, Package
from tests.patience import ends
from tests.unit.inventory.sbom.samples import (
    BASE,
    INVENTORY,
    LANGUAGES,
    OF_SYSTEMS,
    PACKAGES,
    RHEL,
    WITH_GAPS,
    inventories,
    written,
)

PREFIX = "seawall:"
INPUTS = ("source", "source_version", "arch", "layer", "path", "owner", "module", "evidence")


@cache
def validator() -> JsonStrictValidator:
    return JsonStrictValidator(SchemaVersion.V1_6)


def document(inventory: Inventory) -> Any:
    text = written(inventory, "cyclonedx-json")
    assert validator().validate_str(text) is None
    return json.loads(text)


def properties(component: Any) -> dict[str, str]:
    return {
        each["name"].removeprefix(PREFIX): each["value"] for each in component.get("properties", ())
    }


@pytest.fixture(autouse=True)
def no_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


def test_the_schema_refuses_what_is_wrong() -> None:
    wrong = written(INVENTORY, "cyclonedx-json").replace('"library"', '"book"')
    assert validator().validate_str(wrong) is not None


def test_the_subject_is_a_container_with_its_digest_or_a_file() -> None:
    image = document(INVENTORY)["metadata"]["component"]
    assert (image["type"], image["version"]) == ("container", INVENTORY.digest)
    folder = document(replace(INVENTORY, digest="", layers=()))["metadata"]["component"]
    assert folder["type"] == "file"


def test_everything_that_matching_needs_is_there() -> None:
    system, *libraries = document(INVENTORY)["components"]
    assert (system["type"], system["name"], system["version"]) == (
        "operating-system",
        "debian",
        "12",
    )
    assert properties(system)["codename"] == "bookworm"
    for package, library in zip(PACKAGES, libraries, strict=True):
        said = properties(library)
        inputs = {name: said.get(name, "") for name in INPUTS}
        read = Package(
            said["type"],
            library["name"],
            library["version"],
            **inputs,
            locked=said.get("locked") == "true",
        )
        assert read == package
        assert library["purl"] == purl(package, INVENTORY.distribution)


def test_the_distribution_is_there_with_its_cpe_and_all_channels() -> None:
    system = document(replace(INVENTORY, distribution=RHEL))["components"][0]
    said = [(each["name"], each["value"]) for each in system["properties"]]
    assert ("seawall:cpe", RHEL.cpe) in said
    assert [value for name, value in said if name == "seawall:channel"] == ["baseos-eus", "crb"]


def test_where_a_package_was_found_is_its_evidence() -> None:
    package = Package("generic", "openssl", "3.0.11", path="opt/ssl", evidence="offset 0x1f3a")
    (library,) = document(replace(INVENTORY, distribution=None, packages=(package,)))["components"]
    assert library["evidence"]["occurrences"] == [
        {"location": "opt/ssl", "additionalContext": "offset 0x1f3a"}
    ]


@pytest.mark.parametrize("kind", OF_SYSTEMS)
def test_packages_of_every_type_fit_the_schema(kind: str) -> None:
    packages = (*LANGUAGES, OF_SYSTEMS[kind])
    assert len(document(replace(INVENTORY, packages=packages))["components"]) == len(packages) + 1


def test_many_packages_of_one_package_url_have_references_in_time() -> None:
    packages = tuple(Package("npm", "ms", "2.1.3", layer=str(number)) for number in range(50_000))
    with ends():  # one look at each of the others takes minutes
        written(replace(INVENTORY, packages=packages), "cyclonedx-json")


def test_a_package_that_is_there_twice_has_two_references() -> None:
    twice = [c["bom-ref"] for c in document(INVENTORY)["components"] if c["name"] == "ms"]
    assert twice == [
        "pkg:npm/ms@2.1.3",
        "pkg:npm/ms@2.1.3#app/node_modules/debug/node_modules/ms/package.json",
    ]


def test_what_could_not_be_read_makes_the_composition_incomplete() -> None:
    written_document = document(WITH_GAPS)
    subject = written_document["metadata"]["component"]["bom-ref"]
    assert written_document["compositions"] == [
        {"aggregate": "incomplete", "assemblies": [subject]}
    ]
    assert [each["value"] for each in written_document["metadata"]["properties"]] == [
        f"var/lib/dpkg/status.d/openssl in {BASE}: no Version field in the second stanza",
        "app/yarn.lock: larger than 64 MiB",
    ]
    assert "compositions" not in document(INVENTORY)


def test_the_same_inventory_gives_the_same_bytes_and_another_another_serial_number() -> None:
    assert written(INVENTORY, "cyclonedx-json") == written(INVENTORY, "cyclonedx-json")
    fewer = replace(INVENTORY, packages=PACKAGES[1:])
    assert document(fewer)["serialNumber"] != document(INVENTORY)["serialNumber"]


def test_the_time_is_source_date_epoch_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    without = document(INVENTORY)
    assert "timestamp" not in without["metadata"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    dated = document(INVENTORY)
    assert dated["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    assert dated["serialNumber"] == without["serialNumber"]


@pytest.mark.parametrize("epoch", ["yesterday", "1e9", "9" * 30])
def test_a_source_date_epoch_that_is_no_time_is_refused(
    monkeypatch: pytest.MonkeyPatch, epoch: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        document(INVENTORY)


@given(inventories())
def test_hostile_text_never_breaks_the_schema(inventory: Inventory) -> None:
    text = written(inventory, "cyclonedx-json")
    text.encode()
    assert text.replace("\n", "").isprintable()
    read = document(inventory)
    components = [read["metadata"]["component"], *read["components"]]
    references = [component["bom-ref"] for component in components]
    assert len(set(references)) == len(references)
