import http.client
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from seawall.errors import FleetError, UsageError
from seawall.fleet.service import answering
from seawall.fleet.service.answering import Answer, Listener, on_port, on_socket
from seawall.fleet.service.asking import ask


def broken() -> Answer:
    raise ZeroDivisionError("of ours")


PAGES = {
    "/health": lambda: Answer(b'{"state": "ok"}'),
    "/list": lambda: Answer(b"[]"),
    "/large": lambda: Answer(b"x" * (32 << 20)),
    "/broken": broken,
}


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    listener = on_socket(tmp_path / "run/fleet.sock", PAGES)
    yield tmp_path / "run/fleet.sock"
    listener.close()


@pytest.fixture
def port() -> Iterator[int]:
    listener = on_port("127.0.0.1", 0, PAGES)
    yield listener.port
    listener.close()


def fetched(port: int, page: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, page)
    answer = connection.getresponse()
    return answer.status, answer.read()


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        found = b""
        with suppress(ConnectionResetError):  # what was sent too much is not read
            while some := connection.recv(65536):
                found += some
        return found


def test_the_owner_alone_may_use_the_socket_and_its_folder(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert ask(path, "/health") == {"state": "ok"}


def test_the_socket_of_a_service_that_was_killed_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(os.fspath(path))
    with pytest.raises(FleetError, match="does not answer"):
        ask(path, "/health")
    listener = on_socket(path, PAGES)
    assert ask(path, "/health") == {"state": "ok"}
    listener.close()
    assert not path.exists()


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(UsageError, match="is no socket"):
        on_socket(tmp_path / "notes", PAGES)
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_port_that_is_taken_is_wrong_use(port: int) -> None:
    with pytest.raises(UsageError, match=f"127.0.0.1:{port}"):
        on_port("127.0.0.1", port, PAGES)


def test_each_request_gets_the_status_it_deserves(port: int) -> None:
    assert fetched(port, "/health?x=1") == (200, b'{"state": "ok"}')
    assert fetched(port, "/health", "HEAD") == (200, b"")
    assert fetched(port, "/nothing")[0] == 404
    assert fetched(port, "/health", "POST")[0] == 405
    assert fetched(port, "/broken") == (500, b"ZeroDivisionError: of ours\n")
    assert raw(port, b"hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert raw(port, b"GET /\xff HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 404 ")


def test_a_request_without_an_end_is_not_answered(port: int) -> None:
    assert raw(port, b"GET /" + b"x" * (8 << 10)) == b""


def test_clients_that_say_nothing_are_sent_away_and_hold_up_nobody_for_long(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "_DEADLINE_S", 2.0)
    slow = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(40)]
    began = time.monotonic()
    for number, connection in enumerate(slow):
        with connection:
            if number == 0:
                connection.send(b"GET ")
            with suppress(ConnectionResetError):
                assert connection.recv(10) == b""
    assert time.monotonic() - began < 60  # one after the other it would be 80
    assert fetched(port, "/health")[0] == 200


def test_a_client_that_takes_no_answer_is_left(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "_DEADLINE_S", 0.3)
    stuck = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(8)]
    for connection in stuck:
        connection.sendall(b"GET /large HTTP/1.1\r\n\r\n")
    time.sleep(1.0)
    assert fetched(port, "/health")[0] == 200
    for connection in stuck:
        connection.close()


def test_an_answer_that_is_no_object_is_not_the_service(path: Path) -> None:
    with pytest.raises(FleetError, match="no Seawall"):
        ask(path, "/list")
    with pytest.raises(FleetError, match="no Seawall"):
        ask(path, "/nothing")


def test_closing_ends_the_thread_that_accepts(tmp_path: Path) -> None:
    listener: Listener = on_socket(tmp_path / "s", PAGES)
    listener.close()
    with pytest.raises(FleetError):
        ask(tmp_path / "s", "/health")
