"""Whatever ends a process, the fleet is whole: as it was, or as it will be."""

import random
import subprocess
import sys
import time
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from seawall.advisories import AdvisoryStore
from seawall.fleet.rejudging import rejudge
from seawall.fleet.store import Fleet
from tests.integration.fleet_worker import IMAGES, JUDGED_AT, opened
from tests.unit.advisories.records import Record, below, record
from tests.unit.fleet.conftest import postgresql  # noqa: F401 - a fixture
from tests.unit.fleet.samples import add, everything, publish

KILLED = 6  # times, of each task and database
_schemas = count()

Rows = dict[str, list[tuple[Any, ...]]]


def flaws(count: int) -> list[Record]:
    return [
        record(f"PY-{n}", below("PyPI", f"thing-{n}", "2.0"), summary="s" * 500)
        for n in range(count)
    ]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Names a database, for another process; with more behind it, it names another one."""
    if request.param == "sqlite":
        return str(tmp_path / "fleet.sqlite")
    url: str = request.getfixturevalue("postgresql")
    return f"{url}&schema=killed_{next(_schemas)}"


def start(place: str, task: str, folder: Path) -> "subprocess.Popen[str]":
    """Start a process that does a task; return when it begins."""
    command = [sys.executable, "-m", "tests.integration.fleet_worker", place, task, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    return process


def kill(process: "subprocess.Popen[str]", after_s: float) -> None:
    with process:
        time.sleep(after_s)
        process.kill()


def finish(process: "subprocess.Popen[str]") -> float:
    """Let a task end; return how long it took."""
    began = time.monotonic()
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ends\n"
    return time.monotonic() - began


def images_are_whole(fleet: Fleet, known: int) -> int:
    """Return how many images there are: each with all its parts, none fewer than before."""
    with fleet.database.reading():
        there = list(fleet.images.all())
        counted = next(fleet.database.rows("SELECT count(*) FROM image"))[0]
        assert len(there) == counted >= known
        for one in there:
            contents = fleet.images.contents(one)
            assert sum(map(len, contents.values())) == 160
            assert len(fleet.images.components({c for ps in contents.values() for c, _ in ps}))
    return int(counted)


def test_a_kill_while_images_are_added_loses_none_that_was_there(
    place: str, tmp_path: Path
) -> None:
    takes = finish(start(f"{place}_timed", "add", tmp_path))
    moments = random.Random(4)
    counted = [0]
    for _ in range(KILLED):
        kill(start(place, "add", tmp_path), moments.uniform(0, takes / 2))
        with Fleet(opened(place)) as fleet:
            counted.append(images_are_whole(fleet, counted[-1]))
    finish(start(place, "add", tmp_path))
    with Fleet(opened(place)) as fleet:
        assert images_are_whole(fleet, counted[-1]) == len(IMAGES)
        assert {one.digest for one in fleet.images.all()} == {one.digest for one in IMAGES}
        assert next(fleet.database.rows("SELECT count(*) FROM component")) == (199,)


def test_a_kill_while_the_fleet_is_judged_again_changes_nothing_or_all(
    place: str, tmp_path: Path
) -> None:
    advisories = publish(tmp_path, {"PyPI": flaws(1)})
    for each in (place, f"{place}_timed"):
        with Fleet(opened(each)) as fleet, AdvisoryStore.open(advisories) as store:
            add(fleet, *IMAGES)
            rejudge(fleet, store, JUDGED_AT - timedelta(days=1))
            old = everything(fleet.database)
    publish(tmp_path, {"PyPI": flaws(150)})
    takes = finish(start(f"{place}_timed", "rejudge", tmp_path))
    with Fleet(opened(f"{place}_timed")) as fleet:
        new = everything(fleet.database)
    assert len(new["outbox"]) == 149
    assert len(new["finding"]) == 150
    moments = random.Random(5)
    with Fleet(opened(place)) as reader:
        for _ in range(KILLED):
            kill(start(place, "rejudge", tmp_path), moments.uniform(0, takes))
            assert seen(reader) in (old, new)
        last = start(place, "rejudge", tmp_path)
        while last.poll() is None:  # a reader in another process sees one or the other
            assert seen(reader) in (old, new)
        finish(last)
        assert seen(reader) == new  # each is told once, however often it was begun
    with Fleet(opened(place)) as fleet, AdvisoryStore.open(advisories) as store:
        assert rejudge(fleet, store, JUDGED_AT).judged == 0
        assert everything(fleet.database) == new


def seen(fleet: Fleet) -> Rows:
    with fleet.database.reading():
        return everything(fleet.database)
