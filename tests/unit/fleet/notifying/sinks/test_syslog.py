import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import DeliveryFailed
from seawall.fleet.notifying import Notice, NoticeKind
from seawall.fleet.notifying.settings import SyslogSettings
from seawall.fleet.notifying.sinks.syslog import SD_ID, Syslog, message, timestamp, value
from seawall.model import Severity
from tests.unit.fleet.notifying import samples
from tests.unit.fleet.notifying.receivers import syslog
from tests.unit.fleet.notifying.rfc5424 import parse
from tests.unit.fleet.notifying.samples import AT, HOSTILE, brought, flaw, notice


@given(samples.notices, st.integers(0, 23), st.text(), st.sampled_from([480, 2048, 8192]))
def test_every_notice_is_one_message_of_the_rfc_within_its_limit(
    notice: Notice, facility: int, host: str, limit: int
) -> None:
    raw = message(notice, facility, host, limit)
    assert len(raw) <= limit
    parsed = parse(raw)
    assert (parsed.facility, parsed.app) == (facility, "seawall")
    assert parsed.msgid == notice.kind.value.upper()
    assert parsed.text
    assert parsed.text.isprintable()
    if len(host) < 100:
        assert dict(parsed.data[SD_ID])["id"] == notice.id


def test_programs_find_what_they_want() -> None:
    parsed = parse(message(notice(), 4, "host.example", 2048))
    assert (parsed.severity, parsed.timestamp, parsed.host) == (2, AT, "host.example")
    assert parsed.data["origin"][0] == ("software", "seawall")
    data = parsed.data[SD_ID]
    wanted = {
        "kind": "new", "flaw": "CVE-2026-31337", "severity": "critical", "images": "12",
        "running": "3", "exploitedSince": "2026-11-20", "score": "9.8", "epss": "0.43218",
    }  # fmt: skip
    assert wanted.items() <= dict(data).items()
    assert [text for name, text in data if name == "package"] == [
        "libssl3 3.0.11-1~deb12u2",
        "openssl 3.0.11-1~deb12u2",
    ]
    assert parsed.text.startswith("CVE-2026-31337 (critical, exploited) found in 12 images")


@given(st.text() | st.just(HOSTILE))
def test_values_are_read_back_as_they_were_shown(text: str) -> None:
    raw = f'<34>1 - - a - b [x@1 n="{value(text)}"] '.encode("utf-8", "replace") + b"\xef\xbb\xbf"
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    assert parse(raw).data["x@1"] == [("n", shown)]


@pytest.mark.parametrize(
    ("severity", "kind", "expected"),
    [
        (Severity.CRITICAL, NoticeKind.NEW, 2),
        (Severity.HIGH, NoticeKind.NEW, 3),
        (Severity.MEDIUM, NoticeKind.IMAGE, 4),
        (Severity.LOW, NoticeKind.NEW, 5),
        (Severity.UNKNOWN, NoticeKind.INDICATOR, 5),
        (Severity.CRITICAL, NoticeKind.RESOLVED, 6),
    ],
)
def test_the_severity_is_in_the_priority(
    severity: Severity, kind: NoticeKind, expected: int
) -> None:
    raw = message(notice(flaw(severity=severity), kind=kind), 23, "h", 2048)
    assert parse(raw).severity == expected
    assert raw.startswith(b"<%d>1 " % (23 * 8 + expected))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-22T09:30:00Z", "2026-11-22T09:30:00Z"),
        ("2026-11-22T10:30:00.5+01:00", "2026-11-22T09:30:00.500000Z"),
        ("2026-11-22T09:30:00", "2026-11-22T09:30:00Z"),
        ("yesterday", "-"),
        ("0001-01-01T00:00:00+14:00", "-"),
    ],
)
def test_times_are_utc_or_none(at: str, expected: str) -> None:
    assert timestamp(at) == expected


def test_a_long_notice_is_cut_behind_a_letter_and_keeps_its_structure() -> None:
    long = notice(flaw("é" * 500, summary="é" * 3000), note="é" * 3000)
    raw = message(long, 4, "h", 1001)
    assert 999 <= len(raw) <= 1001
    assert parse(raw).text.endswith("…")


@pytest.mark.parametrize("transport", ["udp", "unix"])
def test_a_datagram_is_one_message(transport: str, tmp_path: Path) -> None:
    path = str(tmp_path / "log") if transport == "unix" else ""
    with syslog(socket.SOCK_DGRAM, path=path) as receiver:
        settings = (
            SyslogSettings("siem", "unix", path=Path(path))
            if path
            else SyslogSettings("siem", "udp", "127.0.0.1", receiver.port)
        )
        sink = Syslog(settings)
        for sent in (notice(), brought(50)):
            sink.send(sent)
            raw = receiver.take()
            assert len(raw) <= (8192 if path else 2048)
            assert dict(parse(raw).data[SD_ID])["id"] == sent.id


def test_over_tcp_octets_are_counted() -> None:
    with syslog(socket.SOCK_STREAM) as receiver:
        sink = Syslog(SyslogSettings("siem", "tcp", "127.0.0.1", receiver.port, facility=13))
        for sent in (notice(flaw(summary="é\n7 <13>1 ")), brought()):
            sink.send(sent)
            parsed = parse(receiver.take())
            assert parsed.facility == 13
            assert dict(parsed.data[SD_ID])["id"] == sent.id


def test_a_receiver_that_throws_the_connection_away_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        import struct
        import threading

        def reset() -> None:
            connection, _ = server.accept()
            linger = struct.pack("ii", 1, 0)  # closing resets the connection
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.close()

        thread = threading.Thread(target=reset)
        thread.start()
        with pytest.raises(DeliveryFailed, match=r"reset|not connected|Broken pipe"):
            Syslog(SyslogSettings("siem", "tcp", "127.0.0.1", server.getsockname()[1])).send(
                notice()
            )
        thread.join()


@pytest.mark.parametrize(
    "settings",
    [
        SyslogSettings("siem", "tcp", "127.0.0.1", 1),
        SyslogSettings("siem", "udp", "no-such-host.invalid", 514),
        SyslogSettings("siem", "unix", path=Path("/no/such/socket")),
        SyslogSettings("siem", "tls", "127.0.0.1", 1, ca_file=Path("/no/such/file")),
    ],
    ids=lambda settings: settings.transport,
)
def test_nobody_there_is_tried_again(settings: SyslogSettings) -> None:
    with pytest.raises(DeliveryFailed):
        Syslog(settings).send(notice())
