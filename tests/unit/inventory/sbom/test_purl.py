from hypothesis import given

from seawall.model import Inventory
from tests.unit.inventory.sbom.samples import INVENTORY, inventories, written


def test_there_is_one_line_a_package_url_sorted_and_each_once() -> None:
    lines = written(INVENTORY, "purl").splitlines()
    assert lines == sorted(set(lines))
    assert len(lines) == 6  # ms is there twice
    assert lines[-1] == "pkg:pypi/requests@2.28.1"


@given(inventories())
def test_a_line_is_always_one_package(inventory: Inventory) -> None:
    text = written(inventory, "purl")
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert all(line.startswith("pkg:") for line in text.splitlines())
