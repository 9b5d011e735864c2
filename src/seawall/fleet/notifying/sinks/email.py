"""Notices as mail: text and HTML that say the same, with an id that is the notice's own.

RFC 5322 (messages), RFC 3834 (``Auto-Submitted``), SMTP with ``STARTTLS`` or TLS from the first
byte (RFC 8314). A notice sent again is the same message with the same ``Message-ID``, by which mail
programs know a copy.
"""

import re
import smtplib
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from seawall.errors import DeliveryFailed, DeliveryRefused, UsageError
from seawall.fleet.notifying import wording
from seawall.fleet.notifying.notice import AffectedImage, FoundFlaw, Notice, NoticeKind
from seawall.fleet.notifying.settings import EmailSettings
from seawall.fleet.notifying.sinks.http_post import context_for
from seawall.inventory.sbom.columns import clipped, shortened, visible
from seawall.model import Severity

_TIMEOUT_S = 30
_SUBJECT, _SUMMARY = 180, 600  # letters
_FLAWS = 50  # shown of a notice of several
_NO_HEADER = re.compile(r"[^\x21-\x7e]")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")

_GROUND, _INK, _QUIET, _LINE = "#f6f7f9", "#16202c", "#566375", "#d9dfe7"
_FONT = "-apple-system,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif"
_MONO = "ui-monospace,Menlo,Consolas,monospace"
_ACCENT = {
    Severity.CRITICAL: "#b3161f",
    Severity.HIGH: "#9a5a00",
    Severity.MEDIUM: "#0b5cad",
    Severity.LOW: "#566375",
    Severity.UNKNOWN: "#566375",
}


class Email:
    """Hands each notice to one mail server, for all recipients at once."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self._settings.name

    def send(self, notice: Notice) -> None:
        """Send a notice: see `Sink`. Some recipients refused is `DeliveryRefused`, as it says."""
        settings = self._settings
        where = f"{settings.host}:{settings.port}"
        content = message(notice, settings)
        try:
            server = self._connection()
            try:
                refused = server.send_message(content, settings.sender, settings.recipients)
            finally:
                # The mail is taken, or refused, before this: how the farewell goes is nothing.
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()
                server.close()
        except UsageError as error:  # the password; somebody may put it there any moment
            raise DeliveryFailed(str(error)) from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(where, error.recipients, "every recipient") from None
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryFailed(f"{where} does not accept the login ({_said(error)})") from None
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryFailed(f"{where}: {error}") from None
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            kind = DeliveryRefused if error.smtp_code >= 500 else DeliveryFailed
            raise kind(f"{where} does not take the message ({_said(error)})") from None
        except UnicodeError:  # its text holds a letter of what it is about, which may be a secret
            raise DeliveryFailed(f"{where}: login or addresses are not ASCII") from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise DeliveryFailed(f"{where}: no mail sent ({shortened(reason, 160)})") from None
        if refused:
            raise DeliveryRefused(str(_refusal(where, refused, "some recipients")))

    def _connection(self) -> smtplib.SMTP:
        settings = self._settings
        ours = _host_name()
        address = (settings.host, settings.port)
        if settings.encryption == "tls":
            context = context_for(settings.ca_file)
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                *address, local_hostname=ours, timeout=_TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(*address, local_hostname=ours, timeout=_TIMEOUT_S)
        try:
            if settings.encryption == "starttls":
                server.starttls(context=context_for(settings.ca_file))
            if settings.user and settings.password is not None:
                server.login(settings.user, settings.password.value())
        except BaseException:
            server.close()
            raise
        return server


def message(notice: Notice, settings: EmailSettings) -> EmailMessage:
    """Return the mail; the same notice and settings give the same mail, but for its boundary."""
    mail = EmailMessage(policy=SMTP)
    # A header is one line: the subject is visible, which spells line breaks; the addresses are
    # checked by whoever read the settings, and the library refuses line breaks in any of them.
    mail["From"] = f"Seawall <{settings.sender}>"
    mail["To"] = ", ".join(settings.recipients)
    mail["Subject"] = subject(notice)
    mail["Date"] = format_datetime(_moment(notice.at))
    domain = _NO_HEADER.sub("", settings.sender.rpartition("@")[2]) or "localhost"
    mail["Message-ID"] = f"<{_NO_HEADER.sub('', notice.id)}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Seawall-Delivery"] = _NO_HEADER.sub("", notice.id)
    mail.set_content("\n".join(text_lines(notice)) + "\n")
    mail.add_alternative("".join(page(notice)), subtype="html")
    return mail


def subject(notice: Notice) -> str:
    """Return the subject: one line, and short."""
    return clipped(f"[Seawall] {wording.headline(notice)}", _SUBJECT)


def text_lines(notice: Notice) -> Iterator[str]:
    """Yield the lines of the text part."""
    kind = notice.kind
    yield wording.headline(notice)
    if notice.note:
        yield from ("", visible(notice.note))
    if len(notice.flaws) == 1:
        yield from _flaw_text(notice.flaws[0], notice.kind)
    elif notice.flaws:
        yield ""
        for flaw in notice.flaws[:_FLAWS]:
            said = ", ".join(wording.ratings(flaw, kind))
            yield f"* {wording.name(flaw)}" + (f": {said}" if said else "")
            if flaw.images_total:
                yield f"    {wording.whereabouts(flaw)}"
            yield from (f"    {wording.package_line(p, kind)}" for p in flaw.packages[:3])
        if rest := _more_flaws(notice):
            yield rest
    if notice.image:
        yield from ("", "Image", *_image_text(notice.image))
    yield from ("", "-- ", _footer(notice))


def _flaw_text(flaw: FoundFlaw, kind: NoticeKind) -> Iterator[str]:
    yield ""
    if ratings := wording.ratings(flaw, kind):
        yield " · ".join(ratings)
    yield from (clipped(text, _SUMMARY) for text in (flaw.summary, flaw.reason) if text)
    if page_address := wording.page_of(flaw, kind):
        yield page_address
    if flaw.aliases:
        yield f"Also known as {', '.join(map(visible, flaw.aliases))}"
    if flaw.packages:
        yield from ("", "Packages")
        yield from (f"  {wording.package_line(package, kind)}" for package in flaw.packages)
        if rest := wording.more(flaw.packages_total, len(flaw.packages), "package", "packages"):
            yield f"  {rest}"
    if flaw.images:
        yield from ("", wording.whereabouts(flaw))
        for image in flaw.images:
            yield from _image_text(image)
        if rest := wording.more(flaw.images_total, len(flaw.images), "image", "images"):
            yield f"  {rest}"


def _image_text(image: AffectedImage) -> Iterator[str]:
    names = [shortened(name, 120) for name in image.names] or [visible(image.digest)]
    yield f"  {', '.join(names)}"
    said = [wording.containers(image), visible(image.digest) if image.names else ""]
    yield from (f"    {line}" for line in said if line)


def _more_flaws(notice: Notice) -> str:
    shown = min(len(notice.flaws), _FLAWS)
    return wording.more(max(notice.flaws_total, len(notice.flaws)), shown, "flaw", "flaws")


def _footer(notice: Notice) -> str:
    said = ["Seawall", wording.when(notice.at)]
    said += [f"advisories as of {wording.when(notice.data_as_of)}"] if notice.data_as_of else []
    return " · ".join([*said, f"notice {visible(notice.id)}"])


def page(notice: Notice) -> Iterator[str]:
    """Yield the HTML part. It loads nothing; mail programs keep styles only in the elements."""
    worst = max((flaw.severity for flaw in notice.flaws), default=Severity.UNKNOWN)
    accent = "#1d7a46" if notice.kind is NoticeKind.RESOLVED else _ACCENT[worst]
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_html(wording.headline(notice))}</title></head>\n"
        f'<body style="margin:0;padding:24px 12px;background:{_GROUND};color:{_INK};'
        f'font:15px/1.5 {_FONT}">\n'
        '<div style="max-width:640px;margin:0 auto">\n'
        f'<div style="background:#fff;border:1px solid {_LINE};border-top:4px solid {accent};'
        'border-radius:8px;padding:20px 24px;overflow-wrap:anywhere">\n'
        f'<div style="font-size:12px;letter-spacing:.06em;text-transform:uppercase;color:{_QUIET}">'
        f"Seawall</div>\n"
        f'<h1 style="font-size:20px;line-height:1.3;margin:4px 0 12px">'
        f"{_html(wording.headline(notice))}</h1>\n"
    )
    if notice.note:
        yield f'<p style="margin:0 0 12px">{_html(notice.note)}</p>\n'
    if len(notice.flaws) == 1:
        yield from _flaw_html(notice.flaws[0], notice.kind)
    elif notice.flaws:
        yield '<table style="width:100%;border-collapse:collapse">\n'
        yield from _rows(notice)
        yield "</table>\n"
        if rest := _more_flaws(notice):
            yield f'<p style="margin:8px 0 0;color:{_QUIET}">{rest}</p>\n'
    if notice.image:
        yield from _list_html("Image", [_image_html(notice.image)], "")
    yield (
        f'</div>\n<p style="margin:12px 4px;font-size:12px;color:{_QUIET};overflow-wrap:anywhere">'
        f"{_html(_footer(notice))}</p>\n</div></body></html>\n"
    )


def _flaw_html(flaw: FoundFlaw, kind: NoticeKind) -> Iterator[str]:
    if ratings := _ratings_html(flaw, kind):
        yield f'<p style="margin:0 0 12px">{ratings}</p>\n'
    for text in (flaw.summary, flaw.reason):
        if text:
            yield f'<p style="margin:0 0 12px">{_html(clipped(text, _SUMMARY))}</p>\n'
    ids = [_link(flaw, kind)] if wording.page_of(flaw, kind) else []
    ids += [f"also {_html(', '.join(flaw.aliases))}"] if flaw.aliases else []
    if ids:
        yield f'<p style="margin:0;color:{_QUIET}">{" · ".join(ids)}</p>\n'
    if flaw.packages:
        rest = wording.more(flaw.packages_total, len(flaw.packages), "package", "packages")
        lines = [_code(wording.package_line(package, kind)) for package in flaw.packages]
        yield from _list_html("Packages", lines, rest)
    if flaw.images:
        rest = wording.more(flaw.images_total, len(flaw.images), "image", "images")
        images = [_image_html(image) for image in flaw.images]
        yield from _list_html(wording.whereabouts(flaw), images, rest)


def _rows(notice: Notice) -> Iterator[str]:
    kind = notice.kind
    cell = f'style="padding:8px 12px 8px 0;border-top:1px solid {_LINE};vertical-align:top"'
    for flaw in notice.flaws[:_FLAWS]:
        lines = [_code(wording.package_line(p, kind)) for p in flaw.packages[:3]]
        lines += [_html(wording.whereabouts(flaw))] if flaw.images_total else []
        yield (
            f"<tr><td {cell}>"
            + "<br>".join(filter(None, (_link(flaw, kind), _ratings_html(flaw, kind), *lines)))
            + "</td></tr>\n"
        )


def _list_html(title: str, items: list[str], rest: str) -> Iterator[str]:
    yield f'<h2 style="font-size:15px;margin:18px 0 4px">{_html(title)}</h2>\n'
    for item in items:
        yield f'<div style="padding:6px 0;border-top:1px solid {_LINE}">{item}</div>\n'
    if rest:
        style = f"padding:6px 0;border-top:1px solid {_LINE};color:{_QUIET}"
        yield f'<div style="{style}">{rest}</div>\n'


def _image_html(image: AffectedImage) -> str:
    digest = f'<span style="color:{_QUIET};font:12px {_MONO}">{_html(image.digest)}</span>'
    names = ", ".join(shortened(name, 120) for name in image.names)
    said = f"<strong>{_html(names)}</strong>" if names else digest
    if running := wording.containers(image):
        said += f'<br><span style="color:#b3161f">{_html(running)}</span>'
    return f"{said}<br>{digest}" if names else said


def _ratings_html(flaw: FoundFlaw, kind: NoticeKind) -> str:
    known = wording.ratings(flaw, kind)
    if not known:
        return ""
    first, *others = known
    accent = _ACCENT[Severity.CRITICAL if flaw.exploited_since else flaw.severity]
    said = [f'<strong style="color:{accent}">{_html(first)}</strong>', *map(_html, others)]
    return " · ".join(said)


def _link(flaw: FoundFlaw, kind: NoticeKind) -> str:
    address, name = escape(wording.page_of(flaw, kind)), _html(wording.name(flaw))
    return f'<a href="{address}" style="color:#0b5cad">{name}</a>' if address else name


def _code(text: str) -> str:
    return f'<span style="font:13px {_MONO}">{_html(text)}</span>'


def _html(text: str) -> str:
    return escape(visible(text))


def _refusal(
    where: str, refused: dict[str, tuple[int, bytes]], who: str
) -> DeliveryFailed | DeliveryRefused:
    address, (code, said) = next(iter(refused.items()))
    text = shortened(said.decode("utf-8", "replace"), 120)
    kind = DeliveryFailed if any(c < 500 for c, _ in refused.values()) else DeliveryRefused
    return kind(f"{where} refuses {who}, first {shortened(address, 80)} ({code} {text})")


def _said(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{error.smtp_code} {shortened(text, 120)}"


def _moment(at: str) -> datetime:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return datetime.now(UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _host_name() -> str:
    """Return our name without asking the network for it, which may take minutes."""
    name = socket.gethostname()
    return name if _HOST.fullmatch(name) else "localhost"
