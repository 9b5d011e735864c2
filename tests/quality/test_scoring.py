"""The gate can fail: what it counts, and when it refuses."""

from dataclasses import replace

import pytest

from seawall.model import Finding, Kind, Severity, Urgency
from tests.quality import scoring
from tests.quality.conftest import held
from tests.quality.labels import Label
from tests.quality.scoring import Score, score

FOUND = Finding(
    kind=Kind.VULNERABILITY,
    id="CVE-2024-1111",
    severity=Severity.HIGH,
    urgency=Urgency.SOON,
    reason="r",
    aliases=("GHSA-a",),
    package="pkg:deb/debian/curl@1?arch=amd64",
    name="curl",
    installed="1",
)


def told(verdict: str, *findings: Finding, flaw: str = "CVE-2024-1111") -> tuple[int, int, int]:
    got = score(findings, [Label("deb/curl 1", flaw, verdict, "because")])
    return got.found, len(got.missed), len(got.false)


def test_a_label_is_met_by_any_name_of_the_flaw() -> None:
    assert told("affected", FOUND) == (1, 0, 0)
    assert told("affected", FOUND, flaw="GHSA-a") == (1, 0, 0)


def test_silence_is_a_miss_only_where_something_is_affected() -> None:
    assert told("affected") == (0, 1, 0)
    assert told("not affected") == (0, 0, 0)
    assert told("remark") == (0, 0, 0)


def test_what_is_hidden_was_not_told() -> None:
    hidden = replace(FOUND, urgency=Urgency.HIDDEN)
    assert told("affected", hidden) == (0, 1, 0)
    assert told("not affected", hidden) == (0, 0, 0)


def test_a_finding_that_no_label_calls_affected_is_false() -> None:
    assert told("not affected", FOUND) == (0, 0, 1)
    assert told("affected", FOUND, flaw="CVE-2024-2222") == (0, 1, 1)
    other_version = replace(FOUND, installed="2")
    assert told("affected", other_version) == (0, 1, 1)


def test_a_remark_may_be_mentioned_but_not_urged() -> None:
    assert told("remark", FOUND) == (0, 0, 1)
    assert told("remark", replace(FOUND, urgency=Urgency.WATCH)) == (0, 0, 0)


def test_precision_recall_and_f1_are_those_of_the_books() -> None:
    got = Score(labels=9, found=3, missed=("a",), false=("b", "c", "d"))
    assert (got.precision, got.recall) == (0.5, 0.75)
    assert got.f1 == pytest.approx(0.6)
    assert Score(1, 0, ("a",), ()).f1 == 0


def test_the_gate_refuses_what_is_worse_than_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEAWALL_QUALITY", raising=False)
    name = "debian-12"
    noted = scoring.recorded()[name]
    same = Score(1, 999, ("m",) * noted["missed"], ("f",) * noted["false"])
    held(name, same)
    with pytest.raises(AssertionError, match="is worse than"):
        held(name, replace(same, missed=(*same.missed, "one more")))
    with pytest.raises(AssertionError, match="false: one more"):
        held(name, replace(same, false=(*same.false, "one more")))
    with pytest.raises(AssertionError, match="no recorded value"):
        held("nothing", same)
