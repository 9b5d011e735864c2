"""Notices on their whole way: from the outbox over TLS to real receivers, and through kill -9."""

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from seawall.errors import DeliveryFailed
from seawall.fleet.notifying import Notice, Post, Recipient, decode, open_sink
from seawall.fleet.notifying.notice import bounded
from seawall.fleet.notifying.settings import (
    EmailSettings,
    FileSettings,
    SinkSettings,
    SlackSettings,
    StdoutSettings,
    SyslogSettings,
    WebhookSettings,
)
from seawall.fleet.notifying.sinks.syslog import SD_ID
from seawall.fleet.notifying.sinks.webhook import signature
from seawall.settings.secret import Secret
from tests.unit.fleet.notifying.outbox import MemoryOutbox
from tests.unit.fleet.notifying.receivers import HttpReceiver, SmtpReceiver, serving, syslog
from tests.unit.fleet.notifying.rfc5424 import parse
from tests.unit.fleet.notifying.samples import NOW, brought, flaw, notice

FROM, TO = "seawall@corp.example", ("soc@corp.example",)


@dataclass(frozen=True)
class Certificates:
    """One for 127.0.0.1 that signs itself, and another that nobody trusts."""

    trusted: Path
    other: Path
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("own", "other"):
        command = (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
            f"-keyout {name}.key -out {name}.crt -subj /CN=receiver "
            "-addext subjectAltName=IP:127.0.0.1"
        )
        try:
            subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("needs openssl")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.crt", folder / "own.key")
    return Certificates(folder / "own.crt", folder / "other.crt", context)


@pytest.fixture
def https(certificates: Certificates) -> Iterator[HttpReceiver]:
    server = HttpReceiver(certificates.context)
    with serving(server):
        yield server


def test_a_webhook_over_tls_reaches_only_whom_its_authority_vouches_for(
    https: HttpReceiver, certificates: Certificates
) -> None:
    open_sink(WebhookSettings("soc", https.url(), ca_file=certificates.trusted)).send(notice())
    assert decode(https.got[0].body) == bounded(notice())
    for ca_file in (certificates.other, None):
        with pytest.raises(DeliveryFailed, match="certificate"):
            open_sink(WebhookSettings("soc", https.url(), ca_file=ca_file)).send(notice())
    wrong_name = https.url().replace("127.0.0.1", "localhost")
    with pytest.raises(DeliveryFailed, match="localhost"):
        open_sink(WebhookSettings("soc", wrong_name, ca_file=certificates.trusted)).send(notice())
    assert len(https.got) == 1


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_mail_goes_and_logs_in_over_tls_alone(
    encryption: Literal["starttls", "tls"], certificates: Certificates, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("p4ss wörd\n")
    server = SmtpReceiver(certificates.context, implicit=encryption == "tls")
    with serving(server):

        def sink(ca_file: Path) -> EmailSettings:
            return EmailSettings(
                "mail", "127.0.0.1", server.port, encryption, FROM, TO, "ada",
                Secret(tmp_path / "password"), ca_file,
            )  # fmt: skip

        with pytest.raises(DeliveryFailed, match=r"certificate|CERTIFICATE"):
            open_sink(sink(certificates.other)).send(notice())
        with pytest.raises(DeliveryFailed, match="not ASCII") as caught:
            open_sink(sink(certificates.trusted)).send(notice())
        assert "\\xf6" not in str(caught.value)
        assert not server.letters
        (tmp_path / "password").write_text("p4ss word\n")
        open_sink(sink(certificates.trusted)).send(notice())
    [letter] = server.letters
    assert letter.encrypted
    assert base64.b64decode(letter.login) == b"\0ada\0p4ss word"


def test_a_password_that_a_server_does_not_take_is_tried_again(
    certificates: Certificates, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("s3cret")
    server = SmtpReceiver(certificates.context)
    server.replies["AUTH"] = ["535 no", "535 no"]
    with serving(server):
        settings = EmailSettings(
            "mail", "127.0.0.1", server.port, "starttls", FROM, TO, "ada",
            Secret(tmp_path / "password"), certificates.trusted,
        )  # fmt: skip
        with pytest.raises(DeliveryFailed, match="login") as caught:
            open_sink(settings).send(notice())
    assert "s3cret" not in str(caught.value)


def test_syslog_over_tls_counts_octets_and_checks_the_certificate(
    certificates: Certificates,
) -> None:
    with syslog(socket.SOCK_STREAM, certificates.context) as receiver:

        def sink(ca_file: Path) -> SyslogSettings:
            return SyslogSettings("siem", "tls", "127.0.0.1", receiver.port, ca_file=ca_file)

        open_sink(sink(certificates.trusted)).send(brought(9))
        assert dict(parse(receiver.take()).data[SD_ID])["id"] == brought(9).id
        with pytest.raises(DeliveryFailed, match=r"certificate|CERTIFICATE"):
            open_sink(sink(certificates.other)).send(notice())
        assert len(receiver.frames) == 1


def test_all_kinds_of_sinks_tell_the_same_and_recover_from_faults(
    https: HttpReceiver,
    certificates: Certificates,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key, url, log = tmp_path / "key", tmp_path / "url", tmp_path / "notices.jsonl"
    mail, chat = SmtpReceiver(), HttpReceiver()
    with ExitStack() as held:
        held.enter_context(serving(mail))
        held.enter_context(serving(chat))
        siem = held.enter_context(syslog(socket.SOCK_STREAM))
        key.write_text("key")
        url.write_text(chat.url())
        configured: list[SinkSettings] = [
            WebhookSettings("webhook", https.url(), Secret(key), certificates.trusted),
            SlackSettings("slack", Secret(url)),
            EmailSettings("email", "127.0.0.1", mail.port, "none", FROM, TO),
            SyslogSettings("syslog", "tcp", "127.0.0.1", siem.port),
            StdoutSettings("stdout"),
            FileSettings("file", log),
        ]
        names = [settings.name for settings in configured]
        notices = [notice(), brought(), notice(flaw("CVE-2026-9"))]
        outbox = MemoryOutbox(notices, names)
        recipients = [Recipient(open_sink(s), s.filter) for s in configured]
        service = Post(outbox, recipients, tmp_path / "state", jitter=lambda: 0.5)

        https.answers = [(503, {"Retry-After": "40"})]
        chat.answers = [(404, {})]
        mail.replies["DATA"] = ["451 greylisted"]
        first = service.deliver(NOW)
        assert {name for name in names if first.sinks[name].failed} == {"webhook", "email"}
        assert first.sinks["slack"].dead == 1
        second = service.deliver(NOW + timedelta(seconds=41))
        assert second.is_clean

        ids = sorted(one.id for one in notices)
        done = [r.headers for r in https.got]
        assert sorted({h["Seawall-Delivery"] for h in done}) == ids
        for request in https.got:
            signed = signature("key", request.headers["Seawall-Timestamp"], request.body)
            assert request.headers["Seawall-Signature"] == f"v1={signed}"
        letters = [letter.message["Seawall-Delivery"] for letter in mail.letters]
        assert sorted(letters) == ids
        siem.take()
        assert sorted(dict(parse(f).data[SD_ID])["id"] for f in siem.frames) == ids
        printed = capsys.readouterr().out.splitlines()
        assert sorted(decode(line.encode()).id for line in printed) == ids
        assert sorted(decode(line).id for line in log.read_bytes().splitlines()) == ids
        letter = json.loads((tmp_path / "state/dead-letters-slack.jsonl").read_text())
        assert sorted({r.headers["Seawall-Delivery"] for r in chat.got}) == ids
        assert letter["id"] in ids
        assert "404" in letter["error"]


_SERVICE = """
import json, sys
from pathlib import Path
from seawall.fleet.notifying import Post, Recipient, open_sink
from seawall.fleet.notifying.settings import FileSettings, WebhookSettings
from tests.integration.test_notifications import JournalOutbox
from tests.unit.fleet.notifying.samples import NOW

state, url = Path(sys.argv[1]), sys.argv[2]
sinks = [FileSettings("file", state / "notices.jsonl"), WebhookSettings("hook", url)]
recipients = [Recipient(open_sink(s)) for s in sinks if s.name in sys.argv[4:]]
Post(JournalOutbox(state / "journal", int(sys.argv[3])), recipients, state).deliver(NOW)
"""


def many() -> list[Notice]:
    return [notice(flaw(f"CVE-2026-{n}")) for n in range(60)]


class JournalOutbox(MemoryOutbox):
    """An outbox of one process at a time that is on the disk: a journal of what happened.

    It kills its process when something is done for the `fatal`-th time, before it notes that.
    """

    def __init__(self, path: Path, fatal: int) -> None:
        super().__init__(many(), ("file", "hook"))
        for line in path.read_text().splitlines() if path.exists() else ():
            method, sink, content = json.loads(line)
            if method == "assign":
                super().assign(sink, content)
            else:
                super().done(sink, content)
        self._file, self._fatal = path.open("a"), fatal

    def assign(self, sink: str, messages: Mapping[str, str]) -> None:
        self._note("assign", sink, dict(messages))
        super().assign(sink, messages)

    def done(self, sink: str, ids: Collection[str]) -> None:
        self._fatal -= 1
        if self._fatal == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._note("done", sink, list(ids))
        super().done(sink, ids)

    def _note(self, method: str, sink: str, content: object) -> None:
        self._file.write(json.dumps([method, sink, content]) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def test_killed_again_and_again_nothing_is_lost_and_a_repetition_is_known_by_its_id(
    tmp_path: Path,
) -> None:
    server = HttpReceiver()
    with serving(server):
        root = Path(__file__).parents[2]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        runs = [(1, "file"), (1, "hook"), (4, "file"), (3, "hook"), (9, "file"), (8, "hook")]
        for fatal, *names in [*runs, (0, "file", "hook")]:
            service = [sys.executable, "-c", _SERVICE]
            command = [*service, str(tmp_path), server.url(), str(fatal), *map(str, names)]
            process = subprocess.run(
                command, cwd=root, env=environment, stdout=subprocess.PIPE, check=False
            )
            assert process.returncode == (-signal.SIGKILL if fatal else 0)
    wanted = {one.flaws[0].id for one in many()}
    # The file has each once, whatever happened.
    lines = [decode(line) for line in (tmp_path / "notices.jsonl").read_bytes().splitlines()]
    assert len({one.id for one in lines}) == len(lines) == 21
    assert {f.id for one in lines for f in one.flaws} == wanted
    # The webhook got some again: with the same id, and the same content.
    assert len(server.got) > 21
    bodies: dict[str, bytes] = {}
    for request in server.got:
        known = bodies.setdefault(request.headers["Seawall-Delivery"], request.body)
        assert known == request.body
    assert len(bodies) == 21
    assert sorted(f.id for body in bodies.values() for f in decode(body).flaws) == sorted(wanted)
