import io
from importlib import import_module
from pathlib import Path

import pytest

import seawall.inventory.sbom
from seawall.inventory.sbom import FORMATS
from tests.unit.inventory.sbom.samples import INVENTORY, written

ROOM = Path(seawall.inventory.sbom.__file__).parent
NOT_FORMATS = {"__init__", "columns", "document", "identity"}
PAGE = Path(__file__).parents[4] / "docs" / "reports.md"


def test_every_module_of_the_folder_is_a_format_in_the_list() -> None:
    modules = {module.stem for module in ROOM.glob("*.py")} - NOT_FORMATS
    assert modules == {name.replace("-", "_") for name in FORMATS}


@pytest.fixture(autouse=True)
def dated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # SPDX demands a time


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_what_its_module_writes(name: str) -> None:
    direct = io.StringIO()
    module = import_module(f"seawall.inventory.sbom.{name.replace('-', '_')}")
    module.write(INVENTORY, direct)
    assert written(INVENTORY, name) == direct.getvalue() != ""


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_test_file_and_a_heading_in_the_page(name: str) -> None:
    assert (Path(__file__).parent / f"test_{name.replace('-', '_')}.py").is_file()
    assert (
        f"### `{name}`" in PAGE.read_text(encoding="utf-8").partition("## `seawall inventory`")[2]
    )
