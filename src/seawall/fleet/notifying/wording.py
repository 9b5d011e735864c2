"""The words that mail, chat and syslog share: one line that says it all, and the lines below it.

All texts are `visible`: whatever an image or an advisory holds, a line stays one line.
"""

import re
from datetime import UTC, datetime

from seawall.fleet.notifying.notice import (
    AffectedImage,
    Because,
    FoundFlaw,
    FoundPackage,
    Notice,
    NoticeKind,
)
from seawall.inventory.sbom.columns import shortened
from seawall.inventory.sbom.identity import count_of
from seawall.model import Severity
from seawall.scanning.reports.wording import advisory_page

_VERBS = {
    NoticeKind.NEW: "found",
    NoticeKind.IMAGE: "found",
    NoticeKind.RESOLVED: "resolved",
    NoticeKind.INDICATOR: "seen",
}
_BRINGS = {
    Because.NEW: "brings",
    Because.BACK: "is back with",
    Because.STARTED: "now runs with",
}
_DONE = frozenset((NoticeKind.RESOLVED, NoticeKind.INDICATOR))  # an update is not what they want
_ADVISORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/~+-]{0,119}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHORT = 120  # cells of one name in a line with others
_LIKELY = 0.01  # an EPSS worth a word, as in reports


def headline(notice: Notice) -> str:
    """Return what the notice says in one line, without a mark in front."""
    match notice.kind:
        case NoticeKind.TEST:
            return "Test notice"
        case NoticeKind.IMAGE if notice.image is not None:
            verb = _BRINGS[notice.because]
            return f"{image_name(notice.image)} {verb} {count(notice)} {worst(notice)}".rstrip()
    verb = _VERBS[notice.kind]
    if len(notice.flaws) != 1 or notice.flaws_total > 1:
        return f"{count(notice)} {verb} {worst(notice)}".rstrip()
    flaw = notice.flaws[0]
    said = [name(flaw), mark(flaw), f"{verb} in {whereabouts(flaw)}"]
    return " ".join(filter(None, said))


def name(flaw: FoundFlaw) -> str:
    """Return a flaw's id, ready to be shown."""
    return shortened(flaw.id, _SHORT)


def mark(flaw: FoundFlaw) -> str:
    """Return ``(critical, exploited)``; empty for what has no severity and is not exploited."""
    words = [str(flaw.severity)] if flaw.severity is not Severity.UNKNOWN else []
    words += ["exploited"] if flaw.exploited_since else []
    return f"({', '.join(words)})" if words else ""


def count(notice: Notice) -> str:
    """Return ``53 flaws``."""
    noun = "indicator" if notice.kind is NoticeKind.INDICATOR else "flaw"
    return count_of(max(notice.flaws_total, len(notice.flaws)), noun)


def worst(notice: Notice) -> str:
    """Return ``(worst critical, 2 exploited)``; empty where neither is known."""
    severity = max((flaw.severity for flaw in notice.flaws), default=Severity.UNKNOWN)
    said = [f"worst {severity}"] if severity is not Severity.UNKNOWN else []
    if known := sum(bool(flaw.exploited_since) for flaw in notice.flaws):
        said.append(f"{known} exploited")
    return f"({', '.join(said)})" if said else ""


def whereabouts(flaw: FoundFlaw) -> str:
    """Return ``12 images, 3 of them running``."""
    images = count_of(flaw.images_total, "image", "images")
    if not flaw.running_total:
        return images
    if flaw.running_total == flaw.images_total:
        return f"{images}, {'running' if flaw.images_total == 1 else 'all running'}"
    return f"{images}, {flaw.running_total} of them running"


def ratings(flaw: FoundFlaw, kind: NoticeKind) -> list[str]:
    """Return what is known of how pressing it is, the most telling first; nothing may be known."""
    said = [exploited(flaw)] if flaw.exploited_since else []
    if flaw.severity is not Severity.UNKNOWN:
        said.append(str(flaw.severity))
    elif kind is not NoticeKind.INDICATOR:
        said.append("not rated")
    if kind not in _DONE:
        said.append(str(flaw.urgency))
    if flaw.score is not None:
        said.append(f"CVSS {flaw.score:.1f}")
    if flaw.epss is not None and flaw.epss >= _LIKELY:
        said.append(f"EPSS {flaw.epss * 100:.0f} %")
    return said


def exploited(flaw: FoundFlaw) -> str:
    """Return ``exploited since 2026-11-20``, for what is exploited; only a date is repeated."""
    is_date = _DATE.fullmatch(flaw.exploited_since)
    return f"exploited since {flaw.exploited_since}" if is_date else "exploited"


def page_of(flaw: FoundFlaw, kind: NoticeKind) -> str:
    """Return the address of a page about it, a valid URI; empty for what can have none."""
    if kind is NoticeKind.INDICATOR or not _ADVISORY.fullmatch(flaw.id):
        return ""
    return advisory_page(flaw.id)


def when(at: str) -> str:
    """Return a time for people: ``2026-11-22 09:29 UTC``."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return shortened(at, 40)
    if moment.tzinfo is None:
        return f"{moment:%Y-%m-%d %H:%M}"
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return shortened(at, 40)
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def package_line(package: FoundPackage, kind: NoticeKind) -> str:
    """Return ``libssl3 3.0.11 → 3.0.13``, or ``libssl3 3.0.11, no fix yet``.

    Where there is nothing to mend, only which package it is.
    """
    text = shortened(f"{package.name} {package.installed}".strip(), _SHORT)
    if kind in _DONE:
        return text
    if not package.fixed_in:
        return f"{text}, no fix yet"
    return f"{text} → {shortened(package.fixed_in, _SHORT)}"


def image_name(image: AffectedImage) -> str:
    """Return an image's first name, or the beginning of its digest."""
    return shortened(image.names[0], _SHORT) if image.names else short_digest(image)


def short_digest(image: AffectedImage) -> str:
    """Return twelve digits of a digest, as Docker shows it."""
    return shortened(image.digest.removeprefix("sha256:")[:12], 12)


def containers(image: AffectedImage) -> str:
    """Return ``running as web-1, web-2``; empty for what does not run."""
    if not image.running:
        return ""
    shown = [shortened(container, 60) for container in image.running[:5]]
    more = len(image.running) - len(shown)
    return f"running as {', '.join(shown)}" + (f" and {more} more" if more else "")


def more(total: int, shown: int, one: str, several: str) -> str:
    """Return ``and 38 more images``; empty where nothing is left out."""
    rest = total - shown
    return f"and {rest} more {one if rest == 1 else several}" if rest > 0 else ""
