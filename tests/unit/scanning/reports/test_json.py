import json
from dataclasses import replace
from typing import Any

from hypothesis import given

from seawall.advisories import Currency
from seawall.scanning.report import Report
from tests.golden.comparison import assert_golden
from tests.unit.scanning.reports import hostile
from tests.unit.scanning.reports.samples import (
    CLEAN,
    FINDINGS,
    GAPS,
    MIXED,
    REPORT,
    WITH_GAPS,
    rendered,
)


def document(report: Report) -> Any:
    return json.loads(rendered(report, "json"))


def test_the_document_is_as_the_golden_file() -> None:
    assert_golden("reports/report.json", rendered(replace(MIXED, incomplete=GAPS), "json"))


def test_every_finding_is_there_whatever_the_options() -> None:
    assert len(document(REPORT)["findings"]) == len(FINDINGS)
    assert rendered(REPORT, "json", show_all=True, width=40) == rendered(REPORT, "json")


def test_the_summary_counts_flaws_of_source_packages_with_zeros() -> None:
    summary = document(REPORT)["summary"]
    assert summary["urgency"] == {"fix now": 2, "fix soon": 15, "watch": 2, "hidden": 1}
    assert summary["severity"] == {"critical": 1, "high": 16, "medium": 2, "low": 1, "unknown": 0}


def test_what_there_is_none_of_is_null() -> None:
    bare = document(replace(CLEAN, distribution=None, findings=[FINDINGS[-1]]))
    assert bare["distribution"] is None
    finding = bare["findings"][0]
    absent = ("fixed_in", "score", "epss", "exploited_since")
    assert [finding[name] for name in absent] == [None] * 4


def test_the_age_of_each_ecosystem_is_told() -> None:
    alpine = Currency("Alpine:v3.11", "2020-06-08T13:44:53Z", "2026-11-20T11:00:00Z")
    kev = Currency("kev", "2025-08-25", "2026-11-20T11:00:00Z")
    data = replace(REPORT.data, ecosystems=(alpine,), scores=(kev,))
    told = document(replace(REPORT, data=data))["advisories"]
    assert told["as_of"] == "2020-06-08T13:44:53Z"
    assert told["ecosystems"] == [
        {
            "name": "Alpine:v3.11",
            "newest": "2020-06-08T13:44:53Z",
            "obtained": "2026-11-20T11:00:00Z",
            "as_of": "2020-06-08T13:44:53Z",
        }
    ]
    assert [one["as_of"] for one in told["scores"]] == ["2025-08-25"]


def test_letters_stay_readable() -> None:
    assert "größer 漢字" in rendered(replace(REPORT, notes=("größer 漢字",)), "json")


def test_what_could_not_be_read_is_listed() -> None:
    first = document(WITH_GAPS)["incomplete"][0]
    assert first == {"path": GAPS[0].path, "layer": GAPS[0].layer, "reason": GAPS[0].reason}


def spelled(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


@given(hostile.reports)
def test_hostile_text_is_kept_and_harmless(report: Report) -> None:
    text = rendered(report, "json")
    text.encode()
    assert text.replace("\n", "").isprintable()
    read = json.loads(text)
    assert [f["name"] for f in read["findings"]] == [spelled(f.name) for f in report.findings]
    assert read["notes"] == [spelled(note) for note in report.notes]
