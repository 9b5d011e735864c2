"""The service without processes: children end as the test says, a runtime tells little."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import DeliveryFailed, FleetUnusable, TooManyFindings, UsageError
from seawall.fleet import Fleet
from seawall.fleet.databases import SqliteDatabase
from seawall.fleet.notifying import Notice, Recipient
from seawall.fleet.notifying import test_notice as notice_of_a_test
from seawall.fleet.service import ServiceSettings, Supervisor, Watched, supervisor
from seawall.fleet.service.children import Ended
from seawall.fleet.service.listening import Lost, Stock
from seawall.fleet.workloads import ImageGone, Missed, RuntimeImage, Started, Tagged, Workload
from tests.unit.fleet.samples import add, at, digest, image, pypi
from tests.unit.fleet.service.test_listening import Script

WEB = digest("web")
MOMENT = "2026-11-22T12:00:01.000000000Z"
SETTINGS = ServiceSettings(
    runtime=True,
    registries=(),
    registries_every=timedelta(hours=1),
    advisories_every=timedelta(minutes=15),
    update_options=("--ecosystem", "PyPI"),
    recipients=(),
)


@dataclass
class Process:
    """A child that has ended, once the test says how."""

    arguments: tuple[str, ...]
    ended: Ended | None = None

    def poll(self) -> Ended | None:
        return self.ended

    def stop(self) -> None:
        self.ended = Ended(130, "", 0.1)


@dataclass
class Memory:
    """A sink that keeps what it gets."""

    name: str = "soc"
    got: list[Notice] = field(default_factory=list)
    fails: bool = False

    def send(self, notice: Notice) -> None:
        if self.fails:
            raise DeliveryFailed("refused")
        self.got.append(notice)


@dataclass
class Bench:
    """A service that goes round when the test says so."""

    fleet: Fleet
    service: Supervisor
    processes: list[Process]
    said: list[str]
    settings: list[ServiceSettings | Exception]

    def round(self, *told: Any) -> None:
        for one in told:
            self.service._inbox.put(one)
        self.service._round()

    def of(self, *arguments: str) -> list[Process]:
        return [p for p in self.processes if p.arguments[: len(arguments)] == arguments]


Make = Callable[..., Bench]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    processes: list[Process] = []
    opened: list[Fleet] = []

    def start(
        arguments: Sequence[str], limit_s: float, environment: Mapping[str, str], ended: object
    ) -> Process:
        assert environment == {"PATH": "/nowhere"}
        processes.append(Process(tuple(arguments)))
        return processes[-1]

    monkeypatch.setattr(supervisor, "Child", start)
    monkeypatch.setattr(supervisor, "_TICK_S", 0.01)

    def bench(settings: ServiceSettings = SETTINGS) -> Bench:
        fleet = Fleet(SqliteDatabase.open(tmp_path / "fleet.sqlite"))
        opened.append(fleet)
        said: list[str] = []
        written: list[ServiceSettings | Exception] = []

        def reread() -> ServiceSettings:
            if isinstance(written[-1], Exception):
                raise written[-1]
            return written[-1]

        watched = Watched(
            Script(), "docker", lambda: "host", lambda host: f"docker:{host}", "docker:{}".format
        )
        service = Supervisor(
            fleet,
            settings,
            watched,
            reread=reread,
            environment={"PATH": "/nowhere"},
            dead_letters=tmp_path / "dead",
            say=said.append,
        )
        service._recall()
        return Bench(fleet, service, processes, said, written)

    yield bench
    for fleet in opened:
        fleet.database.close()


def stock(*digests: str, is_first: bool = True) -> Stock:
    images = [RuntimeImage(one, (f"web:{n}",), "") for n, one in enumerate(digests)]
    return Stock("host", images, [], is_first)


def web(fleet: Fleet) -> None:
    add(fleet, image("web", {"base": [at(pypi("one", "1"))]}))


def test_images_are_read_one_after_the_other(make: Make) -> None:
    bench = make()
    bench.round(stock(WEB, digest("other")))
    [first] = bench.of("images")
    assert first.arguments == ("images", "add", f"docker:{WEB}", "--place", "docker:host", "--tell")
    bench.round()
    assert len(bench.of("images")) == 1
    web(bench.fleet)
    first.ended = Ended(0, "", 0.1)
    bench.round()
    assert [p.arguments[2] for p in bench.of("images")][1:] == [f"docker:{digest('other')}"]
    assert bench.service.board.condition.waiting == 1


def test_an_image_that_fails_is_tried_thrice_then_named(make: Make) -> None:
    bench = make()
    bench.round(stock(WEB))
    for attempt in range(3):
        bench.of("images")[attempt].ended = Ended(3, "torn", 0.1)
        bench.round()
        for read in bench.service._reads.waiting.values():
            read.due = 0.0
        bench.round()
    assert len(bench.of("images")) == 3
    condition = bench.service.board.condition
    assert (condition.waiting, condition.read_failures) == (0, 3)
    [failed] = condition.failed_reads
    assert (failed.digest, failed.reason, failed.given_up) == (WEB, "torn", True)
    bench.round(stock(WEB))
    assert len(bench.of("images")) == 4


def test_an_image_that_is_refused_is_named_and_not_tried_again(make: Make) -> None:
    bench = make()
    bench.round(stock(WEB))
    refused = Ended(TooManyFindings.exit_code, "web:0: more than 100,000 findings", 1.0)
    bench.of("images", "add")[0].ended = refused
    bench.round()
    bench.round(stock(WEB))
    assert len(bench.of("images", "add")) == 1
    (failed,) = bench.service.board.condition.failed_reads
    assert (failed.reason, failed.given_up) == ("web:0: more than 100,000 findings", True)


def test_a_reader_that_kept_another_image_has_failed(make: Make) -> None:
    bench = make()
    bench.round(stock(WEB))
    bench.of("images")[0].ended = Ended(0, "", 0.1)
    bench.round()
    [failed] = bench.service.board.condition.failed_reads
    assert "another digest" in failed.reason


def test_how_far_was_heard_is_noted_with_what_was_heard(make: Make) -> None:
    bench = make()
    web(bench.fleet)
    workload = Workload("c" * 64, "pier", WEB, "web:1", "docker", "host", MOMENT)
    bench.round(stock(WEB), Started(MOMENT, workload))
    assert bench.fleet.notes.get("docker-since") == MOMENT
    assert [one.name for one in bench.fleet.workloads.running()] == ["pier"]
    assert bench.of("images") == []


def test_an_image_that_is_gone_is_not_read_any_more(make: Make) -> None:
    bench = make()
    bench.round(stock(digest("other"), WEB))
    bench.round(ImageGone(MOMENT, WEB))
    assert list(bench.service._reads.waiting) == [digest("other")]


def test_names_that_moved_while_images_were_read_are_listed_again(make: Make) -> None:
    bench = make()
    asked: list[bool] = []

    class Asked:
        def list_soon(self, *, again: bool = False) -> None:
            asked.append(again)

    bench.service._listening = Asked()  # type: ignore[assignment]  # all that is used here
    bench.round(stock(WEB))
    bench.round(Tagged(MOMENT, "web:9", WEB))
    assert asked == []
    web(bench.fleet)
    bench.of("images")[0].ended = Ended(0, "", 0.1)
    bench.round()
    bench.round()
    assert asked == [False]


def test_an_image_that_goes_while_it_is_read_is_looked_for_again(make: Make) -> None:
    bench = make()
    asked: list[bool] = []

    class Asked:
        def list_soon(self, *, again: bool = False) -> None:
            asked.append(again)

    bench.service._listening = Asked()  # type: ignore[assignment]  # all that is used here
    bench.round(stock(WEB))
    web(bench.fleet)  # the reader keeps it, after which nobody would tell that it is gone
    bench.round(ImageGone(MOMENT, WEB))
    bench.of("images")[0].ended = Ended(0, "", 0.1)
    bench.round()
    bench.round()
    assert asked == [False]


def test_what_runs_is_read_first(make: Make) -> None:
    bench = make()
    others = [digest(f"other-{n}") for n in range(3)]
    runs = Workload("c" * 64, "pier", others[2], "", "docker", "host", MOMENT)
    bench.round(replace(stock(*others), workloads=[runs]))
    assert bench.of("images")[0].arguments[2] == f"docker:{others[2]}"
    bench.round(Started(MOMENT, replace(runs, image=WEB)))
    bench.of("images")[0].ended = Ended(3, "torn", 0.1)
    bench.round()
    assert bench.of("images")[1].arguments[2] == f"docker:{WEB}"


def test_an_update_is_made_at_once_and_then_every_so_often(make: Make) -> None:
    bench = make()
    bench.round()
    [update] = bench.of("advisories")
    assert update.arguments == ("advisories", "update", "--no-deliver", "--ecosystem", "PyPI")
    assert bench.service.board.condition.updating
    update.ended = Ended(0, "", 1.0)
    bench.round()
    bench.round()
    assert len(bench.of("advisories")) == 1
    assert bench.service.board.condition.updated == pytest.approx(time.time(), abs=60)
    assert not bench.service.board.condition.updating


def test_a_service_that_begins_again_waits_for_its_turn(make: Make) -> None:
    bench = make()
    bench.round()
    bench.of("advisories")[0].ended = Ended(0, "", 1.0)
    bench.round()
    bench.fleet.database.close()
    again = make()
    again.round()
    assert len(again.of("advisories")) == 1


def test_an_update_that_was_cut_short_is_made_again_at_once(make: Make) -> None:
    bench = make()
    bench.round()
    bench.fleet.database.close()
    again = make()
    again.round()
    assert len(again.of("advisories")) == 2


def test_a_failed_update_is_told_and_made_again_soon(make: Make) -> None:
    bench = make()
    bench.round()
    bench.of("advisories")[0].ended = Ended(3, "no answer", 1.0)
    bench.round()
    assert bench.service.board.condition.update_error == "no answer"
    assert bench.service._update.due - time.monotonic() < 35


def test_registries_are_looked_through_one_after_the_other(make: Make) -> None:
    bench = make(replace(SETTINGS, registries=("a.example", "b.example/shop")))
    bench.round()
    [first] = bench.of("images", "add", "--registry")
    first.ended = Ended(3, "denied", 1.0)
    bench.round()
    assert [p.arguments[3] for p in bench.of("images", "add", "--registry")] == [
        "a.example",
        "b.example/shop",
    ]
    assert bench.service.board.condition.registry_errors == {"a.example": "denied"}


def test_what_cannot_be_noted_is_kept_until_it_can(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make()
    monkeypatch.setattr(supervisor, "_STORE_S", 0.0)

    def full(*_: Any, **__: Any) -> Any:
        raise FleetUnusable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "take_stock", full)
        _while_the_store_fails(bench)
    bench.round()
    assert bench.service.board.condition.store_error == ""
    assert len(bench.of("images")) == 1


def _while_the_store_fails(bench: Bench) -> None:
    bench.round(stock(WEB))
    assert bench.service.board.condition.store_error == "disk full"
    assert bench.of("images") == []
    for _ in range(1000):  # nothing is taken without bound
        if bench.service._inbox.full():
            break
        bench.service._inbox.put(Lost("again"))
    bench.round()
    bench.round()
    assert len(bench.service._untold) <= 200


def test_notices_are_sent_and_counted_and_another_deliverer_is_left_alone(make: Make) -> None:
    sink = Memory()
    bench = make(replace(SETTINGS, recipients=(Recipient(sink),)))
    with bench.fleet.writing():
        bench.fleet.outbox.put(notice_of_a_test(datetime.now(UTC)))
    other = SqliteDatabase.open(Path(bench.fleet.database.place))
    with other.alone("deliver") as is_alone:
        assert is_alone
        bench.round()
        assert sink.got == []
        assert not bench.service.board.condition.delivers
    bench.service._post_at = 0.0
    for _ in range(20):
        bench.round()
        if bench.service.board.condition.sinks["soc"].sent:
            break
    assert len(sink.got) == 1
    assert bench.service.board.condition.delivers
    with other.alone("deliver") as is_alone:
        assert not is_alone
    other.close()


def test_a_sink_that_fails_is_told(make: Make) -> None:
    bench = make(replace(SETTINGS, recipients=(Recipient(Memory(fails=True)),)))
    with bench.fleet.writing():
        bench.fleet.outbox.put(notice_of_a_test(datetime.now(UTC)))
    for _ in range(20):
        bench.round()
        if bench.service.board.condition.sinks["soc"].failed:
            break
    sink = bench.service.board.condition.sinks["soc"]
    assert (sink.failed, sink.error) == (1, "refused")


def test_settings_are_taken_anew_and_wrong_ones_are_not(make: Make) -> None:
    bench = make()
    bench.settings.append(UsageError("seawall.yaml:3: no duration"))
    bench.service._rereads = True
    bench.round()
    assert bench.service.board.condition.configuration_error == "seawall.yaml:3: no duration"
    sink = Memory("new")
    bench.settings.append(
        replace(
            SETTINGS,
            runtime=False,
            recipients=(Recipient(sink),),
            advisories_every=timedelta(seconds=10),
        )
    )
    bench.service._rereads = True
    bench.round()
    assert bench.service.board.condition.configuration_error == ""
    assert bench.service.sinks == ("new",)
    assert bench.service._update.every_s == 10.0
    assert bench.service._listening is None


def test_a_runtime_that_is_lost_is_said_once_and_found_again(make: Make) -> None:
    bench = make()
    bench.round(stock())
    assert bench.service.board.condition.runtime_since
    bench.round(Lost("stopped"), Lost("stopped"))
    assert [text for text in bench.said if "not answer" in text] == [
        "docker does not answer: stopped"
    ]
    assert bench.service.board.condition.runtime_lost
    bench.round(stock())
    assert not bench.service.board.condition.runtime_lost


def test_missed_changes_do_no_harm_by_themselves(make: Make) -> None:
    bench = make()
    bench.round(stock(), Missed(MOMENT, "too far back"))
    assert not bench.service._untold


def test_the_end_stops_the_children(make: Make) -> None:
    bench = make()
    bench.round(stock(WEB))
    bench.service._end()
    assert {process.ended for process in bench.processes} == {Ended(130, "", 0.1)}
    assert not bench.service._children
