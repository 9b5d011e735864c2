import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from seawall.fleet import Fleet
from seawall.fleet.databases import SqliteDatabase
from seawall.fleet.notifying import test_notice as notice_of_a_test
from seawall.fleet.service.numbers import Counted, Counting, Numbers
from seawall.fleet.workloads import Workload
from seawall.model import Finding, Kind, Severity, Urgency
from tests.unit.fleet.families import row_of
from tests.unit.fleet.samples import T0, add, at, digest, image, pypi

ONE, TWO, OLD = pypi("one", "1"), pypi("two", "2"), pypi("old", "3")


def finding(name: str, severity: Severity, **more: object) -> Finding:
    one = Finding(Kind.VULNERABILITY, f"CVE-2026-{name}", severity, Urgency.NOW, "")
    return replace(one, **more)  # type: ignore[arg-type]  # by name


def runs(image: str, name: str, ended: str = "") -> Workload:
    return Workload(name, name, image, "", "docker", "host", T0, ended)


def fill(fleet: Fleet) -> None:
    base = [at(ONE)]
    add(
        fleet,
        image("web", {"base": base, "top": [at(TWO)]}),
        image("other", {"base": base}),
        image("past", {"base": base, "late": [at(OLD)]}),
    )
    rows = {component: row_of(fleet, component) for component in (ONE, TWO, OLD)}
    with fleet.writing():
        fleet.images.gone(digest("past"), T0)
        fleet.workloads.started(runs(digest("web"), "a"), T0)
        fleet.workloads.started(runs(digest("web"), "b"), T0)
        fleet.workloads.started(runs(digest("past"), "c", ended=T0), T0)
        fleet.workloads.started(runs("sha256:unread", "d"), T0)
        fleet.findings.add(
            [
                (rows[ONE], finding("1", Severity.HIGH), ""),
                (rows[TWO], finding("2", Severity.CRITICAL), ""),
                (rows[TWO], finding("3", Severity.HIGH, urgency=Urgency.HIDDEN), ""),
                (rows[OLD], finding("4", Severity.HIGH), ""),
                (rows[OLD], finding("5", Severity.LOW), ""),
            ],
            T0,
        )
        [[low]] = fleet.database.rows("SELECT id FROM finding WHERE flaw = 'CVE-2026-5'")
        fleet.findings.resolve({low: "mended"}, T0)
        fleet.notes.set("judged", T0)
        fleet.notes.set("as-of:PyPI", "2026-11-20")
        fleet.outbox.put(notice_of_a_test(datetime.now(UTC)))


def test_what_is_there_runs_and_counts_is_counted(fleet: Fleet) -> None:
    fill(fleet)
    assert Counting(fleet).count(["soc"]) == Numbers(
        images=2,
        images_ever=3,
        running=3,
        findings={Severity.HIGH: 2, Severity.CRITICAL: 1},
        findings_running={Severity.HIGH: 1, Severity.CRITICAL: 1},
        advisories_as_of={"PyPI": "2026-11-20"},
        judged=T0,
        notices_waiting={"soc": 1},
    )


def test_an_image_that_was_read_anew_is_counted_anew(fleet: Fleet) -> None:
    fill(fleet)
    counting = Counting(fleet)
    counting.count([])
    add(fleet, image("web", {"base": [at(ONE)], "top": []}, analyser="newer"))
    assert counting.count([]).findings_running == {Severity.HIGH: 1}


def test_numbers_are_counted_by_one_thread_and_kept_for_seconds(tmp_path: Path) -> None:
    with Fleet(SqliteDatabase.open(tmp_path / "fleet.sqlite")) as fleet:
        counted = Counted(lambda: Fleet(SqliteDatabase.open(tmp_path / "fleet.sqlite")), list)
        assert counted.get() == Numbers()
        fill(fleet)
        assert counted.get() == Numbers()
        counted._until = time.monotonic()
        deadline = time.monotonic() + 30
        while counted.get().images != 2:
            assert time.monotonic() < deadline
        counted.close()


def test_while_counting_takes_long_the_numbers_from_before_are_told(tmp_path: Path) -> None:
    go, hindered = Event(), Event()
    was_let_go: list[bool] = []

    def sinks() -> list[str]:
        if hindered.is_set():
            was_let_go.append(go.wait(60))
        return []

    counted = Counted(lambda: Fleet(SqliteDatabase.open(tmp_path / "fleet.sqlite")), sinks)
    first = counted.get()
    hindered.set()
    counted._until = time.monotonic()
    for _ in range(20):
        assert counted.get() == first
    go.set()
    counted.close()
    assert False not in was_let_go  # nobody waited for the counting


def test_numbers_that_cannot_be_counted_say_why_beside_the_last_ones(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sqlite"
    with Fleet(SqliteDatabase.open(path)) as fleet:
        fill(fleet)
    counted = Counted(lambda: Fleet(SqliteDatabase.open(path)), list)
    assert counted.get().images == 2
    counted._counting = Counting(Fleet(SqliteDatabase.open(tmp_path / "other.sqlite")))
    counted._counting._fleet.database.close()
    counted._until = time.monotonic()
    deadline = time.monotonic() + 30
    while not (numbers := counted.get()).error:
        assert time.monotonic() < deadline
    assert numbers.images == 2
    counted.close()
    damaged = Counted(lambda: Fleet(SqliteDatabase.open(tmp_path)), list)
    assert str(tmp_path) in damaged.get().error
    damaged.close()


def test_numbers_that_nobody_asked_for_in_minutes_are_counted_before_they_are_told(
    tmp_path: Path,
) -> None:
    slow = Event()

    def sinks() -> list[str]:
        if slow.is_set():
            time.sleep(0.5)
        return []

    path = tmp_path / "fleet.sqlite"
    counted = Counted(lambda: Fleet(SqliteDatabase.open(path)), sinks)
    assert counted.get().images == 0
    with Fleet(SqliteDatabase.open(path)) as fleet:
        fill(fleet)
    slow.set()
    counted._until = time.monotonic() - 1
    assert counted.get().images == 0
    counted._settle(30)
    counted._numbers, counted._until = Numbers(), time.monotonic() - 121
    assert counted.get().images == 2
    counted.close()
