import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
from hypothesis import given

from seawall.errors import DeliveryFailed, DeliveryRefused
from seawall.fleet.notifying import Notice, NoticeKind
from seawall.fleet.notifying.settings import EmailSettings
from seawall.fleet.notifying.sinks.email import Email, message, page, text_lines
from tests.unit.fleet.notifying import samples
from tests.unit.fleet.notifying.receivers import SmtpReceiver, serving
from tests.unit.fleet.notifying.samples import HOSTILE, brought, flaw, notice

SENDER, TO = "seawall@corp.example", ("soc@corp.example", "on-call@corp.example")
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Seawall-Delivery",
    "MIME-Version", "Content-Type",
]  # fmt: skip

KNOWN_TAGS = {
    "html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "table", "tbody", "tr", "td",
    "br", "a", "strong", "span",
}  # fmt: skip


def settings(port: int = 25) -> EmailSettings:
    return EmailSettings("mail", "127.0.0.1", port, "none", SENDER, TO)


@pytest.fixture
def receiver() -> Iterator[SmtpReceiver]:
    server = SmtpReceiver()
    with serving(server):
        yield server


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}


@given(samples.notices)
def test_no_notice_adds_a_header_a_line_or_a_tag(notice: Notice) -> None:
    mail = message_from_bytes(message(notice, settings()).as_bytes(), policy=policy.default)
    assert mail.keys() == HEADERS
    assert mail["From"] == f"Seawall <{SENDER}>"
    assert mail["To"] == ", ".join(TO)
    assert mail["Message-ID"] == f"<{notice.id}@corp.example>"
    assert str(mail["Subject"]).isprintable()
    assert all(line.isprintable() for line in text_lines(notice))
    tags = Tags()
    tags.feed("".join(page(notice)))
    assert tags.tags <= KNOWN_TAGS
    assert tags.attributes <= {"lang", "charset", "name", "content", "style", "href"}
    assert all(re.match(r"https://(nvd\.nist\.gov|osv\.dev)/", link) for link in tags.links)


def test_both_parts_arrive_and_say_the_same(receiver: SmtpReceiver) -> None:
    Email(settings(receiver.port)).send(notice())
    [letter] = receiver.letters
    assert (letter.sender, letter.recipients) == (SENDER, list(TO))
    mail = letter.message
    assert mail["Subject"] == (
        "[Seawall] CVE-2026-31337 (critical, exploited) found in 12 images, 3 of them running"
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Sun, 22 Nov 2026 09:29:58 +0000"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    for words in ("libssl3 3.0.11-1~deb12u2 → 3.0.13-1~deb12u1", "running as web-1, web-2"):
        assert words in text.get_content()
        assert words in html.get_content()


def test_the_same_notice_has_the_same_message_id(receiver: SmtpReceiver) -> None:
    Email(settings(receiver.port)).send(brought())
    Email(settings(receiver.port)).send(brought())
    one, two = receiver.letters
    assert one.message["Message-ID"] == two.message["Message-ID"]


def test_lines_that_begin_with_a_dot_arrive_as_they_are(receiver: SmtpReceiver) -> None:
    Email(settings(receiver.port)).send(notice(flaw(), note="."))
    text = receiver.letters[0].message.get_body(("plain",))
    assert text is not None
    assert "." in text.get_content().splitlines()


def test_hostile_text_stays_text(receiver: SmtpReceiver) -> None:
    hostile = notice(flaw(HOSTILE, summary=HOSTILE), note=HOSTILE, kind=NoticeKind.RESOLVED)
    Email(settings(receiver.port)).send(hostile)
    [letter] = receiver.letters
    assert letter.recipients == list(TO)
    assert letter.message["Bcc"] is None
    html = letter.message.get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;&amp;amp;" in html.get_content()


@pytest.mark.parametrize(
    ("verb", "reply", "error"),
    [
        ("MAIL", "550 not you", DeliveryRefused),
        ("MAIL", "451 later", DeliveryFailed),
        ("RCPT", "451 later", DeliveryRefused),  # the other recipient has it: not again
        ("RCPT", "550 no such user", DeliveryRefused),
        ("DATA", "554 spam", DeliveryRefused),
        ("DATA", "452 full", DeliveryFailed),
        ("EHLO", "421 overloaded", DeliveryFailed),
    ],
)
def test_what_a_server_says_decides_whether_to_try_again(
    receiver: SmtpReceiver, verb: str, reply: str, error: type[Exception]
) -> None:
    receiver.replies[verb] = [reply, reply] if verb == "EHLO" else [reply]
    if verb == "EHLO":
        receiver.replies["HELO"] = [reply]
    with pytest.raises(error, match=f"127.0.0.1:{receiver.port}"):
        Email(settings(receiver.port)).send(notice())


@pytest.mark.parametrize(
    ("reply", "error"), [("451 a", DeliveryFailed), ("550 b", DeliveryRefused)]
)
def test_a_mail_that_no_recipient_gets_is_none(
    receiver: SmtpReceiver, reply: str, error: type[Exception]
) -> None:
    receiver.replies["RCPT"] = [reply, reply]
    with pytest.raises(error, match="every recipient"):
        Email(settings(receiver.port)).send(notice())
    assert not receiver.letters


def test_a_farewell_that_fails_is_no_failure(receiver: SmtpReceiver) -> None:
    receiver.replies["QUIT"] = ["421 going down"]
    Email(settings(receiver.port)).send(notice())
    assert len(receiver.letters) == 1


def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(DeliveryFailed, match="Connection refused"):
        Email(settings(1)).send(notice())


def test_a_login_goes_only_where_tls_is(receiver: SmtpReceiver) -> None:
    wanted = EmailSettings("mail", "127.0.0.1", receiver.port, "starttls", SENDER, TO)
    with pytest.raises(DeliveryFailed, match="STARTTLS"):
        Email(wanted).send(notice())
    assert not receiver.letters
