"""Containers in the store."""

from dataclasses import replace

from seawall.fleet.store import Fleet
from seawall.fleet.workloads import Workload
from tests.unit.fleet.samples import T0, digest

STARTED, LATER, END = (f"2026-11-20T0{n}:00:00.000000000Z" for n in range(3))
ONE = Workload(
    "a" * 64, "web-1", digest("web"), "web:1", "docker", "host", STARTED, "", {"k\0": "v\udce9"}
)
TWO = replace(ONE, id="b" * 64, name="web-2", image=digest("other"), labels={})
THERE = replace(ONE, host="elsewhere", name="web-3")


def running(fleet: Fleet) -> list[str]:
    return [workload.name for workload in fleet.workloads.running()]


def test_what_runs_is_known_by_its_image(fleet: Fleet) -> None:
    for one in (TWO, ONE, THERE):
        fleet.workloads.started(one, T0)
    assert list(fleet.workloads.running(digest("web"))) == [ONE, THERE]
    assert running(fleet) == ["web-1", "web-2", "web-3"]
    assert list(fleet.workloads.running(digest("nothing"))) == []


def test_what_ended_runs_no_more_and_is_still_known(fleet: Fleet) -> None:
    fleet.workloads.started(ONE, T0)
    fleet.workloads.started(THERE, T0)
    fleet.workloads.ended("docker", "host", ONE.id, END)
    assert running(fleet) == ["web-3"]
    assert list(fleet.workloads.of(digest("web"))) == [THERE, replace(ONE, ended=END)]


def test_the_end_of_an_earlier_run_is_none_of_this_one(fleet: Fleet) -> None:
    fleet.workloads.started(replace(ONE, started=LATER), T0)
    fleet.workloads.ended("docker", "host", ONE.id, STARTED)
    assert running(fleet) == ["web-1"]


def test_a_container_that_starts_again_runs(fleet: Fleet) -> None:
    fleet.workloads.started(ONE, T0)
    fleet.workloads.ended("docker", "host", ONE.id, LATER)
    fleet.workloads.started(replace(ONE, started=END, name="renamed"), T0)
    assert running(fleet) == ["renamed"]


def test_what_a_host_does_not_list_has_ended_there(fleet: Fleet) -> None:
    for one in (ONE, TWO, THERE):
        fleet.workloads.started(one, T0)
    fleet.workloads.listed("docker", "host", [TWO], END)
    assert running(fleet) == ["web-2", "web-3"]
    fleet.workloads.listed("docker", "host", [], END)
    assert running(fleet) == ["web-3"]


def test_labels_that_are_damaged_are_none(fleet: Fleet) -> None:
    fleet.workloads.started(ONE, T0)
    fleet.database.run("UPDATE workload SET labels = ?", (b"\xc1",))
    assert [dict(workload.labels) for workload in fleet.workloads.running()] == [{}]
