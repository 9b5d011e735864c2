from dataclasses import replace

from hypothesis import given

from seawall.model import Inventory
from tests.golden.comparison import assert_golden
from tests.unit.inventory.sbom.samples import INVENTORY, WITH_GAPS, inventories, written


def test_the_list_reads_as_the_golden_file() -> None:
    assert_golden("inventory/table.txt", written(INVENTORY, "table"))


def test_an_incomplete_list_reads_as_the_golden_file() -> None:
    assert_golden("inventory/table-incomplete.txt", written(WITH_GAPS, "table"))


def test_an_empty_list_says_so_and_an_unread_one_says_that() -> None:
    empty = written(replace(INVENTORY, packages=()), "table")
    assert "no packages: none of the package managers Seawall reads left a trace" in empty
    unread = written(replace(WITH_GAPS, packages=()), "table")
    assert "no packages:" not in unread
    assert unread.splitlines()[1].startswith("! incomplete: 2 things could not be read")


@given(inventories())
def test_no_image_can_make_the_terminal_obey(inventory: Inventory) -> None:
    text = written(inventory, "table")
    text.encode()
    assert all(line.isprintable() for line in text.removesuffix("\n").split("\n"))
