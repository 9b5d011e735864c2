"""``seawall inventory`` of a bill of materials: any format becomes any other."""

import json
from pathlib import Path

import pytest

from seawall.cli import main
from tests.unit.inventory.sbom.reading.documents import DATA, cyclonedx, library
from tests.unit.inventory.sbom.samples import INVENTORY, WITH_GAPS, written

BOTH = pytest.mark.parametrize("form", ["cyclonedx-json", "spdx-json"])


@pytest.fixture(autouse=True)
def dated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@BOTH
@pytest.mark.parametrize("other", ["table", "json", "cyclonedx-json", "spdx-json", "purl"])
def test_our_bill_of_materials_becomes_what_the_image_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, other: str
) -> None:
    file = tmp_path / "bill.json"
    file.write_text(written(INVENTORY, form), encoding="utf-8")
    assert main(["inventory", f"sbom:{file}", "--format", other]) == 0
    assert capsys.readouterr().out == written(INVENTORY, other)


def test_a_bare_file_is_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", str(DATA / "syft-deb.spdx.json"), "--format", "purl"]) == 0
    assert "pkg:deb/debian/bash@5.2.15-2%2Bb8?" in capsys.readouterr().out


@BOTH
def test_gaps_of_the_image_are_gaps_of_its_bill(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    file = tmp_path / "bill.json"
    file.write_text(written(WITH_GAPS, form), encoding="utf-8")
    assert main(["inventory", str(file)]) == 3
    assert "could not analyse app/yarn.lock: larger than 64 MiB" in capsys.readouterr().err


def test_what_cannot_be_matched_is_said_and_may_be_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bill.json"
    known = library("ms", "2.1.3", "pkg:npm/ms@2.1.3")
    file.write_text(json.dumps(cyclonedx(known, library("vendored", "1"))), encoding="utf-8")
    assert main(["inventory", str(file)]) == 3
    message = "1 package without package-url cannot be matched: vendored"
    assert message in capsys.readouterr().err
    assert main(["inventory", str(file), "--allow-incomplete"]) == 0


def test_a_damaged_bill_is_an_error_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bill.json"
    file.write_text('{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": 1}')
    assert main(["inventory", str(file)]) == 3
    said = capsys.readouterr().err
    assert "damaged: Expected `array | null`, got `int`" in said
    assert "CycloneDX 1.2 to 1.7 and SPDX 2.2 and 2.3 can be read" in said
