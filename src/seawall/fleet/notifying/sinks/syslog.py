"""Notices as syslog messages.

RFC 5424 (the message), RFC 5426 (one datagram over UDP), RFC 6587, section 3.4.1 (octet counting
over TCP), RFC 5425 (the same over TLS). Structured data carries what programs want; the message is
the line that people read. The private part of it is ``seawall@32473``: 32473 is the enterprise
number that RFC 5612 keeps for examples, as Seawall has none of its own.
"""

import re
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime

from seawall import __version__
from seawall.errors import DeliveryFailed
from seawall.fleet.notifying import wording
from seawall.fleet.notifying.notice import FoundFlaw, Notice, NoticeKind
from seawall.fleet.notifying.settings import SyslogSettings
from seawall.fleet.notifying.sinks.http_post import context_for
from seawall.inventory.sbom.columns import clipped, shortened, visible
from seawall.model import Severity

SD_ID = "seawall@32473"
_DATAGRAM = 2048  # bytes that every receiver over UDP should take (RFC 5426, section 3.2)
_STREAM = 8192  # bytes that receivers over TLS should take (RFC 5425, section 4.3.1)
_CONNECT_S, _CLOSE_S = 10, 2
_NOT_PRINTABLE_ASCII = re.compile(r"[^\x21-\x7e]")
_ESCAPED = re.compile(r'(["\\\]])')
_BOM = b"\xef\xbb\xbf"
_LEVELS = {  # RFC 5424, table 2
    Severity.CRITICAL: 2,
    Severity.HIGH: 3,
    Severity.MEDIUM: 4,
    Severity.LOW: 5,
    Severity.UNKNOWN: 5,
}
_INFORMATIONAL = 6
_VALUE = 64  # letters of one value; the line for people has more
_NAMES = 5  # of packages, images and containers


class Syslog:
    """Sends each notice as one message, over a connection of its own."""

    def __init__(self, settings: SyslogSettings) -> None:
        self._settings = settings
        self._limit = _DATAGRAM if settings.transport == "udp" else _STREAM

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self._settings.name

    def send(self, notice: Notice) -> None:
        """Send a notice: see `Sink`.

        Syslog has no receipts. Over UDP nobody learns that a message is lost; over TCP and TLS
        what the receiver refuses before it closes the connection is noticed, and no more.
        """
        data = message(notice, self._settings.facility, socket.gethostname(), self._limit)
        where = str(self._settings.path or f"{self._settings.host}:{self._settings.port}")
        try:
            match self._settings.transport:
                case "udp":
                    self._datagram(data)
                case "unix":
                    self._local(data)
                case "tcp":
                    with self._connected() as connection:
                        _deliver(connection, data)
                case "tls":
                    context = context_for(self._settings.ca_file)
                    with self._connected() as plain:
                        host = self._settings.host
                        with context.wrap_socket(plain, server_hostname=host) as connection:
                            _deliver(connection, data)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise DeliveryFailed(f"{where}: not sent ({shortened(reason, 160)})") from error

    def _connected(self) -> socket.socket:
        address = (self._settings.host, self._settings.port)
        return socket.create_connection(address, timeout=_CONNECT_S)

    def _datagram(self, data: bytes) -> None:
        host, port = self._settings.host, self._settings.port
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as sender:
            sender.settimeout(_CONNECT_S)
            sender.sendto(data, address)

    def _local(self, data: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(_CONNECT_S)
            sender.connect(str(self._settings.path))
            sender.send(data)


def _deliver(connection: socket.socket, data: bytes) -> None:
    """Send one frame, say that it was all, and look whether the receiver objects."""
    connection.sendall(b"%d " % len(data) + data)
    connection.settimeout(_CLOSE_S)
    if isinstance(connection, ssl.SSLSocket):
        # Receivers need not answer our close_notify, and many only close: neither is an error.
        with suppress(TimeoutError, ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError):
            connection.unwrap()
        return
    connection.shutdown(socket.SHUT_WR)
    with suppress(TimeoutError):
        connection.recv(1)


def message(notice: Notice, facility: int, host: str, limit: int) -> bytes:
    """Return one RFC 5424 message of at most `limit` bytes, at least 480.

    Structured data is left out from its end, value by value, until it takes no more than half;
    the text is cut behind a whole letter.
    """
    priority = facility * 8 + level(notice)
    header = " ".join(
        (
            f"<{priority}>1",
            timestamp(notice.at),
            _name(host, 255),
            "seawall",
            "-",
            notice.kind.value.upper(),
        )
    ).encode("ascii")
    origin = f'[origin software="seawall" swVersion="{value(__version__)}"]'
    room = limit // 2 - len(header) - len(origin) - len(SD_ID) - 3
    private = f"[{SD_ID}{''.join(_fitting(_parameters(notice), room))}]"
    head = header + b" " + (origin + private).encode() + b" " + _BOM
    text = _line(notice).encode("utf-8", "backslashreplace")
    if len(head) + len(text) > limit:
        kept = text[: limit - len(head) - len("…".encode())]
        text = kept.decode("utf-8", "ignore").encode() + "…".encode()
    return head + text


def level(notice: Notice) -> int:
    """Return the syslog severity: 2 critical, 3 high, 4 medium, 5 lower; 6 for good news."""
    if notice.kind in (NoticeKind.RESOLVED, NoticeKind.TEST):
        return _INFORMATIONAL
    worst = max((flaw.severity for flaw in notice.flaws), default=Severity.UNKNOWN)
    return _LEVELS[worst]


def timestamp(at: str) -> str:
    """Return an RFC 5424 TIMESTAMP in UTC, with at most microseconds; ``-`` if there is none."""
    try:
        moment = datetime.fromisoformat(at)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return "-"
    return moment.isoformat().replace("+00:00", "Z")


def value(text: str) -> str:
    r"""Return text for a PARAM-VALUE: ``"``, ``\`` and ``]`` escaped, control letters spelled."""
    return _ESCAPED.sub(r"\\\1", visible(text))


def _name(text: str, limit: int) -> str:
    return _NOT_PRINTABLE_ASCII.sub("", text)[:limit] or "-"


def _fitting(parameters: list[tuple[str, str]], room: int) -> list[str]:
    kept = []
    for name, text in parameters:
        parameter = f' {name}="{value(text)}"'
        room -= len(parameter.encode("utf-8", "backslashreplace"))
        if room < 0:
            break
        kept.append(parameter)
    return kept


def _parameters(notice: Notice) -> list[tuple[str, str]]:
    """Return name and value of what programs look for, the most important first."""
    flaws = [("id", notice.id), ("kind", str(notice.kind))]
    flaws.append(("flaws", str(max(notice.flaws_total, len(notice.flaws)))))
    if len(notice.flaws) == 1:
        flaws += _flaw_parameters(notice.flaws[0])
    elif notice.flaws:
        flaws.append(("severity", str(max(flaw.severity for flaw in notice.flaws))))
    if notice.image:
        flaws.append(("image", shortened(notice.image.digest, 80)))
        flaws += [("name", shortened(name, _VALUE)) for name in notice.image.names[:1]]
    if notice.data_as_of:
        flaws.append(("dataAsOf", shortened(notice.data_as_of, _VALUE)))
    if len(notice.flaws) > 1:
        flaws += [("flaw", shortened(f.id, _VALUE)) for f in notice.flaws]
    return flaws


def _flaw_parameters(flaw: FoundFlaw) -> list[tuple[str, str]]:
    said = [
        ("flaw", shortened(flaw.id, _VALUE)),
        ("severity", str(flaw.severity)),
        ("urgency", str(flaw.urgency)),
        ("images", str(flaw.images_total)),
        ("running", str(flaw.running_total)),
    ]
    if flaw.exploited_since:
        said.append(("exploitedSince", shortened(flaw.exploited_since, _VALUE)))
    if flaw.score is not None:
        said.append(("score", f"{flaw.score:.1f}"))
    if flaw.epss is not None:
        said.append(("epss", f"{flaw.epss:.5f}"))
    packages = [f"{package.name} {package.installed}" for package in flaw.packages[:_NAMES]]
    said += [("package", shortened(package, _VALUE)) for package in packages]
    return said + [("image", shortened(image.digest, 80)) for image in flaw.images[:_NAMES]]


def _line(notice: Notice) -> str:
    """Return what a person reads, in one line."""
    said = [wording.headline(notice)]
    said += [clipped(notice.note, 400)] if notice.note else []
    if len(notice.flaws) == 1:
        flaw = notice.flaws[0]
        said += [clipped(flaw.summary, 300)] if flaw.summary else []
        said += [clipped(flaw.reason, 300)] if flaw.reason else []
        said += [wording.package_line(p, notice.kind) for p in flaw.packages[:_NAMES]]
        images = [wording.image_name(image) for image in flaw.images[:_NAMES]]
        said += [f"images: {', '.join(images)}"] if images else []
    else:
        said += [wording.name(flaw) for flaw in notice.flaws[:20]]
    return "; ".join(said)
