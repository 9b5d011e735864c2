"""Receivers on loopback that keep what they get: HTTP, SMTP and syslog, each able to fail."""

import http.server
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


class HttpReceiver(http.server.ThreadingHTTPServer):
    """Answers `answers` one after the other, then 204. Each: status and headers."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _HttpHandler)
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.said = b"no such hook"
        self.got: list[Request] = []
        self.pause = threading.Event()  # while set, answers wait
        self.scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def url(self, path: str = "/hook/s3cret") -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever does not trust us goes away; that is what is tested."""


class _HttpHandler(http.server.BaseHTTPRequestHandler):
    server: HttpReceiver

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.got.append(Request(self.path, dict(self.headers), self.rfile.read(length)))
        while self.server.pause.is_set():
            time.sleep(0.01)
        status, headers = self.server.answers.pop(0) if self.server.answers else (204, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(self.server.said)))
        self.end_headers()
        if status != 204:
            self.wfile.write(self.server.said)

    def do_GET(self) -> None:
        raise AssertionError("nothing here is asked for")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing."""


@dataclass
class Letter:
    sender: str
    recipients: list[str]
    raw: bytes
    encrypted: bool
    login: str

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class SmtpReceiver(socketserver.ThreadingTCPServer):
    """A mail server of RFC 5321's small kind; `replies` to a verb are used up first."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext | None = None, implicit: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _SmtpHandler)
        self.context, self.implicit = context, implicit
        self.replies: dict[str, list[str]] = {}
        self.letters: list[Letter] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever does not trust us goes away; that is what is tested."""


class _SmtpHandler(socketserver.StreamRequestHandler):
    server: SmtpReceiver

    def handle(self) -> None:
        self.encrypted = False
        self.login = ""
        if self.server.implicit:
            self._encrypt()
        sender, recipients = "", []
        self._say("220 receiver.example")
        while line := self.rfile.readline(2000).decode("ascii").rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            replies = self.server.replies.get(verb, [])
            if replies:
                self._say(replies.pop(0))
            elif verb == "EHLO":
                offers = ["250-receiver.example", "250-8BITMIME"]
                if self.server.context and not self.encrypted:
                    offers.append("250-STARTTLS")
                self._say("\r\n".join([*offers, "250 AUTH PLAIN"]))
            elif verb == "STARTTLS":
                self._say("220 go ahead")
                self._encrypt()
            elif verb == "AUTH":
                self.login = line.split(" ")[2]
                self._say("235 welcome")
            elif verb == "MAIL":
                sender = line[10:].split(">")[0].strip("<>")
                self._say("250 ok")
            elif verb == "RCPT":
                recipients.append(line[8:].strip("<>"))
                self._say("250 ok")
            elif verb == "DATA":
                self._say("354 go")
                raw = b""
                while not raw.endswith(b"\r\n.\r\n"):
                    raw += self.rfile.readline()
                content = raw[:-3].replace(b"\r\n..", b"\r\n.")
                self.server.letters.append(
                    Letter(sender, recipients, content, self.encrypted, self.login)
                )
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def _encrypt(self) -> None:
        assert self.server.context is not None
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb", buffering=0)
        self.encrypted = True


@dataclass
class SyslogReceiver:
    """Takes connections or datagrams; `frames` are whole messages."""

    listening: socket.socket
    context: ssl.SSLContext | None = None
    frames: list[bytes] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def take(self) -> bytes:
        assert self.arrived.acquire(timeout=20), "nothing arrived"
        return self.frames[-1]

    def run(self) -> None:
        while True:
            try:
                if self.listening.type == socket.SOCK_DGRAM:
                    self._keep(self.listening.recv(1 << 16))
                    continue
                connection, _ = self.listening.accept()
            except OSError:
                return  # closed: the test is over
            try:
                with connection:
                    self._read(connection)
            except OSError:
                continue  # whoever does not trust us goes away

    def _read(self, connection: socket.socket) -> None:
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as stream:
            while True:
                length = b""
                while (digit := stream.read(1)) not in (b" ", b""):
                    assert digit.isdigit(), digit
                    length += digit
                if not digit:
                    return
                assert not length.startswith(b"0")
                frame = stream.read(int(length))
                assert len(frame) == int(length), "cut short"
                self._keep(frame)

    def _keep(self, frame: bytes) -> None:
        self.frames.append(frame)
        self.arrived.release()


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def syslog(
    kind: socket.SocketKind,
    context: ssl.SSLContext | None = None,
    path: str = "",
) -> Iterator[SyslogReceiver]:
    family = socket.AF_UNIX if path else socket.AF_INET
    with socket.socket(family, kind) as listening:
        listening.bind(path or ("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            listening.listen()
        receiver = SyslogReceiver(listening, context)
        threading.Thread(target=receiver.run, daemon=True).start()
        yield receiver
