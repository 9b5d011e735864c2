"""Findings in the store: opened, changed, closed and opened again."""

from dataclasses import replace

import pytest

from seawall.errors import FleetUnusable
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import counts, decode, encode
from seawall.model import Finding, FixState, Kind, Severity, Urgency
from tests.unit.fleet.samples import T0, T1

FLAW = Finding(
    Kind.VULNERABILITY,
    "CVE-2026-1001",
    Severity.HIGH,
    Urgency.SOON,
    "1.0 is below 2.0",
    aliases=("DEBIAN-CVE-2026-1001", "GHSA-x"),
    package="pkg:deb/debian/bash@1.0",
    name="bash",
    installed="1.0",
    fixed_in="2.0",
    state=FixState.FIXED,
    score=7.5,
    epss=0.25,
    exploited_since="2026-11-01",
    summary="caf\udce9 \0",
    from_base=False,
)
QUIET = replace(
    FLAW, id="CVE-2026-1002", aliases=(), urgency=Urgency.HIDDEN, state=FixState.UNFIXED
)


@pytest.mark.parametrize("finding", [FLAW, QUIET, replace(FLAW, score=None, confirmed=False)])
def test_a_finding_comes_back_from_its_bytes(finding: Finding) -> None:
    assert decode(encode(finding)) == finding


def test_what_is_as_usual_takes_no_room() -> None:
    assert len(encode(QUIET)) < 300


def test_what_is_no_finding_is_refused() -> None:
    for data in (b"", b"\xc1", b"\x80", encode(FLAW)[:-1]):
        with pytest.raises(ValueError, match="not a stored finding"):
            decode(data)


def test_a_finding_that_can_be_acted_on_counts() -> None:
    assert counts(FLAW)
    assert not counts(QUIET)
    assert not counts(replace(FLAW, locked=True))


def test_findings_are_found_by_component_and_by_any_name(fleet: Fleet) -> None:
    fleet.findings.add([(7, FLAW, "2026-01-01"), (8, QUIET, ""), (7, QUIET, "")], T0)
    found = fleet.findings.of([7, 8, 9])
    assert [s.finding for s in found[7]] == [FLAW, QUIET]
    assert [(s.component, s.finding) for s in found[8]] == [(8, QUIET)]
    one = found[7][0]
    assert (one.fix_since, one.first_seen, one.resolved, one.resolved_by) == (
        "2026-01-01",
        T0,
        "",
        "",
    )
    for name in ("CVE-2026-1001", "cve-2026-1001", "GHSA-x", "DEBIAN-CVE-2026-1001"):
        assert [s.id for s in fleet.findings.named(name)] == [one.id]
    assert fleet.findings.named("CVE-2026") == []
    assert fleet.findings.components_named(["GHSA-x", "CVE-2026-1002"]) == {7, 8}
    assert sorted(fleet.findings.flaws()) == ["CVE-2026-1001", "CVE-2026-1002"]
    assert {s.id for s in fleet.findings.open()} == {s.id for each in found.values() for s in each}


def test_ratings_say_what_a_gate_wants(fleet: Fleet) -> None:
    fleet.findings.add([(7, FLAW, "2026-01-01"), (8, QUIET, "")], T0)
    one, other = sorted(fleet.findings.ratings([7, 8]), key=lambda rating: rating.component)
    assert (one.severity, one.urgency, one.fix_since) == (
        Severity.HIGH,
        Urgency.SOON,
        "2026-01-01",
    )
    assert (one.is_fixable, one.is_exploited, one.counts) == (True, True, True)
    assert (other.urgency, other.is_fixable, other.counts) == (Urgency.HIDDEN, False, False)


def test_a_finding_that_is_closed_is_kept_and_may_open_again(fleet: Fleet) -> None:
    fleet.findings.add([(7, FLAW, "2026-01-01")], T0)
    (stored,) = fleet.findings.of([7])[7]
    fleet.findings.resolve({stored.id: "withdrawn"}, T1)
    assert fleet.findings.of([7]) == {}
    assert list(fleet.findings.ratings([7])) == []
    assert list(fleet.findings.open()) == []
    assert fleet.findings.named("GHSA-x") == []
    assert fleet.findings.flaws() == []
    (closed,) = fleet.findings.of([7], also_resolved=True)[7]
    assert (closed.resolved, closed.resolved_by, closed.finding) == (T1, "withdrawn", FLAW)
    assert [s.id for s in fleet.findings.named("GHSA-x", also_resolved=True)] == [stored.id]
    changed = replace(FLAW, id="CVE-2026-1009", severity=Severity.LOW, aliases=("GHSA-x",))
    fleet.findings.change(stored.id, changed, "2026-02-02")
    (again,) = fleet.findings.of([7])[7]
    assert again == replace(stored, finding=changed, fix_since="2026-02-02")
    assert [s.id for s in fleet.findings.named("CVE-2026-1009")] == [stored.id]
    (rating,) = fleet.findings.ratings([7])
    assert rating.severity is Severity.LOW


def test_thousands_are_found_at_once(fleet: Fleet) -> None:
    fleet.findings.add([(n, FLAW, "") for n in range(1, 3_001)], T0)
    fleet.findings.add([(n, QUIET, "") for n in range(1, 3_001)], T0)
    found = fleet.findings.of(range(1, 3_001))
    assert len(found) == 3_000
    assert {tuple(s.finding.id for s in several) for several in found.values()} == {
        ("CVE-2026-1001", "CVE-2026-1002")
    }
    assert len({s.id for s in fleet.findings.open()}) == 6_000
    assert len(fleet.findings.components_named(["GHSA-x"])) == 3_000


def test_gaps_are_replaced(fleet: Fleet) -> None:
    fleet.findings.set_gaps({7: ["a", "b", "a"], 8: ["c\udce9\0"]})
    found = {row: sorted(told) for row, told in fleet.findings.gaps([7, 8, 9]).items()}
    assert found == {7: ["a", "b"], 8: ["c\udce9\0"]}
    fleet.findings.set_gaps({7: [], 8: ["d"]})
    assert fleet.findings.gaps([7, 8]) == {8: ["d"]}


def test_a_name_of_any_length_hinders_nothing(fleet: Fleet) -> None:
    long = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(5_000))
    fleet.findings.add([(7, replace(FLAW, aliases=(long,)), "")], T0)
    assert fleet.findings.of([7])[7][0].finding.aliases == (long,)


def test_damage_is_told_with_the_place(fleet: Fleet) -> None:
    fleet.findings.add([(7, FLAW, "")], T0)
    fleet.database.run("UPDATE finding SET document = ?", (b"\xc1",))
    with pytest.raises(FleetUnusable, match="damaged") as told:
        fleet.findings.of([7])
    assert fleet.database.place in str(told.value)
