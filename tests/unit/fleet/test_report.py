"""The report on an image of the fleet says what was not looked for."""

from pathlib import Path

import pytest

from seawall.fleet.record import record_of
from seawall.fleet.report import report_of
from seawall.fleet.store import Fleet
from seawall.model import Distribution, Image, ImageRef, Inventory, Layer, Package
from seawall.scanning.scan import NO_FILES
from tests.unit.advisories.records import NOW, below, record, store_of
from tests.unit.fleet.families import keep

CENTOS = Distribution("centos", "7", "", "CentOS Linux 7")
BASE = "sha256:" + "0" * 64
DIGEST = "sha256:" + "e" * 64


@pytest.mark.parametrize(
    ("asked", "skipped"),
    [
        (("malware:m", "secrets:s"), set()),
        (("malware:m",), {"did not look for secrets"}),
        ((), {"did not look for malware, secrets"}),
        (None, {NO_FILES}),
    ],
)
def test_what_a_scan_would_note_is_noted(
    fleet: Fleet, tmp_path: Path, asked: tuple[str, ...] | None, skipped: set[str]
) -> None:
    bash = Package("rpm", "bash", "4.2", layer=BASE, path="rpmdb")
    whole = Inventory("docker:a:1", DIGEST, CENTOS, (bash,), (), (BASE,))
    image = Image(ImageRef("docker", "a:1"), DIGEST, (Layer(BASE, "RUN"),), tags=("a:1",))
    looked = None if asked is None else ()
    stored = keep(fleet, record_of(image, whole, other_findings=looked, asked_rules=asked or ()))
    name = "Red Hat:enterprise_linux:7::baseos"
    with store_of(tmp_path, {"Red Hat": [record("RHSA-1", below(name, "bash", "5"))]}) as store:
        notes = report_of(fleet, stored, store, False, NOW).notes
    assert notes[0].startswith("from the fleet: seen first")
    assert set(notes[1:]) - skipped == {
        "CentOS is judged by Red Hat's advisories: it was built from the same sources"
    }
    assert skipped <= set(notes)
