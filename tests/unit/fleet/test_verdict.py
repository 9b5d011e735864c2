"""The verdict: what a gate asks, from what is known."""

import json
import random
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.errors import UsageError
from seawall.fleet.currency_notes import Worth
from seawall.fleet.store import Fleet
from seawall.fleet.store.findings import counts
from seawall.fleet.store.images import StoredImage
from seawall.fleet.verdict import Verdict, as_json, verdict
from seawall.fleet.workloads import Workload
from seawall.model import (
    Distribution,
    Finding,
    FixState,
    Incomplete,
    Kind,
    Severity,
    Urgency,
)
from tests.unit.advisories.records import feed_state
from tests.unit.fleet.families import (
    FIRST,
    Step,
    component,
    families,
    finding,
    image,
    judge,
    keep,
    new_fleet,
    row_of,
)
from tests.unit.fleet.samples import findings_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECRET = Finding(Kind.SECRET, "aws-key", Severity.CRITICAL, Urgency.NOW, "there", path="x")
TWICE = [Step("os", {("tls", "usr"): "1", ("tls", "app"): "1", ("libc", "usr"): "1"})]


def note(fleet: Fleet, **as_of: str) -> None:
    """Note since when nothing was heard of feeds."""
    feeds = {f"osv/{name}": feed_state(f"osv/{name}") for name in as_of}
    found = Worth(feeds={n: replace(f, obtained=as_of[n[4:]]) for n, f in feeds.items()})
    found = replace(found, newest=dict.fromkeys(as_of, ""))
    with fleet.writing():
        fleet.notes.set("advisories", msgspec.json.encode(found).decode())


def test_an_unknown_image_never_looks_fine(fleet: Fleet) -> None:
    found = verdict(fleet, "sha256:" + "0" * 64, NOW)
    assert found == Verdict("sha256:" + "0" * 64, is_known=False)
    assert not found.is_complete
    assert as_json(found) == {"digest": "sha256:" + "0" * 64, "known": False}


def test_an_index_of_several_known_images_has_no_verdict(fleet: Fleet) -> None:
    index = "sha256:" + "1" * 64
    one = keep(fleet, replace(image("a", TWICE), other_digests=(index,)))
    assert verdict(fleet, index, NOW).image == one.digest
    two = keep(fleet, replace(image("b", [Step("os", {})]), other_digests=(index,)))
    with pytest.raises(UsageError, match="index with 2 images") as refusal:
        verdict(fleet, index, NOW)
    assert one.digest in refusal.value.hint
    assert two.digest in refusal.value.hint
    assert verdict(fleet, two.digest, NOW).image == two.digest


def test_an_image_that_was_not_judged_is_not_complete(fleet: Fleet) -> None:
    stored = keep(fleet, image("a", TWICE))
    found = verdict(fleet, stored.digest, NOW)
    assert (found.worst, found.judged, found.pending, found.packages) == (None, "", 3, 3)
    assert not found.is_complete


def test_it_counts_what_a_scan_counts(fleet: Fleet) -> None:
    record = replace(
        image("a", TWICE, names=("a:1",)),
        other_findings=(
            SECRET,
            replace(SECRET, suppressed="accepted"),
            replace(SECRET, kind=Kind.MALWARE),
        ),
        other_digests=("sha256:manifest",),
        asked_rules=("malware:m", "secrets:s"),
    )
    stored = keep(fleet, record)
    tls, libc = component("tls", "1"), component("libc", "1")
    open_one = {"state": FixState.UNFIXED, "fixed_in": ""}
    judge(
        fleet,
        [
            (finding("CVE-2026-1", tls, exploited_since="2026-01-01", urgency=Urgency.NOW), tls),
            (finding("CVE-2026-2", tls, severity=Severity.LOW, **open_one), tls),
        ],
        fix_since="2026-11-10",
    )
    hidden = finding("CVE-2026-3", libc, severity=Severity.CRITICAL, urgency=Urgency.HIDDEN)
    locked = finding("CVE-2026-4", libc, severity=Severity.CRITICAL, locked=True)
    oldest = finding("CVE-2026-5", libc, severity=Severity.MEDIUM)
    judge(fleet, [(hidden, libc), (locked, libc)], fix_since="2020-01-01")
    judge(fleet, [(oldest, libc)], fix_since="2026-11-01")
    note(fleet, npm="2026-11-20T10:30:00Z", PyPI="2020-01-01")
    for name, ended in (("1", ""), ("2", ""), ("3", FIRST)):
        with fleet.writing():
            fleet.workloads.started(
                Workload(
                    name * 64,
                    name,
                    stored.digest if name == "1" else "sha256:manifest",
                    "a:1",
                    "docker",
                    "h",
                    FIRST,
                    ended,
                ),
                FIRST,
            )
    found = verdict(fleet, "sha256:manifest", NOW)
    assert found == Verdict(
        digest="sha256:manifest",
        is_known=True,
        image=stored.digest,
        names=("a:1",),
        packages=3,
        worst=Severity.CRITICAL,
        counts={Severity.CRITICAL: 2, Severity.HIGH: 2, Severity.MEDIUM: 1, Severity.LOW: 2},
        fixable=3,
        exploited=2,
        fix_now=4,
        oldest_fix_days=19,
        oldest_fix="CVE-2026-5",
        secrets=1,
        malware=1,
        files_looked_at=True,
        data_as_of="2026-11-20T10:30:00Z",
        data_age_hours=1.5,
        judged=FIRST,
        running=2,
    )
    assert found.is_complete
    told = as_json(found)
    assert json.loads(json.dumps(told)) == told
    assert told["counts"] == {"unknown": 0, "low": 2, "medium": 1, "high": 2, "critical": 2}
    assert (told["worst"], told["complete"], told["secrets"]) == ("critical", True, 1)


def test_a_release_without_support_counts_and_says_since_when(fleet: Fleet) -> None:
    buster = Distribution("debian", "10", "buster")
    stored = keep(fleet, replace(image("a", TWICE), distribution=buster))
    judge(fleet, [])
    found = verdict(fleet, stored.digest, NOW)
    assert found.end_of_life_since == date(2024, 7, 1)
    assert found.worst is Severity.HIGH
    assert as_json(found)["end_of_life_since"] == "2024-07-01"
    before = verdict(fleet, stored.digest, datetime(2024, 6, 30, 23, tzinfo=UTC))
    assert (before.end_of_life_since, before.worst) == (None, None)


def test_what_nothing_speaks_of_and_what_was_not_read_is_counted(fleet: Fleet) -> None:
    gap = Incomplete("a", "cut off")
    stored = keep(fleet, replace(image("a", TWICE), incomplete=(gap,)))
    judge(fleet, [], speaking=())
    with fleet.writing():
        rows = [row for (row,) in fleet.database.rows("SELECT id FROM component ORDER BY id")]
        fleet.findings.set_gaps({rows[0]: ["x", "y"], rows[1]: ["z"]})
    found = verdict(fleet, stored.digest, NOW)
    assert (found.unjudged, found.data_as_of, found.data_age_hours) == (3, "", None)
    assert Incomplete("/", "3 npm packages not judged: no advisories for npm here") in found.gaps
    twice = row_of(fleet, component("tls", "1"))
    assert found.incomplete == 1 + sum(
        len(reasons) * (2 if row == twice else 1)
        for row, reasons in fleet.findings.gaps(rows).items()
    )
    assert len(found.gaps) == found.incomplete + 1
    assert not found.is_complete
    told = as_json(replace(found, gaps=found.gaps * 30))["gaps"]
    assert len(told) == 20
    assert told[0] == {"path": "a", "reason": "cut off"}


@pytest.mark.parametrize(
    ("asked", "secrets", "malware"),
    [
        (("malware:m", "secrets:s"), 1, 1),
        (("malware:m",), None, 1),
        (("secrets:s",), 1, None),
        ((), None, None),
    ],
)
def test_of_what_nobody_looked_for_nothing_is_said(
    fleet: Fleet, asked: tuple[str, ...], secrets: int | None, malware: int | None
) -> None:
    record = replace(
        image("a", TWICE),
        other_findings=(SECRET, replace(SECRET, kind=Kind.MALWARE)),
        asked_rules=asked,
    )
    stored = keep(fleet, record)
    judge(fleet, [])
    note(fleet, npm="2026-11-20T10:00:00Z")
    found = verdict(fleet, stored.digest, NOW)
    assert (found.secrets, found.malware, found.gaps) == (secrets, malware, ())
    assert found.is_complete == (None not in (secrets, malware))
    told = as_json(found)
    assert (told["secrets"], told["malware"]) == (secrets, malware)
    assert (told["complete"], told["files_looked_at"]) == (found.is_complete, True)


def test_what_only_a_bill_of_materials_says_is_never_complete(fleet: Fleet) -> None:
    told = replace(image("a", TWICE), other_findings=(), asked_rules=("malware:m", "secrets:s"))
    stored = keep(fleet, replace(told, is_claimed=True))
    judge(fleet, [])
    note(fleet, npm="2026-11-20T10:00:00Z")
    found = verdict(fleet, stored.digest, NOW)
    assert (found.gaps, found.files_looked_at, found.is_complete) == ((), False, False)
    assert (found.secrets, found.malware) == (None, None)


def test_the_age_is_that_of_the_oldest_data_and_unknown_where_one_is(fleet: Fleet) -> None:
    stored = keep(fleet, image("a", TWICE))
    judge(fleet, [], speaking=("npm", "PyPI"))
    note(fleet, npm="2026-11-20T10:00:00Z", PyPI="2026-11-19")
    assert verdict(fleet, stored.digest, NOW).data_age_hours == 36.0
    note(fleet, PyPI="")
    assert verdict(fleet, stored.digest, NOW).data_age_hours is None


# --- any image ------------------------------------------------------------------------------------


def plainly(fleet: Fleet, stored: StoredImage) -> tuple[object, ...]:
    """Count by the findings themselves."""
    found = [one for one in findings_of(fleet, stored.digest) if counts(one)]
    return (
        max((one.severity for one in found), default=None),
        {s: n for s in Severity if (n := sum(one.severity is s for one in found))},
        sum(one.state is FixState.FIXED for one in found),
        sum(bool(one.exploited_since) for one in found),
        sum(one.urgency is Urgency.NOW for one in found),
    )


@settings(max_examples=60, deadline=None)
@given(families(), st.randoms(use_true_random=False))
def test_it_says_what_the_list_of_findings_says(
    family: dict[str, list[Step]], dice: random.Random
) -> None:
    with new_fleet() as fleet:
        stored = [keep(fleet, image(name, steps)) for name, steps in family.items()]
        everything = fleet.images.components(
            [row for (row,) in fleet.database.rows("SELECT id FROM component")]
        )
        for component in everything.values():
            for flaw in range(dice.randrange(4)):
                one = finding(
                    f"CVE-2026-{flaw}",
                    component,
                    severity=dice.choice(list(Severity)),
                    urgency=dice.choice(list(Urgency)),
                    state=dice.choice(list(FixState)),
                    exploited_since=dice.choice(["", "2026-01-01"]),
                    locked=dice.random() < 0.2,
                )
                since = dice.choice(["", "2026-01-01", "2026-01-02", "2026-01-03"])
                judge(fleet, [(one, component)], fix_since=since)
        for there in stored:
            v = verdict(fleet, there.digest, NOW)
            assert (v.worst, v.counts, v.fixable, v.exploited, v.fix_now) == plainly(fleet, there)
            rows = {row for pairs in fleet.images.contents(there).values() for row, _ in pairs}
            dated = [
                (known.fix_since, known.finding.id)
                for several in fleet.findings.of(rows).values()
                for known in several
                if counts(known.finding)
                and known.finding.state is FixState.FIXED
                and known.fix_since
            ]
            date_of, oldest = min(dated, default=("", ""))
            assert v.oldest_fix == oldest
            days = (NOW.date() - date.fromisoformat(date_of)).days if date_of else None
            assert v.oldest_fix_days == days


def test_every_finding_of_every_package_is_counted(fleet: Fleet) -> None:
    steps = [Step("os", {(f"p{n}", "usr"): "1" for n in range(500)})]
    stored = keep(fleet, image("a", steps))
    ones = [component(f"p{n}", "1") for n in range(500)]
    with fleet.writing():
        known = {c: row for row, c in fleet.images.components(range(1, 501)).items()}
        found = [
            (known[c], finding(f"CVE-2026-{n}", c), "2026-01-01") for c in ones for n in range(3)
        ]
        fleet.findings.add(found, FIRST)
    assert verdict(fleet, stored.digest, NOW).fixable == 1500
