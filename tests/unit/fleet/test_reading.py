"""What is read for the fleet: an image, or what a bill of materials says of one."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seawall.advisories import AdvisoryStore
from seawall.fleet.keeping import keep
from seawall.fleet.reading import read_record
from seawall.fleet.record import ImageRecord, chain_ids
from seawall.fleet.store import Fleet
from seawall.fleet.verdict import verdict
from seawall.images import Limits, parse_target
from tests.unit.advisories.records import below, record
from tests.unit.fleet.samples import at, deb, digest, image, publish

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRETS = ("malware:m", "secrets:s")
REAL = replace(
    image("real", {"base": [at(deb("bash", "5.2-1"))], "app": [at(deb("curl", "7.88-1"), "c")]}),
    analyser="code limits",
    other_findings=(),
    asked_rules=SECRETS,
)


def bill(path: Path, known: str, diff_id: str = "", version: str = "1.3.0") -> ImageRecord:
    """Write a bill of materials that names an image, and perhaps a layer; read it."""
    properties = [{"name": "aquasecurity:trivy:ImageID", "value": known}]
    if diff_id:
        properties.append({"name": "aquasecurity:trivy:DiffID", "value": diff_id})
    component = {"type": "container", "name": "x", "version": "1", "properties": properties}
    package = {
        "type": "library",
        "name": "jinja2",
        "version": version,
        "purl": f"pkg:pypi/jinja2@{version}",
    }
    path.write_text(
        json.dumps(
            {
                "bomFormat": "CycloneDX",
                "specVersion": "1.5",
                "metadata": {"component": component},
                "components": [package],
            }
        )
    )
    read = read_record(
        parse_target(f"sbom:{path}"), limits=Limits(), detectors=(), analyser="code limits"
    )
    assert isinstance(read, ImageRecord)
    return read


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    critical = {"database_specific": {"severity": "CRITICAL"}}
    flaw = record(
        "DEBIAN-CVE-2026-1001",
        below("Debian:12", "bash", "5.2-2"),
        upstream=["CVE-2026-1001"],
        **critical,
    )
    some = [record(f"DEBIAN-{n}", below("Debian:12", f"p{n}", "1")) for n in range(60)]
    return publish(
        tmp_path / "home",
        {"Debian": [flaw, *some], "PyPI": [record("GHSA-1", below("PyPI", "x", "1"))]},
    )


def take(fleet: Fleet, record_: ImageRecord, advisories: Path) -> None:
    with AdvisoryStore.open(advisories) as store:
        keep(fleet, record_, store, NOW)


def test_a_bill_of_materials_that_names_an_image_hides_nothing_of_it(
    fleet: Fleet, tmp_path: Path, advisories: Path
) -> None:
    told = bill(tmp_path / "x.json", REAL.digest)
    assert told.digest == REAL.digest
    assert told.analyser.split()[0] == "sbom"
    take(fleet, told, advisories)
    said = verdict(fleet, REAL.digest, NOW)
    assert (said.is_known, said.is_complete, said.packages) == (True, False, 1)
    assert said.gaps == ()
    for record_ in (REAL, told):  # the image is read, and nothing takes that back
        take(fleet, record_, advisories)
        said = verdict(fleet, REAL.digest, NOW)
        assert (said.packages, sum(said.counts.values()), said.is_complete) == (2, 1, True)


def test_a_bill_of_materials_has_no_layer_of_any_image(
    fleet: Fleet, tmp_path: Path, advisories: Path
) -> None:
    stack = [*chain_ids(layer.diff_id for layer in REAL.layers)]
    told = bill(tmp_path / "x.json", digest("harmless"), stack[1])
    take(fleet, told, advisories)
    take(fleet, REAL, advisories)
    said = verdict(fleet, REAL.digest, NOW)
    assert (said.packages, sum(said.counts.values()), said.is_complete) == (2, 1, True)
    assert verdict(fleet, digest("harmless"), NOW).packages == 1


def test_each_bill_of_materials_is_another_reading(tmp_path: Path) -> None:
    one, same, other = (
        bill(tmp_path / "x.json", REAL.digest, version=version)
        for version in ("1.3.0", "1.3.0", "1.4.0")
    )
    assert one.analyser == same.analyser
    assert one.analyser != other.analyser
