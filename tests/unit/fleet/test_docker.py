"""Events of a daemon, among them such as no daemon should send."""

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import CorruptImage, SourceUnavailable, UsageError
from seawall.fleet import docker as module
from seawall.fleet.docker import Docker
from seawall.fleet.workloads import (
    Change,
    Ended,
    ImageArrived,
    ImageGone,
    Missed,
    Runtime,
    RuntimeImage,
    Started,
    Tagged,
    Untagged,
    Workload,
)

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
WEB = "a" * 64
SINCE = "2026-11-22T09:30:00.000000005Z"
SECOND = 1795339800
CONTAINER = {
    "Id": WEB,
    "Name": "/web",
    "Image": ONE,
    "Config": {"Image": "shop:1", "Labels": {"team": "red"}},
    "State": {
        "Running": True,
        "StartedAt": "2026-11-22T09:30:01.5Z",
        "FinishedAt": "0001-01-01T00:00:00Z",
    },
}
WORKLOAD = Workload(
    WEB, "web", ONE, "shop:1", "docker", "host-1", "2026-11-22T09:30:01.500000000Z", "",
    {"team": "red"},
)  # fmt: skip


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "FakeDaemon"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        path = urlsplit(self.path).path
        if path == "/events":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            for event in self.server.events:
                raw = event if isinstance(event, bytes) else json.dumps(event).encode()
                self.wfile.write(raw + b"\n")
            self.server.stops.wait(20)
            self.close_connection = True
            return
        found = self.server.documents.get(path)
        status = 404 if found is None else found if isinstance(found, int) else 200
        body = json.dumps({"message": "no"} if status != 200 else found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_arguments: object) -> None:
        pass


class FakeDaemon(socketserver.ThreadingUnixStreamServer):
    """Answers with documents by path, or with a status; its events end when they are told."""

    daemon_threads = True

    def __init__(self, place: str) -> None:
        super().__init__(place, Handler)
        self.events: list[Any] = []
        self.documents: dict[str, Any] = {
            "/info": {"Name": "host-1", "SystemTime": "2026-11-22T11:30:00.000000005+02:00"},
            f"/containers/{WEB}/json": CONTAINER,
        }
        self.asked: list[str] = []
        self.stops = threading.Event()  # after the events, once set
        self.stops.set()


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    with FakeDaemon(f"{tmp_path}/s") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def event(kind: str, action: str, id: str, ns: int = 5, **attributes: Any) -> dict[str, Any]:  # noqa: A002 - as Docker calls it
    return {
        "Type": kind,
        "Action": action,
        "Actor": {"ID": id, "Attributes": attributes},
        "timeNano": SECOND * 10**9 + ns,
    }


def changes(since: str = "") -> list[Change]:
    """Return all changes until the daemon stops, which it does when it has told all."""
    found: list[Change] = []
    with pytest.raises(SourceUnavailable):
        found.extend(change for change in Docker().changes(since) if change is not None)
    return found


def test_an_event_is_a_reason_to_ask(daemon: FakeDaemon) -> None:
    image = {"Id": ONE, "RepoTags": ["shop:1", "shop:latest", "<none>:<none>"]}
    daemon.documents |= {f"/images/{ONE}/json": image, "/images/shop:1/json": image}
    daemon.events = [
        event("container", "start", WEB, image="shop:1", name="web"),
        event("container", "die", WEB, 6),
        event("container", "commit", WEB, 7, imageID=TWO),
        event("image", "pull", "shop:1", 8, name="shop"),
        event("image", "import", ONE, 9),
        event("image", "load", ONE, 10),
        event("image", "tag", TWO, 11, name="shop:2"),
        event("image", "untag", ONE, 12),
        event("image", "delete", TWO, 13),
        event("image", "untag", TWO, 14),  # gone meanwhile
        event("container", "create", WEB, 15),
        event("network", "connect", WEB, 16),
    ]
    at = [f"2026-11-22T09:30:00.{ns:09}Z" for ns in range(20)]
    assert changes() == [
        Started(at[5], WORKLOAD),
        Ended(at[6], WEB),
        ImageArrived(at[7], TWO, ""),
        ImageArrived(at[8], ONE, "shop:1"),
        ImageArrived(at[9], ONE, ""),
        ImageArrived(at[10], ONE, ""),
        Tagged(at[10], "shop:1", ONE),
        Tagged(at[10], "shop:latest", ONE),
        Tagged(at[11], "shop:2", TWO),
        Untagged(at[12], ONE, ("shop:1", "shop:latest")),
        ImageGone(at[13], TWO),
        Untagged(at[14], TWO, ()),
    ]
    (asked,) = (path for path in daemon.asked if path.startswith("/events"))
    assert parse_qs(urlsplit(asked).query)["since"] == [f"{SECOND}.000000005"]


def test_a_gap_in_the_daemons_memory_is_told(daemon: FakeDaemon) -> None:
    daemon.events = [event("container", "die", WEB, 5), event("container", "die", WEB, 9)]
    assert [type(change) for change in changes(SINCE)] == [Ended, Ended]
    daemon.events = daemon.events[1:]
    assert [type(change) for change in changes(SINCE)] == [Missed, Ended]
    assert [type(change) for change in changes()] == [Ended]


def test_a_daemon_that_remembers_nothing_and_is_silent_has_a_gap(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_HEARTBEAT_S", 0.1)
    daemon.stops.clear()
    runtime: Runtime = Docker()
    found = runtime.changes(SINCE)
    assert next(found) is None
    assert next(found) == Missed(SINCE, "the daemon does not remember so far back")
    assert [next(found), next(found), next(found)] == [None] * 3
    daemon.stops.set()
    with pytest.raises(SourceUnavailable):
        next(filter(None, found))


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"5",
        b"\xff",
        b"",
        b"{}",
        b"[" * 100_000,
        b"9" * 5000,
        b'{"a": "' + b"x" * (5 << 20),
        {"Type": "container", "Action": "die", "Actor": None, "timeNano": 5},
        {"Type": 5, "Action": "die", "Actor": {"ID": WEB}, "timeNano": 5},
        {"Type": "container", "Action": "die", "Actor": {"ID": WEB}, "timeNano": 10**30},
        {"Type": "container", "Action": "die", "Actor": {"ID": WEB}, "timeNano": "5"},
        {"Type": "container", "Action": "die", "Actor": {"ID": WEB}, "time": 1e300},
    ],
)
def test_what_cannot_be_read_is_told_and_the_next_is_read(daemon: FakeDaemon, line: Any) -> None:
    daemon.events = [event("container", "die", WEB), line, event("container", "die", WEB, 9)]
    first, missed, last = changes()
    assert isinstance(missed, Missed)
    assert missed.at == first.at
    assert last == Ended("2026-11-22T09:30:00.000000009Z", WEB)


def test_ids_and_names_that_are_none_lead_nowhere(daemon: FakeDaemon) -> None:
    daemon.events = [
        event("container", "start", "../images/json"),
        event("container", "die", "web"),
        event("container", "commit", WEB, imageID={}),
        event("image", "pull", "../../info"),
        event("image", "pull", "a//b"),
        event("image", "load", "\ud800"),
        event("image", "tag", "sha256:x", name="a"),
        event("image", "delete", "\n"),
    ]
    assert changes() == []
    assert {urlsplit(path).path for path in daemon.asked} == {"/info", "/events"}


def test_an_answer_that_fails_is_a_gap_and_not_the_end(daemon: FakeDaemon) -> None:
    daemon.documents[f"/containers/{WEB}/json"] = 500
    daemon.events = [event("container", "start", WEB), event("container", "die", WEB, 9)]
    missed, ended = changes()
    assert isinstance(missed, Missed)
    assert "500" in missed.why
    assert isinstance(ended, Ended)


def test_what_images_say_of_themselves_is_bounded_and_printable(daemon: FakeDaemon) -> None:
    labels: dict[str, Any] = {f"{number:05}": "x" for number in range(1000)} | {
        "\x1b[2J\ud800": "a\nb\0\x1b\ud800"
    }
    labels |= {"0" * 999: "y" * 99_999, "00": 5}
    daemon.documents[f"/containers/{WEB}/json"] = {
        **CONTAINER,
        "Name": "/" + "\x1b[31m" * 1000,
        "Config": {"Image": "\u202e" + "x" * 9999, "Labels": labels},
    }
    daemon.documents["/containers/json"] = [{"Id": WEB}, {"Id": "../x"}, {}]
    (found,) = Docker().workloads()
    assert len(found.name) < 513
    assert len(found.image_name) == 512
    assert len(found.labels) <= 256
    assert found.labels["\ufffd[2J\ufffd"] == "a\nb\ufffd\ufffd\ufffd"
    assert found.labels["0" * 256] == "y" * 4096
    for text in (found.name, found.image_name, *found.labels):
        assert text.isprintable()


@pytest.mark.parametrize(
    "document",
    [{}, {"Config": [], "State": 5}, {"Image": 5, "Name": {}, "State": {"StartedAt": "9999"}}],
)
def test_a_container_in_another_form_is_a_container_of_nothing(
    daemon: FakeDaemon, document: dict[str, Any]
) -> None:
    daemon.documents[f"/containers/{WEB}/json"] = document
    daemon.events = [event("container", "start", WEB)]
    (started,) = changes()
    assert isinstance(started, Started)
    assert started.workload == Workload(WEB, "", "", "", "docker", "host-1", "")


def test_images_are_listed_with_their_names(daemon: FakeDaemon) -> None:
    daemon.documents["/images/json"] = [
        {"Id": ONE, "RepoTags": ["shop:1", 5, None, "<none>:<none>"], "Created": SECOND},
        {"Id": TWO, "RepoTags": None, "Created": "x"},
        {"Id": "x"},
        5,
    ]
    assert Docker().images() == [
        RuntimeImage(ONE, ("shop:1",), "2026-11-22T09:30:00.000000000Z"),
        RuntimeImage(TWO, (), ""),
    ]


def test_digests_of_registries_are_told_with_an_image(daemon: FakeDaemon) -> None:
    """A manifest of a registry, by which a gate asks."""
    image = {"Id": ONE, "RepoTags": ["shop:1"], "RepoDigests": [f"shop@{TWO}"]}
    daemon.documents |= {"/images/json": [image], "/images/shop:1/json": image}
    daemon.events = [event("image", "pull", "shop:1"), event("image", "push", "shop:1")]
    (listed,) = Docker().images()
    assert (listed.names, listed.other_digests) == (("shop:1",), (TWO,))
    at = "2026-11-22T09:30:00.000000005Z"
    assert changes() == [
        ImageArrived(at, ONE, "shop:1", (TWO,)),
        ImageArrived(at, ONE, "", (TWO,)),  # names nothing that was not named so before
    ]


def test_a_moment_that_is_none_is_wrong_use(daemon: FakeDaemon) -> None:
    for since in (
        "yesterday",
        "2026-13-01T00:00:00Z",
        "1960-01-01T00:00:00Z",
        "٢026-01-01T00:00:00Z",
    ):
        with pytest.raises(UsageError, match="no moment"):
            next(Docker().changes(since))
    daemon.documents["/info"] = {}
    with pytest.raises(CorruptImage, match="time"):
        next(Docker().changes())


def test_no_daemon_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    for ask in (Docker().images, Docker().workloads, lambda: next(Docker().changes())):
        with pytest.raises(SourceUnavailable, match="no Docker daemon"):
            ask()


@given(st.integers(0, 253_402_300_800 * 10**9 - 1), st.integers(0, 253_402_300_800 * 10**9 - 1))
def test_moments_sort_as_text_and_are_read_as_they_are_written(one: int, two: int) -> None:
    texts = [module._moment(one), module._moment(two)]
    assert (texts[0] < texts[1]) == (one < two)
    assert module._ns(texts[0]) == one


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_no_line_raises(line: bytes) -> None:
    assert module._event(line) is None
