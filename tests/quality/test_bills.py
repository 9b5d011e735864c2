"""A bill of materials says as much as the image it was made of: both have the same findings."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from seawall.advisories import AdvisoryStore
from seawall.inventory.sbom import FORMATS
from seawall.inventory.sbom.reading import parse_sbom
from seawall.scanning import judge
from tests.quality import advisories
from tests.quality.test_quality import NAMES, SUBJECTS, inventory_of


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdvisoryStore]:
    with AdvisoryStore.open(advisories.store(tmp_path_factory.mktemp("store"))) as opened:
        yield opened


@pytest.mark.parametrize("form", ["cyclonedx-json", "spdx-json"])
@pytest.mark.parametrize("name", NAMES)
def test_an_image_and_its_bill_of_materials_have_the_same_findings(
    name: str, form: str, store: AdvisoryStore, tmp_path: Path
) -> None:
    if form not in FORMATS:
        pytest.skip(f"no writer of {form} is registered")
    inventory = inventory_of(SUBJECTS[name], tmp_path)
    out = io.StringIO()
    FORMATS[form](inventory, out)
    read = parse_sbom(out.getvalue().encode(), "bill.json").inventory
    of_image, of_bill = judge(inventory, store), judge(read, store)
    assert of_image.findings
    assert of_bill.findings == of_image.findings
    assert of_bill.incomplete == of_image.incomplete
