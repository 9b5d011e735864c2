"""Images that come back or start: told once, with what appeared meanwhile, in both databases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seawall.advisories import AdvisoryStore
from seawall.fleet import Fleet
from seawall.fleet.keeping import keep, seen_again
from seawall.fleet.notifying import Notice, NoticeKind
from seawall.fleet.notifying.filtering import wanted
from seawall.fleet.notifying.notice import Because, decode
from seawall.fleet.notifying.settings import Filter
from seawall.fleet.rejudging import rejudge
from seawall.fleet.watching import take_note, take_stock
from seawall.fleet.workloads import (
    Change,
    Ended,
    ImageArrived,
    ImageGone,
    RuntimeImage,
    Started,
    Workload,
)
from tests.unit.advisories.records import Record, below, record
from tests.unit.fleet.samples import at, deb, digest, image, publish

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, PLACE, WEB = timedelta(hours=1), "docker:host", digest("web")
CRITICAL = {"database_specific": {"severity": "CRITICAL"}}
ALL, RUNNING = Filter(), Filter(only_running=True)


def advisory(number: int) -> Record:
    name = f"CVE-2026-{1000 + number}"
    affected = below("Debian:12", "bash", "5.2-2")
    return record(f"DEBIAN-{name}", affected, upstream=[name], **CRITICAL)


@dataclass
class World:
    """A fleet in a time that goes on by an hour with each thing that happens."""

    fleet: Fleet
    home: Path
    now: datetime = START

    def _tick(self) -> str:
        self.now += HOUR
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def advisories(self, *numbers: int, kev: str = "") -> None:
        """Load advisories and judge."""
        self._tick()
        scores = {"kev": kev.encode()} if kev else {}
        publish(self.home, {"Debian": [advisory(number) for number in numbers]}, **scores)
        with AdvisoryStore.open(self.home / "advisories.sqlite") as store:
            rejudge(self.fleet, store, self.now, code="c")

    def read(self, name: str = "web", *, tells: bool = True) -> None:
        self._tick()
        found = image(name, {"base": [at(deb("bash", "5.2-1"))]})
        with AdvisoryStore.open(self.home / "advisories.sqlite") as store:
            keep(self.fleet, found, store, self.now, place=PLACE, code="c", tells=tells)

    def met_again(self) -> None:
        self._tick()
        with AdvisoryStore.open(self.home / "advisories.sqlite") as store:
            seen_again(self.fleet, WEB, store, self.now, names=(), place=PLACE, code="c")

    def note(self, change: Callable[..., Change], *arguments: object) -> None:
        moment = self._tick().replace("Z", ".123456789Z")  # as Docker tells it
        take_note(self.fleet, PLACE, change(moment, *arguments), runtime="docker", host="host")

    def starts(self, container: str = "1", image: str = WEB) -> None:
        self.note(Started, workload(container, image, self.now.isoformat()))

    def ends(self, container: str = "1") -> None:
        self.note(Ended, container * 64)

    def stock(self, *there: str, running: dict[str, str] | None = None) -> None:
        moment = self._tick()
        images = [RuntimeImage(one, (), "") for one in there]
        containers = [workload(name, of, moment) for name, of in (running or {}).items()]
        take_stock(self.fleet, PLACE, images, containers, runtime="docker", host="host", at=moment)

    def told(self, choice: Filter) -> list[tuple[str, list[str]]]:
        """Return what is on its way, as a sink gets it."""
        rows = list(self.fleet.database.rows("SELECT document FROM outbox ORDER BY created, id"))
        notices = [decode(bytes(document)) for (document,) in rows]
        return [(_why(n), sorted(f.id for f in n.flaws)) for n in map_wanted(notices, choice)]

    def clear(self) -> None:
        with self.fleet.writing():
            self.fleet.database.run("DELETE FROM outbox")


def map_wanted(notices: list[Notice], choice: Filter) -> Iterator[Notice]:
    yield from filter(None, (wanted(notice, choice) for notice in notices))


def _why(notice: Notice) -> str:
    return str(notice.because) or str(notice.kind)


def workload(container: str, image: str, started: str) -> Workload:
    name = f"web-{container}"
    return Workload(container * 64, name, image, "web:1", "docker", "host", started)


@pytest.fixture
def world(fleet: Fleet, tmp_path: Path) -> World:
    made = World(fleet, tmp_path)
    made.advisories(1)
    return made


ONE, TWO = "CVE-2026-1001", "CVE-2026-1002"


def test_a_flaw_that_was_published_while_an_image_was_gone_is_told_when_it_is_back(
    world: World,
) -> None:
    world.read()
    world.clear()
    world.note(ImageGone, WEB)
    world.advisories(1, 2)
    assert world.told(ALL) == []
    world.note(ImageArrived, WEB, "web:1")
    assert world.told(ALL) == [("back", [TWO])]
    world.note(ImageArrived, WEB, "web:2")
    world.read()
    assert world.told(ALL) == [("back", [TWO])]


@pytest.mark.parametrize("way", ["read", "met again", "listed", "started"])
def test_it_is_told_on_whatever_way_the_image_comes_back(world: World, way: str) -> None:
    world.stock()
    world.read()
    world.note(ImageGone, WEB)
    world.advisories(1, 2)
    world.clear()
    if way == "read":
        world.read(tells=False)
    elif way == "met again":
        world.met_again()
    elif way == "listed":
        world.stock(WEB)
    else:
        world.starts()
    assert world.told(ALL) == [("back", [TWO])]


def test_an_image_that_comes_back_with_nothing_new_is_not_told(world: World) -> None:
    world.read()
    world.clear()
    world.note(ImageGone, WEB)
    world.advisories(1)
    world.note(ImageArrived, WEB, "web:1")
    assert world.told(ALL) == []


def test_a_flaw_that_became_exploited_while_the_image_was_gone_is_told(world: World) -> None:
    world.read()
    world.clear()
    world.note(ImageGone, WEB)
    kev = '{"vulnerabilities": [{"cveID": "CVE-2026-1001", "dateAdded": "2026-11-20"}]}'
    world.advisories(1, kev=kev)
    world.note(ImageArrived, WEB, "web:1")
    assert world.told(ALL) == [("back", [ONE])]


def test_what_is_found_in_the_moment_of_its_return_is_told_once(world: World) -> None:
    world.read()
    world.clear()
    world.note(ImageGone, WEB)
    publish(world.home, {"Debian": [advisory(1), advisory(2)]})
    world.met_again()
    assert world.told(ALL) == [("new", [TWO])]


def test_the_same_image_may_come_back_twice(world: World) -> None:
    world.read()
    world.clear()
    for numbers in ((1, 2), (1, 2, 3)):
        world.note(ImageGone, WEB)
        world.advisories(*numbers)
        world.note(ImageArrived, WEB, "web:1")
    assert world.told(ALL) == [("back", [TWO]), ("back", ["CVE-2026-1003"])]


def test_who_wants_what_runs_is_told_of_an_image_that_starts_after_it_was_read(
    world: World,
) -> None:
    world.stock()
    world.read()
    assert world.told(RUNNING) == []
    assert world.told(ALL) == [("image", [ONE])]
    world.starts()
    assert world.told(RUNNING) == [("started", [ONE])]
    assert world.told(ALL) == [("image", [ONE])]


def test_an_image_that_starts_between_two_listings_is_told(world: World) -> None:
    world.stock()
    world.read()
    world.stock(WEB, running={"1": WEB})
    assert world.told(RUNNING) == [("started", [ONE])]
    world.stock(WEB, running={"1": WEB, "2": WEB})
    assert world.told(RUNNING) == [("started", [ONE])]


def test_what_runs_when_a_place_is_listed_first_did_not_start_now(world: World) -> None:
    world.read()
    world.stock(WEB, running={"1": WEB})
    assert world.told(RUNNING) == []
    world.starts("2")
    assert world.told(RUNNING) == []


def test_an_image_that_is_started_again_and_again_is_told_once(world: World) -> None:
    world.read()
    for _ in range(3):
        world.starts()
        world.starts("2")
        world.ends()
        world.ends("2")
        world.advisories(1)
    assert world.told(RUNNING) == [("started", [ONE])]


def test_what_appeared_while_nothing_ran_is_told_at_the_next_start(world: World) -> None:
    world.read()
    world.starts()
    world.ends()
    world.clear()
    world.advisories(1, 2)
    assert world.told(RUNNING) == []
    world.starts("2")
    assert world.told(RUNNING) == [("started", [TWO])]
    assert world.told(ALL) == [("new", [TWO])]


def test_a_run_before_the_image_was_read_does_not_count(world: World) -> None:
    world.starts()
    world.ends()
    world.read()
    world.starts("2")
    assert world.told(RUNNING) == [("started", [ONE])]


def test_an_image_that_runs_when_it_is_read_is_told_once(world: World) -> None:
    world.starts()
    world.read()
    world.starts("2")
    assert world.told(RUNNING) == [("image", [ONE])]


def test_an_image_that_is_back_and_starts_at_once_tells_each_flaw_once(world: World) -> None:
    world.read()
    world.note(ImageGone, WEB)
    world.advisories(1, 2)
    world.clear()
    world.starts()
    assert sorted(world.told(RUNNING)) == [("back", [TWO]), ("started", [ONE])]
    assert world.told(ALL) == [("back", [TWO])]


def test_a_container_that_names_another_digest_of_the_image_counts(world: World) -> None:
    world.read()
    manifest = digest("manifest")
    with world.fleet.writing():
        world.fleet.images.seen(WEB, (), "2026-11-20T14:00:00Z", others=(manifest,), place=PLACE)
    world.starts("1", manifest)
    assert world.told(RUNNING) == [("started", [ONE])]
    world.starts("2", WEB)
    assert world.told(RUNNING) == [("started", [ONE])]


def test_notices_say_why_an_image_is_told(world: World) -> None:
    world.read()
    world.starts()
    rows = world.fleet.database.rows("SELECT document FROM outbox ORDER BY created")
    first, second = (decode(bytes(document)) for (document,) in list(rows))
    assert (first.because, second.because) == (Because.NEW, Because.STARTED)
    assert first.kind is second.kind is NoticeKind.IMAGE
    assert second.image is not None
    assert second.image.running == ("web-1",)
    assert first.id != second.id
