"""The registry: each check has its module, its line, its test and its page."""

from pathlib import Path

import pytest
import yaml

import seawall.scanning.configuration.checks as folder
from seawall.scanning.configuration import CHECKS, Check
from seawall.scanning.configuration.benchmark import ANSWERS

MODULES = {path.stem for path in Path(folder.__file__).parent.glob("*.py")} - {"__init__"}
PAGES = Path(__file__).parents[4] / "docs" / "checks"
BENCHMARK = Path(__file__).parents[5] / "shared" / "data" / "controls" / "cis_docker.yaml"
every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)


def recommendations(check: Check) -> set[str]:
    """Return the numbers of the benchmark that a check says it answers."""
    prefix = "CIS Docker Benchmark 1.6.0, "
    listed = (s.removeprefix(prefix).split(", ") for s in check.sources if s.startswith(prefix))
    return {number for numbers in listed for number in numbers}


def test_every_module_has_its_check_in_the_list() -> None:
    assert {check.id.replace("-", "_") for check in CHECKS} == MODULES
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    for name in MODULES:
        assert getattr(getattr(folder, name), name.upper()) in CHECKS


@every_check
def test_every_check_has_a_test_a_page_and_something_to_look_at(check: Check) -> None:
    name = check.id.replace("-", "_")
    assert (Path(__file__).parent / "checks" / f"test_{name}.py").is_file()
    page = (PAGES / f"{check.id}.md").read_text()
    assert page.startswith(f"# {check.id}\n")
    assert all(source in page for source in check.sources)
    assert f"**{check.severity}**" in page
    assert check.image or check.build_file


def test_the_list_of_pages_names_every_check_and_no_other() -> None:
    index = (PAGES / "README.md").read_text()
    assert [check.id for check in CHECKS if f"| [{check.id}]({check.id}.md) |" not in index] == []
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == {c.id for c in CHECKS}


def test_each_recommendation_on_images_has_an_answer() -> None:
    if not BENCHMARK.is_file():
        pytest.skip("the list of the benchmark's recommendations is not beside the project")
    listed = yaml.safe_load(BENCHMARK.read_text())["controls"]
    assert {c["id"] for c in listed if c["id"].startswith("4.")} == set(ANSWERS)


@pytest.mark.parametrize("number", ANSWERS)
def test_an_answer_says_who_looks_and_stands_in_the_page(number: str) -> None:
    answer = ANSWERS[number]
    assert answer.checks or answer.elsewhere or answer.undecidable
    assert {c.id for c in CHECKS if number in recommendations(c)} == set(answer.checks)
    [row] = [
        r for r in (PAGES / "README.md").read_text().splitlines() if r.startswith(f"| {number} |")
    ]
    assert all(f"[{identifier}]({identifier}.md)" in row for identifier in answer.checks)
    assert answer.elsewhere in row
    assert answer.undecidable in row
