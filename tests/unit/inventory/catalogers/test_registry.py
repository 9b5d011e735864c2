from pathlib import Path

import seawall.inventory.catalogers as room
from seawall.inventory.catalogers import CATALOGERS, Cataloger

FOLDER = Path(room.__file__).parent
MODULES = {path.stem for path in FOLDER.glob("*.py")} - {"__init__", "contract", "documents"}
FOLDERS = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
PROJECT = Path(__file__).parents[4]


def test_every_cataloger_of_a_module_is_registered() -> None:
    for name in MODULES | FOLDERS:
        module = getattr(room, name)
        declared = [value for value in vars(module).values() if isinstance(value, Cataloger)]
        assert declared, name
        assert all(cataloger in CATALOGERS for cataloger in declared), name


def test_every_module_has_a_test() -> None:
    assert all((Path(__file__).parent / f"test_{name}.py").is_file() for name in MODULES)
    assert all(list((Path(__file__).parent / name).glob("test_*.py")) for name in FOLDERS)


def test_every_cataloger_stands_in_the_coverage_table() -> None:
    page = (PROJECT / "docs/coverage.md").read_text()
    assert [c.name for c in CATALOGERS if f"`{c.name}`" not in page] == []


def test_names_are_unique() -> None:
    assert len({cataloger.name for cataloger in CATALOGERS}) == len(CATALOGERS)
