import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.advisories import Currency
from seawall.inventory.sbom.columns import cells
from seawall.model import Finding, Kind, Severity, Urgency
from seawall.scanning.content.secrets.rule import THEN_BUILD, WITHOUT_IT
from seawall.scanning.report import Report
from tests.golden.comparison import assert_golden
from tests.unit.scanning.reports import hostile
from tests.unit.scanning.reports.samples import (
    CLEAN,
    FINDINGS,
    GAPS,
    GLIBC,
    LINUX,
    MIXED,
    REPORT,
    SNAPSHOT,
    WITH_GAPS,
    deb,
    rendered,
)

COMMANDS = ("explain one:", "show all:")  # to be copied, so never broken


@pytest.mark.parametrize("width", [80, 120])
def test_the_report_reads_as_the_golden_file(width: int) -> None:
    assert_golden(f"reports/table-{width}.txt", rendered(REPORT, "table", width=width))


def test_an_incomplete_report_of_everything_reads_as_the_golden_file() -> None:
    report = replace(SNAPSHOT, incomplete=GAPS)
    text = rendered(report, "table", width=80, show_all=True)
    assert_golden("reports/table-incomplete-all-80.txt", text)


@pytest.mark.parametrize(("name", "show_all"), [("kinds", False), ("kinds-all", True)])
def test_a_report_of_every_kind_reads_as_the_golden_file(name: str, show_all: bool) -> None:
    text = rendered(MIXED, "table", width=100, show_all=show_all)
    assert_golden(f"reports/table-{name}-100.txt", text)


def test_the_counts_are_of_flaws_of_source_packages_not_of_binary_packages() -> None:
    assert re.search(r"fix now +2 ", rendered(REPORT, "table"))  # libc6 and libc-bin are glibc


def test_one_update_is_one_row_and_says_how_many_flaws_it_mends() -> None:
    text = rendered(REPORT, "table", width=120)
    assert text.count(" linux ") == 1
    assert re.search(r"14 advisories +linux +6\.1\.55-1 → 6\.1\.90-1 +high", text)


def test_what_has_another_fix_has_another_row() -> None:
    later = replace(LINUX[0], fixed_in="6.1.94-1")
    text = rendered(replace(REPORT, findings=[later, *LINUX[1:]]), "table")
    assert "6.1.55-1 → 6.1.94-1" in text
    assert "6.1.55-1 → 6.1.90-1" in text


def test_versions_that_one_update_mends_share_a_row() -> None:
    older = replace(GLIBC, installed="2.36-8", package="pkg:deb/debian/libc6@2.36-8")
    text = rendered(replace(REPORT, findings=[GLIBC, older]), "table")
    assert "2.36-9+deb12u1, 2.36-8 → 2.36-9+deb12u3" in text


def test_what_may_wait_is_counted_and_shown_only_on_request() -> None:
    assert "expat" not in rendered(REPORT, "table")
    assert "show all:     seawall scan --all docker:shop/api:2.3" in rendered(REPORT, "table")
    everything = rendered(REPORT, "table", show_all=True)
    assert "2.5.0-1 (no fix yet)" in everything
    assert "(will not be fixed)" in everything
    assert "not confirmed by Debian" in everything
    assert "--all" not in everything


def test_a_long_list_is_cut_but_never_what_is_for_now() -> None:
    many = [
        deb(f"lib{number}", f"lib{number}", id="CVE-2024-1", urgency=urgency)
        for urgency in (Urgency.NOW, Urgency.SOON)
        for number in range(100)
    ]
    text = rendered(replace(REPORT, findings=many), "table")
    now, _, soon = text.partition("FIX SOON")
    assert now.count(" → ") == 100
    assert soon.count(" → ") == 30
    assert "… and 70 more rows: --all" in soon


def test_a_layer_is_counted_from_the_bottom() -> None:
    assert "from layer 1" in rendered(replace(REPORT, findings=[GLIBC]), "table")
    unknown = replace(GLIBC, layer="sha256:" + "f" * 64)
    assert "from layer" not in rendered(replace(REPORT, findings=[unknown]), "table")


def test_an_improbable_exploitation_is_not_mentioned() -> None:
    low = replace(GLIBC, epss=0.004)
    assert "EPSS" not in rendered(replace(REPORT, findings=[low]), "table")


def test_nothing_wrong_says_what_was_checked() -> None:
    text = " ".join(rendered(CLEAN, "table").split())
    assert "nothing known to be wrong: checked 412 packages" in text
    assert "against 312,456 advisories" in text


def test_an_incomplete_scan_never_says_that_nothing_is_wrong() -> None:
    text = rendered(replace(CLEAN, incomplete=GAPS), "table")
    assert "nothing known to be wrong" not in text
    assert "nothing found in what could be analysed" in text
    assert "INCOMPLETE" in text


def test_an_incomplete_scan_has_no_plain_numbers() -> None:
    text = rendered(replace(WITH_GAPS, findings=[GLIBC]), "table")
    assert re.search(r"fix now +1\+ ", text)
    assert re.search(r"fix soon +\? ", text)
    assert not re.search(r"(fix now|fix soon|watch|hidden) +\d+ ", text)


@pytest.mark.parametrize(
    "report",
    [
        replace(CLEAN, packages={}),
        replace(CLEAN, packages={"deb": 0}, incomplete=GAPS),
        replace(CLEAN, data=replace(CLEAN.data, advisories=0)),
    ],
    ids=["no packages", "nothing readable", "no advisories"],
)
def test_a_scan_that_could_check_nothing_says_so(report: Report) -> None:
    text = rendered(report, "table")
    assert "! nothing could be checked: " in text
    assert "fix now" not in text
    assert "nothing known" not in text


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        ("2026-11-20T11:59:30Z", "advisories 0 min old"),
        ("2026-11-20T10:00:00+00:00", "advisories 2 h old"),
        ("2026-11-18T12:00:00Z", "advisories 2 days old"),
        ("2026-11-12T12:00:00Z", "! advisories are 8 days old: newer flaws are missing"),
        ("yesterday", "! advisories are of unknown age: newer flaws are missing"),
    ],
)
def test_the_age_of_the_advisories_is_said_and_loud_after_a_week(newest: str, said: str) -> None:
    report = replace(REPORT, data=replace(REPORT.data, newest=newest, obtained=newest))
    assert said in rendered(report, "table", width=200)
    assert ("! advisories" in rendered(report, "table", width=200)) == said.startswith("!")


def test_a_store_that_nobody_has_updated_is_old_whatever_its_records_say() -> None:
    report = replace(REPORT, data=replace(REPORT.data, obtained="2024-01-01T00:00:00Z"))
    assert "! advisories are" in rendered(report, "table", width=200)


def test_a_snapshot_is_called_one_at_the_top() -> None:
    head = rendered(SNAPSHOT, "table", width=200).partition("FIX NOW")[0]
    assert "! advisories are the snapshot that came with Seawall, 34 days old" in head
    assert "update: seawall advisories update" in head


def test_only_what_judged_the_image_makes_its_advisories_old() -> None:
    current = Currency("Debian:12", "2026-11-19T10:00:00Z", "2026-11-20T11:00:00Z")
    small = Currency("CRAN", "2024-01-01T00:00:00Z", current.obtained, is_regular=False)
    stopped = Currency("Alpine:v3.19", "2020-06-08T13:44:53Z", current.obtained)
    seldom = Currency("PyPI", "2026-11-01T10:00:00Z", current.obtained)

    def said(*ecosystems: Currency) -> str:
        data = replace(REPORT.data, ecosystems=ecosystems)
        return rendered(replace(REPORT, data=data), "table", width=300)

    for fine in ([current], [current, small]):
        assert "advisories 26 h old" in said(*fine)
        assert "! advisories" not in said(*fine)
    assert "advisories 19 days old" in said(current, seldom)
    assert "! advisories" not in said(current, seldom)
    assert (
        "! advisories are 2355 days old: newer flaws are missing (Alpine:v3.19 ends at 2020-06-08)"
        in said(current, stopped)
    )
    many = [replace(stopped, name=f"E{n}") for n in range(7)]
    assert "E4 ends at 2020-06-08, 2 more)" in said(*many)
    assert "E5" not in said(*many)


def test_a_release_whose_advisories_reach_its_end_makes_none_look_old() -> None:
    ended = Currency(
        "Debian:10",
        "2024-06-28T00:00:00Z",
        "2026-11-20T11:00:00Z",
        until="2024-06-30",
        feed_newest="2026-11-19T10:00:00Z",
    )
    silent = Currency("PyPI", "2026-09-01T10:00:00Z", ended.obtained)

    def said(*ecosystems: Currency) -> str:
        data = replace(REPORT.data, ecosystems=ecosystems)
        return rendered(replace(REPORT, data=data), "table", width=300)

    assert "advisories 1 h old" in said(ended)
    assert "! advisories" not in said(ended)
    warned = "! advisories are 80 days old: newer flaws are missing (PyPI ends at 2026-09-01)"
    assert warned in said(ended, silent)
    assert warned in said(replace(ended, obtained="2024-08-01T00:00:00Z"), silent)


def test_an_old_catalogue_of_exploited_flaws_is_told() -> None:
    kev = Currency("kev", "2025-08-25", "2026-11-20T11:00:00Z")
    epss = Currency("epss", "2026-11-19", "2026-11-20T11:00:00Z")
    text = rendered(
        replace(REPORT, data=replace(REPORT.data, scores=(epss, kev))), "table", width=200
    )
    assert "! what is exploited may be missing (KEV ends at 2025-08-25); update" in text
    assert "EPSS ends" not in text
    assert "what is exploited" not in rendered(REPORT, "table")


def test_the_offered_command_can_be_pasted_whatever_the_target_is_called() -> None:
    ref = replace(REPORT.image.ref, source="dir", place="my image; rm -rf ~")
    text = rendered(replace(REPORT, image=replace(REPORT.image, ref=ref)), "table")
    assert "seawall scan --explain CVE-2023-4911 'dir:my image; rm -rf ~'" in text


@given(hostile.reports, st.integers(20, 160), st.booleans())
def test_no_image_can_make_the_terminal_obey_or_break_the_width(
    report: Report, width: int, show_all: bool
) -> None:
    text = rendered(report, "table", width=width, show_all=show_all)
    text.encode()
    for line in text.removesuffix("\n").split("\n"):
        assert line.isprintable()
        assert cells(line) <= max(width, 60) or line.startswith(COMMANDS)


@given(hostile.reports, st.integers(20, 160))
def test_colour_adds_nothing_but_colour(report: Report, width: int) -> None:
    coloured = rendered(report, "table", width=width, colour=True)
    plain = rendered(report, "table", width=width)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_colour_is_there_when_asked_for() -> None:
    assert "\x1b[1;31mFIX NOW\x1b[0m" in rendered(
        replace(REPORT, findings=FINDINGS), "table", colour=True
    )


def secret(number: int, **changed: Any) -> Finding:
    evidence = "ghp_…(40 characters)"
    finding = Finding(
        Kind.SECRET,
        "github-token",
        Severity.CRITICAL,
        Urgency.NOW,
        f"GitHub token: {evidence}, line {number}",
        path=f"app/{number}",
        line=number,
        title="GitHub token",
        evidence=evidence,
        remedy=f"revoke it (GitHub → Settings → Developer settings → Tokens){THEN_BUILD}",
    )
    return replace(finding, **changed)


def test_a_secret_is_said_once_and_what_more_there_is_to_say_too() -> None:
    more = secret(2, reason=f"{secret(2).reason}; it is test material")
    text = rendered(replace(REPORT, findings=[secret(1), more]), "table", show_all=True)
    assert text.count("ghp_…(40 characters)") == 2
    assert text.count("GitHub token") == 2
    assert ", line " not in text
    assert "it is test material" in " ".join(text.split())


def test_what_many_remedies_end_with_is_said_once_below_them() -> None:
    one, two = (
        " ".join(rendered(replace(REPORT, findings=found), "table").split())
        for found in ([secret(1)], [secret(1), secret(2)])
    )
    assert f"Tokens){THEN_BUILD}" in one
    assert two.count(WITHOUT_IT) == 1
    assert f"after revoking one, {WITHOUT_IT}" in two
    assert two.count("revoke it (GitHub → Settings → Developer settings → Tokens)") == 2


def test_a_remedy_is_never_cut_within_a_word() -> None:
    words = " ".join(f"word{number}" for number in range(100))
    text = " ".join(rendered(replace(REPORT, findings=[secret(1, remedy=words)]), "table").split())
    shown = text[text.index("word0") : text.index("…", text.index("word0"))].split()
    assert shown == words.split()[: len(shown)]
    assert len(shown) > 40
