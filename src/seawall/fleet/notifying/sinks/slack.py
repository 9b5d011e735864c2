"""Notices as Slack messages: blocks, and a text for what knows no blocks (Mattermost and others).

Sources: Slack's developer pages "Block Kit reference" (header 150, section 3000 letters, 50 blocks
a message) and "Formatting text for app surfaces" (``&``, ``<`` and ``>`` are escaped, and nothing
but ``<…>`` mentions or links). Text that comes from elsewhere stands between backticks or in
``plain_text``, where no markup counts, and receivers that take ``@channel`` at its word find the
word broken.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from seawall.errors import DeliveryFailed, UsageError
from seawall.fleet.notifying import wording
from seawall.fleet.notifying.notice import AffectedImage, FoundFlaw, Notice, NoticeKind
from seawall.fleet.notifying.settings import SlackSettings
from seawall.fleet.notifying.sinks.http_post import post
from seawall.inventory.sbom.columns import clipped, visible

_HEADER, _SECTION = 150, 3000  # letters
_FLAWS = 10  # with lines of their own in a notice of several
_PACKAGES, _IMAGES = 8, 8
_SUMMARY = 400  # letters
_MENTION = re.compile(r"@(?=\s*(?:all|channel|everyone|group|here)\b)", re.IGNORECASE)
_BROKEN = "@\u2060"  # a word joiner: it is not seen, and the word is none any more

Block = dict[str, Any]


class Slack:
    """POSTs each notice to an incoming webhook."""

    def __init__(self, settings: SlackSettings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self._settings.name

    def send(self, notice: Notice) -> None:
        """Send a notice: see `Sink`."""
        try:
            url = self._settings.url.value()
        except UsageError as error:  # somebody may put it there any moment
            raise DeliveryFailed(str(error)) from error
        body = msgspec.json.encode(message(notice))
        headers = {"Content-Type": "application/json", "Seawall-Delivery": notice.id}
        post(url, body, headers, self._settings.ca_file)


def message(notice: Notice) -> dict[str, Any]:
    """Return what Slack wants to get: ``text`` and ``blocks``, within its limits."""
    blocks = [_header(_marked(notice))]
    if notice.note:
        blocks.append(_plain(notice.note))
    if len(notice.flaws) == 1:
        blocks += _whole(notice.flaws[0], notice.kind)
    elif notice.flaws:
        blocks.append(_section(_line(flaw, notice.kind) for flaw in notice.flaws[:_FLAWS]))
        total = max(notice.flaws_total, len(notice.flaws))
        if rest := wording.more(total, min(len(notice.flaws), _FLAWS), "flaw", "flaws"):
            blocks.append(_context([rest]))
    if notice.image:
        blocks.append(_section(["*Image*", _image(notice.image)]))
    ages = [f"advisories as of {wording.when(notice.data_as_of)}"] if notice.data_as_of else []
    blocks.append(_context(["Seawall", wording.when(notice.at), *ages]))
    return {"text": _fallback(notice), "blocks": blocks}


def escaped(text: str) -> str:
    """Return text that Slack shows as it is, mentions nobody, and stays on its line."""
    text = _MENTION.sub(_BROKEN, visible(text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """Return `escaped` text between backticks, in which no markup counts."""
    return "`" + escaped(text).replace("`", "'") + "`" if text else ""


def _fallback(notice: Notice) -> str:
    lines = [_clip(f"*Seawall:* {code(_marked(notice))}", _SECTION)]
    lines += [code(clipped(notice.note, _SUMMARY))] if notice.note else []
    if len(notice.flaws) == 1:
        flaw, kind = notice.flaws[0], notice.kind
        lines.append(" · ".join([_link(flaw, kind), *map(escaped, wording.ratings(flaw, kind))]))
        lines += [code(clipped(flaw.summary, _SUMMARY)), code(clipped(flaw.reason, _SUMMARY))]
        lines += [f"• {code(wording.package_line(p, kind))}" for p in flaw.packages[:_PACKAGES]]
        lines += [f"• {_image(image)}" for image in flaw.images[:_IMAGES]]
    else:
        lines += [_line(flaw, notice.kind) for flaw in notice.flaws[:_FLAWS]]
    lines += [f"• {_image(notice.image)}"] if notice.image else []
    return "\n".join(_fitting(filter(None, lines), _SECTION))


def _whole(flaw: FoundFlaw, kind: NoticeKind) -> list[Block]:
    facts = " · ".join([_link(flaw, kind), *map(escaped, wording.ratings(flaw, kind))])
    blocks = [_section([facts, _words("also", flaw.aliases)])]
    if flaw.summary:
        blocks.append(_plain(clipped(flaw.summary, _SUMMARY)))
    if flaw.reason:
        blocks.append(_plain(clipped(flaw.reason, _SUMMARY)))
    if flaw.packages:
        shown = flaw.packages[:_PACKAGES]
        lines = [f"• {code(wording.package_line(package, kind))}" for package in shown]
        left = wording.more(flaw.packages_total, len(shown), "package", "packages")
        blocks.append(_section(["*Packages*", *lines, left]))
    if flaw.images:
        images = flaw.images[:_IMAGES]
        lines = [f"• {_image(image)}" for image in images]
        left = wording.more(flaw.images_total, len(images), "image", "images")
        blocks.append(_section([f"*{escaped(wording.whereabouts(flaw))}*", *lines, left]))
    return blocks


def _words(label: str, words: Iterable[str]) -> str:
    """Return the words, each as `code`, behind a label; empty without words."""
    shown = [code(word) for word in list(words)[:6]]
    return f"{label} {', '.join(shown)}" if shown else ""


def _line(flaw: FoundFlaw, kind: NoticeKind) -> str:
    words = [word for word in wording.ratings(flaw, kind) if word != str(flaw.urgency)]
    said = " · ".join([_link(flaw, kind), *map(escaped, words)])
    if flaw.images_total:
        said += f" · {escaped(wording.whereabouts(flaw))}"
    if flaw.packages:
        rest = len(flaw.packages) - 1
        more = f" and {rest} more" if rest else ""
        said += f" · {code(wording.package_line(flaw.packages[0], kind))}{more}"
    return f"• {said}"


def _link(flaw: FoundFlaw, kind: NoticeKind) -> str:
    page = wording.page_of(flaw, kind)  # a valid address, so without <, > and |
    return f"<{page}|{escaped(wording.name(flaw))}>" if page else code(wording.name(flaw))


def _image(image: AffectedImage) -> str:
    said = code(wording.image_name(image))
    if image.names:
        said += f" ({code(wording.short_digest(image))})"
    names = wording.containers(image)
    return f"{said} {code(names)}" if names else said


def _marked(notice: Notice) -> str:
    pressing = any(flaw.exploited_since for flaw in notice.flaws)
    mark = {NoticeKind.RESOLVED: "✔ ", NoticeKind.TEST: ""}.get(
        notice.kind, "‼ " if pressing else ""
    )
    return mark + wording.headline(notice)


def _header(text: str) -> Block:
    # In plain_text nothing is markup, and Slack wants the same three characters escaped.
    return {"type": "header", "text": _plain_text(clipped(text, _HEADER // 5 * 4), _HEADER)}


def _plain(text: str) -> Block:
    return {"type": "section", "text": _plain_text(text, _SECTION)}


def _plain_text(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": _clip(escaped(text), limit), "emoji": False}


def _section(lines: Iterable[str]) -> Block:
    text = "\n".join(_fitting([line for line in lines if line], _SECTION))
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(parts: Iterable[str]) -> Block:
    text = _clip(escaped(" · ".join(parts)), _SECTION)
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def _fitting(lines: Iterable[str], limit: int) -> Iterable[str]:
    """Yield whole lines as long as they fit: markup that is cut would not be closed."""
    left = limit
    for line in lines:
        left -= len(line) + 1
        if left < 2:
            yield "…"
            return
        yield line


def _clip(text: str, limit: int) -> str:
    """Cut `escaped` text, not within ``&amp;``."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    start = head.rfind("&", -5)
    return (head[:start] if start >= 0 and ";" not in head[start:] else head) + "…"
