"""The report as a whole, and what is left out of it on purpose."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from seawall.advisories import AdvisoryStore, snapshot_of
from seawall.images import OpenImage
from seawall.model import (
    Distribution,
    Finding,
    FixState,
    Image,
    ImageRef,
    Incomplete,
    Package,
    Severity,
    Urgency,
)
from seawall.scanning import (
    Report,
    advisory_data,
    discounted,
    over_threshold,
    scan,
    without_unfixed,
)
from seawall.scanning.configuration import is_project
from tests.unit.advisories.records import Record, below, record, store_of
from tests.unit.scanning.reports.samples import AWS_KEY, GLIBC, OTHERS, REPORT, ROOT, rendered
from tests.unit.scanning.test_vulnerabilities import inventory


@dataclass
class Opened:
    """What `scan` needs of an open image."""

    image: Image
    notes: list[str]


def report_of(*findings: Finding) -> Report:
    return replace(REPORT, findings=findings, notes=())


def test_a_scan_puts_all_into_a_report(tmp_path: Path) -> None:
    image = Image(ImageRef("dir", "x"), "", ())
    gap = Incomplete("a/file", "too large")
    held = replace(
        inventory(
            Package("pypi", "x", "1"), Package("pypi", "y", "one"), Package("npm", "z", "1.0.0")
        ),
        incomplete=(gap,),
    )
    records = {"PyPI": [record("X-1", below("PyPI", n, "2")) for n in "x"]}
    with store_of(tmp_path, records) as store:
        opened = cast("OpenImage", Opened(image, ["a note"]))
        report = scan(held, opened, store, is_snapshot=True)
    assert [finding.id for finding in report.findings] == ["X-1"]
    assert report.packages == {"npm": 1, "pypi": 2}
    assert list(report.packages) == ["npm", "pypi"]
    assert report.incomplete[0] == gap
    assert "1 npm packages not judged" in report.incomplete[1].reason
    assert report.notes[0] == "a note"
    assert "no file or configuration was looked at" in report.notes[1]
    assert report.data.is_snapshot
    assert report.data.advisories == 1
    assert report.image is image


def test_the_age_of_the_advisories_is_that_of_the_oldest_feed(tmp_path: Path) -> None:
    records = {
        "PyPI": [record("X-1", below("PyPI", "x", "2"))],
        "npm": [record("X-2", below("npm", "x", "2.0.0"))],
    }
    with store_of(tmp_path, records) as store:
        data = advisory_data(store, is_snapshot=False)
    assert data.obtained == "2026-11-20T12:00:00Z"
    assert data.newest == "2026-01-02T03:04:05Z"


def test_the_age_of_the_advisories_is_that_of_those_that_judged_the_image(tmp_path: Path) -> None:
    def dated(name: str, ecosystem: str, modified: str) -> Record:
        return record(name, below(ecosystem, "x", "2.0.0")) | {"modified": modified}

    records = {
        "PyPI": [dated("X-1", "PyPI", "2026-01-02T03:04:05Z")],
        "npm": [dated("X-2", "npm", "2026-11-02T03:04:05Z")],
        "Go": [dated("X-3", "Go", "2020-01-02T03:04:05Z")],
    }
    opened = cast("OpenImage", Opened(Image(ImageRef("dir", "x"), "", ()), []))
    with store_of(tmp_path, records, kev="2025-08-25") as store:
        held = inventory(Package("pypi", "x", "1"), Package("npm", "x", "1.0.0"))
        data = scan(held, opened, store, is_snapshot=False).data
        clean = scan(inventory(Package("npm", "y", "1.0.0")), opened, store, is_snapshot=False).data
    assert [one.name for one in data.ecosystems] == ["PyPI", "npm"]
    assert data.newest == "2026-01-02T03:04:05Z"
    assert [(one.name, one.newest) for one in data.scores] == [("kev", "2025-08-25")]
    assert clean.newest == "2026-11-02T03:04:05Z"
    assert clean.scores == ()  # there was nothing to rate


def test_only_the_advisories_that_could_speak_of_the_packages_are_counted(tmp_path: Path) -> None:
    records = {
        "PyPI": [record(f"X-{n}", below("PyPI", "x", "2")) for n in range(3)],
        "npm": [record("X-9", below("npm", "x", "2.0.0"))],
    }
    opened = cast("OpenImage", Opened(Image(ImageRef("dir", "x"), "", ()), []))
    with store_of(tmp_path, records) as store:
        of_npm = scan(inventory(Package("npm", "y", "1.0.0")), opened, store, is_snapshot=False)
        of_none = scan(inventory(), opened, store, is_snapshot=False)
    assert of_npm.data.advisories == 1
    assert of_npm.data.partial == ()
    assert of_none.data.advisories == 4


def test_packages_judged_by_a_part_of_the_advisories_are_a_gap_and_a_warning(
    tmp_path: Path,
) -> None:
    records = {
        "PyPI": [record("X-1", below("PyPI", "x", "2"))],
        "npm": [record("X-2", below("npm", "x", "2.0.0"))],
    }
    opened = cast("OpenImage", Opened(Image(ImageRef("dir", "x"), "", ()), []))
    with store_of(tmp_path, records):
        content = snapshot_of(tmp_path / "advisories.sqlite", ["npm"])
    with AdvisoryStore.from_snapshot(content, "snapshot") as store:
        kept = inventory(
            Package("npm", "x", "1.0.0"), Package("npm", "y", "1.0.0"), Package("pypi", "z", "1")
        )
        report = scan(kept, opened, store, is_snapshot=True)
        of_python = scan(inventory(Package("pypi", "z", "1")), opened, store, is_snapshot=True)
    assert [gap.reason for gap in report.incomplete] == [
        "2 npm packages judged by a part of the advisories for npm"
    ]
    assert "npm: the advisories here are a part of what is known" in rendered(report, "table")
    assert not of_python.incomplete
    assert "a part of what is known" not in rendered(of_python, "table")


def test_an_empty_store_has_no_age(tmp_path: Path) -> None:
    with store_of(tmp_path, {}) as store:
        data = advisory_data(store, is_snapshot=False)
    assert (data.newest, data.obtained, data.advisories) == ("", "", 0)


UNFIXED = replace(GLIBC, id="CVE-2020-1", state=FixState.UNFIXED, urgency=Urgency.WATCH)
MINOR = replace(GLIBC, id="CVE-2020-2", state=FixState.WILL_NOT_FIX, urgency=Urgency.HIDDEN)
HOSTILE = replace(GLIBC, id="MAL-1", state=FixState.UNFIXED, urgency=Urgency.NOW)


def test_what_nobody_can_fix_can_be_left_out_and_is_counted() -> None:
    report = without_unfixed(report_of(GLIBC, UNFIXED, MINOR))
    assert report.findings == (GLIBC,)
    assert report.notes == ("left out 2 findings without a fix",)


def test_where_all_have_a_fix_nothing_is_said() -> None:
    assert without_unfixed(report_of(GLIBC)) == report_of(GLIBC)


def test_a_malicious_package_is_never_left_out() -> None:
    assert without_unfixed(report_of(HOSTILE)).findings == (HOSTILE,)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (Severity.UNKNOWN, ["unknown", "low", "high", "critical"]),
        (Severity.LOW, ["low", "high", "critical"]),
        (Severity.MEDIUM, ["high", "critical"]),
        (Severity.CRITICAL, ["critical"]),
    ],
)
def test_findings_at_or_above_the_threshold_count(threshold: Severity, expected: list[str]) -> None:
    rated = [
        replace(GLIBC, severity=severity)
        for severity in (Severity.UNKNOWN, Severity.LOW, Severity.HIGH, Severity.CRITICAL)
    ]
    found = over_threshold(report_of(*rated, replace(MINOR, severity=Severity.CRITICAL)), threshold)
    assert [str(finding.severity) for finding in found] == expected


def test_unconfirmed_and_unfixed_findings_count_for_a_gate() -> None:
    unconfirmed = replace(UNFIXED, confirmed=False)
    assert over_threshold(report_of(unconfirmed), Severity.HIGH) == [unconfirmed]


@pytest.mark.parametrize(
    ("digest", "distribution", "packages", "counts"),
    [
        ("", None, ["npm", "pypi"], True),
        ("", None, [], True),
        ("sha256:1", None, ["npm"], False),
        ("", "debian", ["npm"], False),
        ("", None, ["npm", "apk"], False),
    ],
)
def test_lock_files_count_in_a_projects_directory_only(
    digest: str, distribution: str | None, packages: list[str], counts: bool
) -> None:
    image = Image(ImageRef("dir", "x"), digest, ())
    held = replace(
        inventory(*(Package(kind, "x", "1") for kind in packages)),
        distribution=Distribution(distribution, "12") if distribution else None,
    )
    assert is_project(image, held) is counts
    locked = replace(GLIBC, locked=True)
    report = replace(report_of(locked), image=image, inventory=held)
    assert bool(over_threshold(report, Severity.HIGH)) is counts


def test_what_is_no_flaw_of_a_package_stays_without_a_fix() -> None:
    assert without_unfixed(report_of(AWS_KEY, ROOT)).findings == (AWS_KEY, ROOT)


def test_secrets_malware_and_tampered_files_count_by_their_severity() -> None:
    report = report_of(*OTHERS)
    assert over_threshold(report, Severity.CRITICAL) == OTHERS[:2]
    assert over_threshold(report, Severity.MEDIUM) == OTHERS


def test_what_was_decided_or_only_a_lock_file_names_never_counts() -> None:
    decided, locked = replace(GLIBC, suppressed="by ana"), replace(GLIBC, locked=True)
    report = report_of(decided, locked)
    assert over_threshold(report, Severity.UNKNOWN) == []
    assert discounted(decided, report) == "by ana"
    project = replace(
        report,
        image=replace(report.image, digest=""),
        inventory=replace(report.inventory, distribution=None, packages=()),
    )
    assert over_threshold(project, Severity.UNKNOWN) == [locked]
