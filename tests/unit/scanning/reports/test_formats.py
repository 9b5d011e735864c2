import io
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import seawall.scanning.reports
from seawall.cli.arguments import REPORTS
from seawall.scanning.reports import FORMATS, Options
from tests.unit.scanning.reports.samples import NOW, REPORT

ROOM = Path(seawall.scanning.reports.__file__).parent
NOTREPORTS = {"__init__", "grouping", "options", "wording"}
PAGE = Path(__file__).parents[4] / "docs" / "reports.md"


def test_every_module_of_the_folder_is_a_format_in_the_list() -> None:
    modules = {module.stem for module in ROOM.glob("*.py")} - NOTREPORTS
    assert modules == {name.replace("-", "_") for name in FORMATS}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_what_its_module_writes(name: str) -> None:
    through_list, direct, options = io.StringIO(), io.StringIO(), Options(now=NOW)
    FORMATS[name](REPORT, through_list, options)
    import_module(f"seawall.scanning.reports.{name.replace('-', '_')}").write(
        REPORT, direct, options
    )
    assert through_list.getvalue() == direct.getvalue() != ""


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_test_file_and_a_heading_in_the_page(name: str) -> None:
    assert (Path(__file__).parent / f"test_{name.replace('-', '_')}.py").is_file()
    assert (
        f"### `{name}`" in PAGE.read_text(encoding="utf-8").partition("## `seawall inventory`")[0]
    )


def test_the_list_alone_loads_no_format() -> None:
    code = "import sys, seawall.scanning.reports as r; print([n for n in sys.modules if n in {%s}])"
    names = ", ".join(
        repr(f"seawall.scanning.reports.{name.replace('-', '_')}") for name in FORMATS
    )
    asked = subprocess.run(
        [sys.executable, "-c", code % names], capture_output=True, text=True, check=True
    )
    assert asked.stdout == "[]\n"


def test_the_command_offers_every_format() -> None:
    assert tuple(FORMATS) == REPORTS
