"""Docker's Engine API (1.24 or later): where the daemon is, and questions to it.

Where the daemon is comes from ``DOCKER_HOST``, as for the docker command; else the usual sockets
are tried.
"""

import http.client
import json
import os
import select
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seawall.errors import CorruptImage, LimitExceeded, SourceUnavailable, UnknownTarget
from seawall.model import ImageRef

_TIMEOUT_S = 120  # for one answer; the daemon may be preparing a large image
_CHUNK = 1 << 20
_PIECE = 1 << 16  # of an answer that does not end
_ANSWER_BYTES = 256 << 20  # a container may have changed a million files


class Daemon:
    """One connection to a Docker daemon."""

    def __init__(self, connection: http.client.HTTPConnection, place: str) -> None:
        self._connection = connection
        self._place = _shown(place)
        self.is_local = place.startswith("unix:")

    def document(self, path: str, ref: ImageRef) -> dict[str, Any]:
        """Return the JSON object at `path`."""
        found = self._json(path, ref)
        if not isinstance(found, dict):
            raise CorruptImage(f"{ref}: {self._place} answers in an unknown form")
        return found

    def documents(self, path: str, ref: ImageRef) -> list[dict[str, Any]]:
        """Return the JSON objects of the list at `path`; Go writes an empty one as null."""
        found = self._json(path, ref) or []
        if not isinstance(found, list):
            raise CorruptImage(f"{ref}: {self._place} answers in an unknown form")
        return [item for item in found if isinstance(item, dict)]

    def stream(self, path: str, ref: ImageRef) -> Iterator[bytes]:
        """Yield the body at `path` as it arrives."""
        response = self._get(path, ref)
        try:
            while chunk := response.read(_CHUNK):
                yield chunk
        except (OSError, http.client.HTTPException) as error:
            raise _stopped(ref, self._place, error) from error

    def lines(
        self, path: str, ref: ImageRef, *, silence_s: float, longest: int
    ) -> Iterator[bytes | None]:
        """Yield the lines of an answer that does not end; None after each `silence_s` without one.

        It is the first question on its connection, and the last. The first thing is a None: the
        daemon has begun to answer. A line of more than `longest` bytes is cut there.

        Raises:
            SourceUnavailable: the answer ends, or the daemon or the way to it is gone.
        """
        waiting = self._connection.sock  # the answer may take it out of the connection
        response = self._get(path, ref)
        _notice_loss(waiting)
        yield None
        line, until = b"", time.monotonic() + silence_s
        try:
            while True:
                left_s = until - time.monotonic()
                if left_s <= 0 or not _readable(waiting, response, left_s):
                    yield None
                    until = time.monotonic() + silence_s
                    continue
                chunk = response.read1(_PIECE)
                if not chunk:
                    raise _stopped(ref, self._place, EOFError("its answer ends"))
                first, *others = chunk.split(b"\n")
                line += first[: longest - len(line)]
                for other in others:
                    yield line
                    line, until = other[:longest], time.monotonic() + silence_s
        except (OSError, http.client.HTTPException) as error:
            raise _stopped(ref, self._place, error) from error

    def _json(self, path: str, ref: ImageRef) -> Any:
        response = self._get(path, ref)
        try:
            raw = response.read(_ANSWER_BYTES + 1)
            if len(raw) > _ANSWER_BYTES:
                raise LimitExceeded(
                    f"{ref}: {self._place} answers with over {_ANSWER_BYTES:,} bytes"
                )
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise CorruptImage(f"{ref}: {self._place} answers in an unknown form") from error
        except (OSError, http.client.HTTPException) as error:
            raise _stopped(ref, self._place, error) from error

    def _get(self, path: str, ref: ImageRef) -> http.client.HTTPResponse:
        try:
            self._connection.request("GET", path, headers={"Host": "docker"})
            response = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(ref, self._place, error) from error
        if response.status == http.HTTPStatus.OK:
            return response
        try:
            message = str(json.loads(response.read()).get("message", ""))
        except (ValueError, AttributeError, OSError, http.client.HTTPException):
            message = response.reason
        if response.status == http.HTTPStatus.NOT_FOUND:
            kind = path.split("/")[1].removesuffix("s")
            raise UnknownTarget(
                f"{ref}: the Docker daemon at {self._place} has no such {kind}",
                "see   docker ps --all"
                if kind == "container"
                else f"docker pull {ref.place}   or see   docker images",
            )
        raise SourceUnavailable(
            f"{ref}: {self._place} answers {response.status}: {message}", "see the daemon's log"
        )


@contextmanager
def connected(ref: ImageRef) -> Iterator[Daemon]:
    """Connect to the daemon that ``DOCKER_HOST`` or the usual places name."""
    host = os.environ.get("DOCKER_HOST") or _usual_socket()
    connection = _connection(host, ref)
    try:
        connection.connect()
    except (OSError, UnicodeError) as error:  # a host name that DNS does not allow
        connection.close()
        raise _unreachable(ref, _shown(host), error) from error
    try:
        yield Daemon(connection, host)
    finally:
        connection.close()


def _connection(host: str, ref: ImageRef) -> http.client.HTTPConnection:
    """Return a connection, not yet open, to what ``DOCKER_HOST`` says."""
    try:
        url = urlsplit(host)
        if url.scheme == "unix":
            return _UnixConnection(url.path)
        if url.scheme in ("tcp", "http", "https") and url.hostname:
            encrypted = url.scheme == "https" or bool(os.environ.get("DOCKER_TLS_VERIFY"))
            return _tcp(url.hostname, url.port, encrypted=encrypted)
    except (ValueError, http.client.InvalidURL):
        pass  # a port that is no number, brackets without an address
    raise SourceUnavailable(
        f"{ref}: DOCKER_HOST={_shown(host)} is of a kind Seawall does not speak",
        "use unix:///path or tcp://host:port, or docker save and docker-archive:",
    )


def _shown(host: str) -> str:
    """Return where a daemon is without user, password and query, which may be secret."""
    if "@" not in host and "?" not in host:
        return host
    from seawall.registry.transport import shown  # noqa: PLC0415 - few need it

    return shown(host) if "://" in host else "…"


def _usual_socket() -> str:
    """Return the first usual socket that exists: the system's, or a rootless daemon's."""
    places = ["/var/run/docker.sock"]
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        places.append(f"{runtime}/docker.sock")
    return "unix://" + next((place for place in places if Path(place).exists()), places[0])


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _tcp(host: str, port: int | None, *, encrypted: bool) -> http.client.HTTPConnection:
    """Return a connection over TCP, with TLS and the docker command's certificates if asked."""
    if not encrypted:
        return http.client.HTTPConnection(host, port or 2375, timeout=_TIMEOUT_S)
    folder = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    try:
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    except OSError as error:
        raise SourceUnavailable(
            f"{folder}: no usable ca.pem, cert.pem and key.pem ({error})", "see DOCKER_CERT_PATH"
        ) from error
    return http.client.HTTPSConnection(host, port or 2376, timeout=_TIMEOUT_S, context=context)


def _readable(connection: socket.socket, response: http.client.HTTPResponse, wait_s: float) -> bool:
    """Tell whether an answer goes on, or ends, within `wait_s`.

    A read that times out would leave the response unusable, so there is none before there is
    something to read: in its buffer, in that of TLS, or in the kernel's.
    """
    connection.setblocking(False)
    try:
        # The end of a chunk stays in the buffer until the next one is read: nothing of use.
        if response.fp.peek(1) not in (b"", b"\r", b"\r\n"):
            return True
    except (BlockingIOError, ssl.SSLWantReadError):
        pass
    finally:
        connection.settimeout(_TIMEOUT_S)
    if isinstance(connection, ssl.SSLSocket) and connection.pending():
        return True
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(wait_s * 1000))


def _notice_loss(connection: socket.socket) -> None:
    """Have the kernel ask over TCP whether the other side is still there: within a minute."""
    if connection.family == socket.AF_UNIX:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def _stopped(ref: ImageRef, place: str, error: Exception) -> SourceUnavailable:
    return SourceUnavailable(f"{ref}: {place} stopped answering ({error})", "try again")


def _unreachable(ref: ImageRef, place: str, error: Exception) -> SourceUnavailable:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    hint = "start the daemon, or set DOCKER_HOST"
    if isinstance(error, PermissionError):
        hint = "run as root, or as a member of the group docker"
    return SourceUnavailable(f"{ref}: no Docker daemon at {place} ({reason})", hint)
