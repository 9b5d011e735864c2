import json
from dataclasses import asdict, replace

from hypothesis import given

from seawall.model import Inventory
from tests.golden.comparison import assert_golden
from tests.unit.inventory.sbom.samples import INVENTORY, PACKAGES, WITH_GAPS, inventories, written


def test_the_document_is_as_the_golden_file() -> None:
    assert_golden("inventory/inventory.json", written(WITH_GAPS, "json"))


def test_every_field_of_every_package_is_there() -> None:
    document = json.loads(written(INVENTORY, "json"))
    for package, described in zip(PACKAGES, document["packages"], strict=True):
        assert described.pop("purl").startswith(f"pkg:{package.type}/")
        assert described == asdict(package)


def test_no_distribution_is_null() -> None:
    document = json.loads(written(replace(INVENTORY, distribution=None), "json"))
    assert document["distribution"] is None


@given(inventories())
def test_hostile_text_is_kept_and_harmless(inventory: Inventory) -> None:
    text = written(inventory, "json")
    text.encode()
    assert text.replace("\n", "").isprintable()
    document = json.loads(text)
    assert [package["name"] for package in document["packages"]] == [
        package.name for package in inventory.packages
    ]
