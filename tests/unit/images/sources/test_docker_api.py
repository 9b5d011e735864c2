"""Answers that do not end: lines as they come, silence, and the end of the other side."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from seawall.errors import SourceUnavailable
from seawall.images.sources.docker_api import connected
from seawall.model import ImageRef
from tests.unit.registry.server import make_certificate

REF = ImageRef("docker", "*")
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SILENCE_S = 0.3

Say = Callable[[bytes], None]
Script = Callable[[Say], None]


@pytest.fixture(params=["unix", "tcp", "tls"])
def told(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Script], Iterator[bytes | None]]]:
    """Serve one answer, said by a script, over each kind of socket; its lines."""
    if request.param == "unix":
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(tmp_path / "s"))
        server.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    else:
        server = socket.create_server(("127.0.0.1", 0))
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    if request.param == "tls":
        certificate = make_certificate(tmp_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        server = context.wrap_socket(server, server_side=True)
        for name in ("ca.pem", "cert.pem"):
            (tmp_path / name).write_bytes(certificate.read_bytes())
        (tmp_path / "key.pem").write_bytes(certificate.with_suffix(".key").read_bytes())
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    threads: list[threading.Thread] = []

    def serve(script: Script) -> None:
        with closing(server.accept()[0]) as one:
            one.recv(65536)
            with suppress(OSError):  # the reader may have left
                script(one.sendall)

    def lines(script: Script) -> Iterator[bytes | None]:
        threads.append(threading.Thread(target=serve, args=(script,)))
        threads[-1].start()
        with connected(REF) as daemon:
            yield from daemon.lines("/events", REF, silence_s=SILENCE_S, longest=1000)

    yield lines
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    server.close()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


Told = Callable[[Script], Iterator[bytes | None]]


def test_lines_come_whole_however_they_are_cut(told: Told) -> None:
    def script(say: Say) -> None:
        say(HEAD + chunk(b"one\ntwo\nth") + chunk(b"ree\n"))
        for byte in chunk(b"four\n"):
            say(bytes([byte]))
            time.sleep(0.01)
        say(chunk(b"".join(b"%d\n" % number for number in range(20_000))))

    found = told(script)
    assert next(found) is None
    lines: list[bytes | None] = []
    with pytest.raises(SourceUnavailable, match="stopped answering"):
        lines.extend(found)  # keeps what came before the error
    assert [line for line in lines if line is not None] == [
        *(b"one", b"two", b"three", b"four"),
        *(b"%d" % number for number in range(20_000)),
    ]


def test_silence_is_told_and_does_not_end_the_lines(told: Told) -> None:
    done = threading.Event()

    def script(say: Say) -> None:
        say(HEAD + chunk(b"one\n"))
        done.wait(10)
        say(chunk(b"two\n"))

    found = told(script)
    assert [next(found) for _ in range(4)] == [None, b"one", None, None]
    done.set()
    assert next(filter(None, found)) == b"two"
    found.close()  # type: ignore[attr-defined]  # it is a generator


def test_a_line_that_never_ends_is_cut_and_silence_is_told_all_the_same(told: Told) -> None:
    stop = threading.Event()

    def script(say: Say) -> None:
        say(HEAD)
        while not stop.wait(0.02):
            say(chunk(b"x" * 500))
        say(chunk(b"\nnext\n"))

    found = told(script)
    assert [next(found) for _ in range(3)] == [None, None, None]
    stop.set()
    lines = filter(None, found)
    assert (next(lines), next(lines)) == (b"x" * 1000, b"next")
    found.close()  # type: ignore[attr-defined]  # it is a generator


@pytest.mark.parametrize("end", [b"", b"0\r\n\r\n", b"5\r\nab", b"nonsense\r\n", b"-5\r\n"])
def test_the_end_of_the_answer_is_an_error(told: Told, end: bytes) -> None:
    found = told(lambda say: say(HEAD + chunk(b"one\n") + end))
    assert [next(found), next(found)] == [None, b"one"]
    with pytest.raises(SourceUnavailable, match="stopped answering"):
        next(filter(None, found))
