"""What somebody decided: exceptions, VEX statements, and both from one report into the next."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.model import Finding, Image, ImageRef, Kind, Severity
from seawall.scanning import Report, VexStatements, over_threshold, suppress
from seawall.scanning.exceptions import Entry
from seawall.scanning.exceptions import read as read_exceptions
from seawall.scanning.purl_pattern import PurlPattern
from seawall.scanning.report import Decision
from seawall.scanning.suppression import told
from seawall.scanning.vex import Component, Product, Statement, Status, read
from tests.unit.scanning.reports.samples import AWS_KEY, GLIBC, MIXED, REPORT, pypi, rendered

TODAY = date(2026, 11, 20)
ID = REPORT.image.digest
PLAIN = replace(REPORT, findings=(GLIBC, AWS_KEY))


def entry(until: str = "2027-03-31", **criteria: Any) -> Entry:
    return Entry(".seawall.yaml", 3, "ana", "never called", date.fromisoformat(until), **criteria)


def statement(status: Status, **changes: Any) -> Statement:
    usual: dict[str, Any] = {
        "file": "vex.json",
        "number": 1,
        "names": frozenset({"CVE-2023-4911"}),
        "since": datetime(2026, 1, 1, tzinfo=UTC),
        "products": (Product(Component(ID, (ID,))),),
        "text": "not built in",
    }
    return Statement(status=status, **(usual | changes))


def suppressed(report: Report, *statements: Statement, entries: tuple[Entry, ...] = ()) -> Report:
    return suppress(report, entries, VexStatements(statements), TODAY).report


def test_an_exception_says_who_decided_why_and_until_when() -> None:
    report = suppressed(PLAIN, entries=(entry(ids=("CVE-2023-4911",)),))
    text = "exception of ana until 2027-03-31: never called"
    assert [finding.suppressed for finding in report.findings] == [text, ""]
    assert report.decisions[text] == Decision("accepted", "never called (ana)")


def test_an_exception_can_be_about_a_secret() -> None:
    report = suppressed(PLAIN, entries=(entry(kinds=(Kind.SECRET,), paths=("app/**",)),))
    assert [bool(finding.suppressed) for finding in report.findings] == [False, True]


def test_what_is_suppressed_never_counts_for_a_gate() -> None:
    report = suppressed(PLAIN, entries=(entry(paths=("**",)),))
    assert len(over_threshold(PLAIN, Severity.HIGH)) == 2
    assert over_threshold(report, Severity.UNKNOWN) == []


def test_an_exception_applies_on_its_last_day_and_is_named_loudly_after_it() -> None:
    last = suppressed(PLAIN, entries=(entry("2026-11-20", ids=("CVE-2023-4911",)),))
    assert last.findings[0].suppressed
    assert last.warnings == ()
    late = suppressed(PLAIN, entries=(entry("2026-11-19", ids=("CVE-2023-4911",)),))
    assert not late.findings[0].suppressed
    assert late.warnings == (
        "the exception .seawall.yaml:3 (CVE-2023-4911, ana) ended on 2026-11-19, so 1 finding "
        "counts again",
    )
    assert "! the exception .seawall.yaml:3" in rendered(late, "table", width=200)


def test_an_ended_exception_gives_way_to_one_that_still_applies() -> None:
    entries = (entry("2026-01-01", ids=("CVE-2023-4911",)), entry(ids=("CVE-2023-*",)))
    assert suppressed(PLAIN, entries=entries).findings[0].suppressed


def test_exceptions_and_statements_that_mean_nothing_are_mentioned() -> None:
    other = statement(Status.FIXED, number=2, names=frozenset({"CVE-1"}))
    entries = (entry(ids=("CVE-1",)), entry(ids=("CVE-2023-4911",)))
    vex = VexStatements([statement(Status.FIXED), other])
    assert suppress(PLAIN, entries, vex, TODAY).remarks == (
        ".seawall.yaml:3 (CVE-1, ana): this exception means nothing here",
        "vex.json: 1 of 2 VEX statements decide on a finding here; why the others do not: "
        "--explain ID",
    )


def test_a_statement_says_its_file_number_and_reason() -> None:
    said = statement(Status.NOT_AFFECTED, justification="component_not_present")
    [glibc, key] = suppressed(PLAIN, said).findings
    assert glibc.suppressed == (
        "VEX, vex.json, statement 1: not affected, component_not_present, not built in"
    )
    assert key.suppressed == ""


def test_affected_and_under_investigation_suppress_nothing_and_take_back_what_is_older() -> None:
    fixed = statement(Status.FIXED)
    for status in (Status.AFFECTED, Status.UNDER_INVESTIGATION):
        newer = statement(status, number=2, since=datetime(2026, 2, 1, tzinfo=UTC))
        assert not suppressed(PLAIN, fixed, newer).findings[0].suppressed
        assert not suppressed(PLAIN, newer, fixed).findings[0].suppressed
        older = replace(newer, since=datetime(2025, 2, 1, tzinfo=UTC))
        assert suppressed(PLAIN, fixed, older).findings[0].suppressed


def test_each_statement_is_told_with_what_it_means() -> None:
    part = Product(Component(ID, (ID,)), (Component("x", ("pkg:deb/debian/libc6@1",)),))
    statements = (
        statement(Status.FIXED),
        statement(Status.FIXED, number=2, products=(part,)),
        statement(Status.AFFECTED, number=3, since=datetime(2025, 1, 1, tzinfo=UTC)),
    )
    vex = VexStatements(statements)
    lines = list(told({"CVE-2023-4911"}, [GLIBC], vex, PLAIN))
    what = "  libc6 2.36-9+deb12u1 (var/lib/dpkg/status)"
    assert lines == [
        "VEX, vex.json, statement 1: fixed, of 2026-01-01 00:00 UTC",
        f"{what}: applies, so it does not count",
        "VEX, vex.json, statement 2: fixed, of 2026-01-01 00:00 UTC",
        f"{what}: does not apply: product matches, subcomponent version differs: "
        "1 ≠ 2.36-9+deb12u1",
        "VEX, vex.json, statement 3: affected, of 2025-01-01 00:00 UTC",
        f"{what}: applies, but a newer statement decides",
    ]
    assert list(told({"CVE-2023-4911"}, [], vex, PLAIN))[1] == (
        "  nothing was found that it could speak of"
    )


def read_back(report: Report, plain: Report) -> Report:
    """Return the plain report with what the OpenVEX of `report` says of it."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "out.json"
        file.write_text(rendered(report, "openvex"), encoding="utf-8")
        return suppress(plain, (), VexStatements(read(str(file))), TODAY).report


def flaws(report: Report) -> list[tuple[str, str, str, bool]]:
    return [
        (finding.id, finding.package, finding.path, bool(finding.suppressed))
        for finding in report.findings
        if finding.kind is Kind.VULNERABILITY
    ]


names = st.sampled_from(["CVE-1", "CVE-2", "CVE-3", "GHSA-a", "GHSA-b", "DSA-1-1"])
packages = st.sampled_from(
    [
        GLIBC,
        replace(GLIBC, name="glibc", package="pkg:deb/debian/glibc@2.36-9?arch=amd64"),
        pypi("jinja2", id="", installed="3.1.2", fixed_in=""),
        pypi("jinja2", id="", installed="3.1.3", fixed_in=""),
    ]
)
paths = st.sampled_from(["a/METADATA", "b c/METADATA", "é&?#%/x", "n\udcff"])


@st.composite
def decided(draw: st.DrawFn) -> Report:
    """Return a report whose flaws, packages and places cross, each decided on or not."""
    findings: dict[tuple[str, str, str], Finding] = {}
    for _ in range(draw(st.integers(0, 8))):
        made = replace(
            draw(packages),
            id=draw(names),
            path=draw(paths),
            aliases=tuple(draw(st.lists(names, max_size=2))),
            confirmed=draw(st.booleans()),
            suppressed=draw(st.sampled_from(["", "", "accepted", "fixed", "stated", "unknown"])),
        )
        findings[made.id, made.package, made.path] = made
    ref = draw(st.sampled_from(["docker", "dir", "docker-archive"]))
    place = draw(st.sampled_from(["shop/api:2.3", "/a b/ü", "x"]))
    tags = draw(st.sampled_from([(), ("shop/api:2.3",), ("localhost:5000/api",)]))
    image = Image(ImageRef(ref, place), draw(st.sampled_from(["", ID])), (), tags=tags)
    return replace(
        REPORT,
        image=image,
        findings=tuple(findings.values()),
        decisions={
            "accepted": Decision("accepted", "never called (ana)"),
            "fixed": Decision("fixed", "rebuilt"),
            "stated": Decision("not_affected", "", "component_not_present"),
        },
    )


@settings(max_examples=300)
@given(decided())
def test_what_is_written_as_openvex_suppresses_the_same_when_it_is_read(report: Report) -> None:
    plain = replace(
        report,
        findings=tuple(replace(finding, suppressed="") for finding in report.findings),
        decisions={},
    )
    once = read_back(report, plain)
    assert flaws(once) == flaws(report)
    assert flaws(read_back(once, plain)) == flaws(report)


def test_statements_of_one_image_do_not_hold_for_another() -> None:
    other = replace(REPORT.image, digest="sha256:" + "7" * 64)
    plain = [replace(finding, suppressed="") for finding in MIXED.findings]
    elsewhere = read_back(MIXED, replace(MIXED, image=other, findings=plain))
    assert any(suppressed for *_, suppressed in flaws(MIXED))
    assert not any(suppressed for *_, suppressed in flaws(elsewhere))


def test_a_file_of_exceptions_works_from_end_to_end(tmp_path: Path) -> None:
    file = tmp_path / "e.yaml"
    file.write_text(
        "exceptions:\n  - {package: 'pkg:deb/*/glibc', owner: a, reason: b, until: 2026-11-20}\n"
    )
    report = suppress(PLAIN, read_exceptions(str(file)), VexStatements(), TODAY).report
    assert [bool(finding.suppressed) for finding in report.findings] == [True, False]
    assert json.loads(rendered(report, "json"))["summary"]["suppressed"] == 1


def test_an_entry_names_what_it_means() -> None:
    pattern = PurlPattern.parse("pkg:npm/a*", wildcards=True)
    assert str(entry(kinds=(Kind.SECRET,), packages=(pattern,))) == (
        ".seawall.yaml:3 (secret, pkg:npm/a*, ana)"
    )
