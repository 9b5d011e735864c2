"""Answers GET over a Unix socket, and over TCP for Prometheus.

HTTP/1.1 (RFC 9112), one request a connection. A server of the standard library's kind has a thread
for whoever comes, as long as they stay. Here a listener has a few, and whoever does not ask within
seconds has to go.
"""

import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from seawall.errors import UsageError

_AT_ONCE = 8  # connections of one listener
_REQUEST_BYTES = 8 << 10
_DEADLINE_S = 5.0  # for a request to be read, and for an answer to be taken


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    content: bytes
    type: str = "application/json"
    status: HTTPStatus = HTTPStatus.OK


Pages = Mapping[str, Callable[[], Answer]]


class Listener:
    """Answers until it is closed."""

    def __init__(self, listening: socket.socket, pages: Pages, path: Path | None = None) -> None:
        self._socket, self._pages, self._path = listening, pages, path
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        threading.Thread(target=self._accept, name="health", daemon=True).start()

    @property
    def port(self) -> int:
        """The port, of a listener on TCP."""
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Answer no more."""
        if self._path:
            self._path.unlink(missing_ok=True)
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if self._socket.fileno() < 0:
                    return
                time.sleep(0.1)  # no descriptors are left, or the like
                continue
            if not self._places.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):
                self._answer(connection)
        finally:
            self._places.release()

    def _answer(self, connection: socket.socket) -> None:
        request = _request(connection)
        if request is None:
            return
        answer = self._answer_to(request)
        head = (
            f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
            f"Content-Type: {answer.type}\r\nContent-Length: {len(answer.content)}\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        ).encode()
        connection.settimeout(_DEADLINE_S)  # sendall counts it for the whole
        connection.sendall(head if request.startswith(b"HEAD ") else head + answer.content)

    def _answer_to(self, request: bytes) -> Answer:
        words = request.split(b"\r\n", 1)[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return _told(HTTPStatus.BAD_REQUEST)
        if words[0] not in (b"GET", b"HEAD"):
            return _told(HTTPStatus.METHOD_NOT_ALLOWED)
        page = self._pages.get(words[1].partition(b"?")[0].decode("ascii", "replace"))
        if page is None:
            return _told(HTTPStatus.NOT_FOUND)
        try:
            return page()
        except Exception as error:  # a fault of ours must not look like silence
            return _told(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")


def _request(connection: socket.socket) -> bytes | None:
    """Return a request up to its empty line; None where none came in time or size."""
    end, data = time.monotonic() + _DEADLINE_S, b""
    while b"\r\n\r\n" not in data:
        left = end - time.monotonic()
        if left <= 0 or len(data) >= _REQUEST_BYTES:
            return None
        connection.settimeout(left)
        some = connection.recv(_REQUEST_BYTES - len(data))
        if not some:
            return None
        data += some
    return data


def _told(status: HTTPStatus, why: str = "") -> Answer:
    return Answer(f"{why or status.phrase}\n".encode(), "text/plain; charset=utf-8", status)


def on_socket(path: Path, pages: Pages) -> Listener:
    """Answer on a Unix socket that only its owner may use.

    What a service that was killed left there is removed. To be called by the one service that may
    run.

    Raises:
        UsageError: something else is there, or the socket cannot be made.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise UsageError(f"{path}: is no socket", "name another path: health.socket")
            path.unlink()
        _bind(listening, path)
        listening.listen(_AT_ONCE)
    except OSError as error:
        listening.close()
        raise UsageError(f"{path}: {error.strerror or error}", "see health.socket") from error
    except UsageError:
        listening.close()
        raise
    return Listener(listening, pages, path)


def _bind(listening: socket.socket, path: Path) -> None:
    """Bind to a socket that is nobody else's from the first moment on.

    Linux makes it with the mode of the descriptor, less the umask, which is the whole process's.
    """
    os.fchmod(listening.fileno(), 0o600)
    listening.bind(os.fspath(path))
    path.chmod(0o600)


def on_port(host: str, port: int, pages: Pages) -> Listener:
    """Answer on TCP.

    Raises:
        UsageError: the port is taken, or there is no such host.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(address[:2], family=family, backlog=_AT_ONCE)
    except OSError as error:
        raise UsageError(
            f"{host}:{port}: {error.strerror or error}", "name another one: health.metrics"
        ) from error
    return Listener(listening, pages)


def status_of(is_well: bool) -> HTTPStatus:
    """Return the status that tells a prober how it is."""
    return HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
