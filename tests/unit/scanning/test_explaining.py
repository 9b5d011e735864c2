"""Why an advisory did or did not apply."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from seawall.model import Distribution, Inventory, Package
from seawall.scanning import explain
from tests.unit.advisories.records import Record, affects, below, real, record, store_of
from tests.unit.scanning.reports.samples import AWS_KEY, REPORT
from tests.unit.scanning.reports.samples import GLIBC as FINDING
from tests.unit.scanning.test_vulnerabilities import (
    BOOKWORM,
    DEB,
    GHSA,
    INTRODUCED,
    JINJA,
    debian,
    inventory,
)

GLIBC = real("Debian", "DEBIAN-CVE-2023-4911")
LIBC = Package("deb", "libc6", "2.36-9+deb12u1", "glibc", "2.36-9+deb12u1", path="var/x")


def told(
    folder: Path, name: str, records: Mapping[str, Sequence[Record]], held: Inventory
) -> list[str]:
    with store_of(folder, records) as store:
        return list(explain(name, held, store))


def test_what_applies_is_told_with_its_reason(tmp_path: Path) -> None:
    lines = told(tmp_path, "CVE-2023-4911", {"Debian": [GLIBC]}, inventory(LIBC))
    assert lines[0] == "CVE-2023-4911: reported."
    assert any("2.36-9+deb12u1 is below 2.36-9+deb12u3" in line for line in lines)
    assert any(
        "libc6 2.36-9+deb12u1 (source glibc 2.36-9+deb12u1): affected, it lies in: all versions "
        "up to, not including, 2.36-9+deb12u3" in line
        for line in lines
    )
    assert "  Debian:13 is another release, this image is Debian:12" in lines


def test_an_advisory_is_found_by_its_own_name_too(tmp_path: Path) -> None:
    lines = told(tmp_path, "DEBIAN-CVE-2023-4911", {"Debian": [GLIBC]}, inventory(LIBC))
    assert lines[0] == "DEBIAN-CVE-2023-4911: reported."


def test_a_version_outside_is_told_with_the_range(tmp_path: Path) -> None:
    fixed = replace(LIBC, version="2.36-9+deb12u3", source_version="2.36-9+deb12u3")
    lines = told(tmp_path, "CVE-2023-4911", {"Debian": [GLIBC]}, inventory(fixed))
    assert lines[0] == "CVE-2023-4911: not reported."
    assert any("not affected, it lies outside: all versions up to" in line for line in lines)


def test_a_package_that_is_not_installed_is_told(tmp_path: Path) -> None:
    tar = Package("deb", "tar", "1.34")
    lines = told(tmp_path, "CVE-2023-4911", {"Debian": [GLIBC]}, inventory(tar))
    assert lines[0] == "CVE-2023-4911: not reported."
    assert "  glibc (Debian:12) is not installed" in lines


def test_a_package_of_ubuntu_that_is_not_installed_is_no_other_release(tmp_path: Path) -> None:
    content = record("UBUNTU-CVE-2020-1111", below("Ubuntu:22.04:LTS", "x", "2"))
    held = inventory(
        Package("deb", "tar", "1"), distribution=replace(BOOKWORM, id="ubuntu", version="22.04")
    )
    lines = told(tmp_path, "CVE-2020-1111", {"Ubuntu": [content]}, held)
    assert "  x (Ubuntu:22.04:LTS) is not installed" in lines
    assert not any("another release" in line for line in lines)


def test_a_withdrawn_advisory_is_told_as_such(tmp_path: Path) -> None:
    content = {**GLIBC, "withdrawn": "2026-02-03T00:00:00Z"}
    lines = told(tmp_path, "CVE-2023-4911", {"Debian": [content]}, inventory(LIBC))
    assert lines[0] == "CVE-2023-4911: not reported."
    assert "  withdrawn on 2026-02-03: it applies to nothing" in lines


def test_an_unknown_name_was_not_looked_for(tmp_path: Path) -> None:
    lines = told(tmp_path, "CVE-1999-0001", {"Debian": [GLIBC]}, inventory(LIBC))
    assert lines[0].startswith("CVE-1999-0001: no advisory of that name in the store")


def test_a_range_nobody_can_compare_is_told(tmp_path: Path) -> None:
    content = real("PyPI", "PYSEC-2024-264")
    held = inventory(Package("pypi", "apache-airflow", "2.9.0"))
    lines = told(tmp_path, "PYSEC-2024-264", {"PyPI": [content]}, held)
    assert any(
        line.startswith("  apache-airflow: cannot be compared (introduced 0 last_affected 2.9.0-NA")
        for line in lines
    )


def test_an_installed_version_nobody_can_parse_is_told(tmp_path: Path) -> None:
    held = inventory(Package("pypi", "jinja2", "one"))
    lines = told(tmp_path, "GHSA-a", {"PyPI": [GHSA]}, held)
    assert any("jinja2 one: not compared, 'one' is not a pep440 version" in line for line in lines)


def test_long_lists_of_versions_are_cut(tmp_path: Path) -> None:
    content = record("X-1", affects("PyPI", "x", versions=[f"1.{n}" for n in range(300)]))
    lines = told(tmp_path, "X-1", {"PyPI": [content]}, inventory(Package("pypi", "x", "2")))
    assert len(lines) < 12
    assert lines[-1] == "  x 2: not affected, it lies outside: 295 more"


def test_what_the_distribution_decided_is_told(tmp_path: Path) -> None:
    fixed = debian("CVE-2024-56326", INTRODUCED, {"fixed": "3.1.2-1"})
    records = {"PyPI": [GHSA], "Debian": [fixed]}
    lines = told(tmp_path, "CVE-2024-56326", records, inventory(JINJA, DEB))
    assert lines[0] == "CVE-2024-56326: not reported."
    assert f"Jinja2 3.1.2 ({JINJA.path}) belongs to deb:python3-jinja2" in lines
    assert lines[-1] == (
        "  so the distribution decides: Debian:12 says of jinja2: fixed in 3.1.2-1, "
        "installed 3.1.2-1"
    )


def test_of_several_statements_the_one_that_affects_is_told(tmp_path: Path) -> None:
    several = debian(
        "CVE-2024-56326",
        {"introduced": "1"},
        {"fixed": "2"},
        {"introduced": "3"},
        {"fixed": "4"},
        {"introduced": "5"},
        {"fixed": "6"},
    )
    records = {"PyPI": [GHSA], "Debian": [several]}
    lines = told(tmp_path, "CVE-2024-56326", records, inventory(JINJA, DEB))
    assert lines[-1].startswith(
        "  so the distribution decides: Debian:12 says of jinja2: affected, fixed in 4"
    )


def test_not_affected_is_told_as_such(tmp_path: Path) -> None:
    none = debian("CVE-2024-56326", INTRODUCED, {"fixed": "0"})
    records = {"PyPI": [GHSA], "Debian": [none]}
    lines = told(tmp_path, "CVE-2024-56326", records, inventory(JINJA, DEB))
    assert "says of jinja2: not affected" in lines[-1]
    assert any(line.endswith("it lies outside: no version at all") for line in lines)


def test_silence_of_the_distribution_is_told(tmp_path: Path) -> None:
    lines = told(tmp_path, "CVE-2024-56326", {"PyPI": [GHSA]}, inventory(JINJA, DEB))
    assert lines[0] == "CVE-2024-56326: reported."
    assert lines[-1] == (
        "  of which the distribution does not speak, so it is reported as unconfirmed"
    )


def test_a_bundle_does_not_make_its_other_flaws_this_one(tmp_path: Path) -> None:
    bundle = record(
        "DSA-1-1",
        below("Debian:12", "glibc", "2.36-9+deb12u3"),
        upstream=["CVE-2020-1", "CVE-2020-2"],
    )
    gone = {**GLIBC, "upstream": ["CVE-2020-1"], "withdrawn": "2026-01-01T00:00:00Z"}
    records = {"Debian": [bundle, gone]}
    lines = told(tmp_path, "CVE-2020-2", records, inventory(LIBC))
    reported = [line for line in lines if line.startswith("  ") and ": libc6" in line]
    assert lines[0] == "CVE-2020-2: reported."
    assert len([line for line in reported if "var/x" in line]) == 1
    assert told(tmp_path / "b", "DSA-1-1", records, inventory(LIBC))[0] == "DSA-1-1: reported."


def test_of_many_packages_that_are_not_installed_a_few_are_named(tmp_path: Path) -> None:
    parts = [below("Debian:12", f"part-{n}", "1-1") for n in range(9)]
    content = record("DSA-1-1", *parts, upstream=["CVE-2020-1111"])
    lines = told(tmp_path, "CVE-2020-1111", {"Debian": [content]}, inventory(LIBC))
    assert sum("is not installed" in line for line in lines) == 5
    assert "  and 4 more that are not in this image" in lines


def test_a_fix_of_another_module_is_told_to_be_about_that(tmp_path: Path) -> None:
    fixed = "1:18.18.2-1.module_el8.8.0+3671+1"
    content = record(
        "ALSA-2023:5869",
        below("AlmaLinux:8", "nodejs", fixed),
        summary="Important: nodejs:18 security update",
        upstream=["CVE-2023-44487"],
    )
    package = Package("rpm", "nodejs", "1:16.20.1-1.module_el8.8.0+1+1", module="nodejs:16")
    held = inventory(package, distribution=Distribution("almalinux", "8.8"))
    lines = told(tmp_path, "CVE-2023-44487", {"AlmaLinux": [content]}, held)
    assert any("not affected, this is about nodejs:18" in line for line in lines)


def test_packages_of_an_ecosystem_that_is_not_in_the_image_are_one_line(tmp_path: Path) -> None:
    parts = [below("AlmaLinux:8", f"part-{n}", "1-1") for n in range(9)]
    content = record("ALSA-1", *parts, upstream=["CVE-2020-1111"])
    lines = told(tmp_path, "CVE-2020-1111", {"AlmaLinux": [content]}, inventory(LIBC))
    assert lines[-1] == "  AlmaLinux:8: this image has no package of it"


def test_a_rules_id_is_explained_with_place_evidence_and_layer(tmp_path: Path) -> None:
    report = replace(REPORT, findings=[replace(AWS_KEY, suppressed="by ana")])
    with store_of(tmp_path, {}) as store:
        lines = list(explain("AWS-access-key", inventory(), store, report))
    assert lines == [
        "AWS-access-key: reported.",
        "  fix now: AWS access key (app/.env:3)",
        "    the pattern of an access key id, and its letters are random",
        "    seen: AKIA…(20 characters)",
        "    remedy: revoke the key; keep it out of the image with a build secret",
        "    from layer 2, RUN apt-get",
        "    does not count: by ana",
    ]


def test_a_flaw_that_was_decided_on_is_called_suppressed(tmp_path: Path) -> None:
    report = replace(REPORT, findings=[replace(FINDING, suppressed="by ana")])
    with store_of(tmp_path, {"Debian": [GLIBC]}) as store:
        lines = list(explain("CVE-2023-4911", inventory(LIBC), store, report))
    assert lines[0] == "CVE-2023-4911: reported, but suppressed."
    assert "    does not count: by ana" in lines
