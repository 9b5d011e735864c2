"""What is told: one notice for one advisory, or for one image, never one for each pair of both.

`encode` and `decode` turn a notice into the JSON that ``docs/notifications.md`` describes: what
the outbox keeps, and what webhooks and files get.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from seawall.model import Severity, Urgency

VERSION = 1  # of the JSON; grows when a field goes away or changes its meaning
IMAGES = 50  # of one flaw in a notice; `images_total` says how many there are
PACKAGES = 20
FLAWS = 200  # of one notice
NAMES = 20  # of one image, and containers that run it
ALIASES = 20
_LETTERS = 2000  # of one text


class NoticeKind(Enum):
    """Why there is something to tell."""

    NEW = "new"  # an advisory found images that are known
    IMAGE = "image"  # an image brings findings: it was not known, or see `Because`
    RESOLVED = "resolved"  # a finding is gone from the images it names
    INDICATOR = "indicator"  # something that a person asked about was seen in an image
    TEST = "test"  # a person wants to see a notice

    def __str__(self) -> str:
        return self.value


class Because(Enum):
    """Why an image is told."""

    NEW = ""  # it was not known
    BACK = "back"  # it was gone; the flaws are those that appeared meanwhile
    STARTED = "started"  # it did not run and now does; only for sinks that want what runs

    def __str__(self) -> str:
        return self.value


class FoundPackage(NamedTuple):
    """A package that has a flaw."""

    name: str
    installed: str  # version
    fixed_in: str = ""  # empty without a fix


@dataclass(frozen=True, slots=True)
class AffectedImage:
    """An image that has what the notice is about."""

    digest: str
    names: tuple[str, ...] = ()
    running: tuple[str, ...] = ()  # names of containers that run it now


@dataclass(frozen=True, slots=True)
class FoundFlaw:
    """One flaw and where it is. The lists may be cut; the totals are not."""

    id: str
    severity: Severity
    urgency: Urgency
    aliases: tuple[str, ...] = ()
    score: float | None = None  # CVSS base score
    exploited_since: str = ""  # date (YYYY-MM-DD) it entered CISA's KEV catalogue; else empty
    epss: float | None = None  # probability of exploitation in 30 days, 0 to 1
    summary: str = ""
    packages: tuple[FoundPackage, ...] = ()
    packages_total: int = 0
    reason: str = ""  # of what is resolved: why; of an indicator: what was seen; else what rose
    is_return: bool = False  # it was away for a few days; news only for who was told that it went
    was_epss: float | None = None  # only EPSS rose, from there; news for who has a minimum between
    images_total: int = 0
    running_total: int = 0  # how many of those images run now
    images: tuple[AffectedImage, ...] = ()  # those that run come first


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell."""

    id: str  # 32 hex digits; the same thing has the same id whenever it is told, see `identity`
    kind: NoticeKind
    at: str  # RFC 3339: when it was found
    flaws: tuple[FoundFlaw, ...] = ()  # the most pressing first
    flaws_total: int = 0  # at least
    image: AffectedImage | None = None  # of kind IMAGE: which one
    because: Because = Because.NEW  # of kind IMAGE: why
    data_as_of: str = ""  # RFC 3339: how old the advisories are
    note: str = ""  # one line in front of everything else


def identity(*parts: str) -> str:
    """Return 32 hex digits that stand for these texts in this order, and for no others."""
    state = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        state.update(len(raw).to_bytes(8, "big") + raw)
    return state.hexdigest()[:32]


def pressing(flaw: FoundFlaw) -> tuple[object, ...]:
    """Return a key that sorts flaws by what to look at first; no two ids have the same."""
    return (
        not flaw.exploited_since,
        flaw.urgency.rank,
        -flaw.severity,
        -flaw.running_total,
        -(flaw.epss or 0.0),
        -(flaw.score or 0.0),
        -flaw.images_total,
        flaw.id,
    )


def bounded(notice: Notice) -> Notice:
    """Return the notice with each list and text within its limit, and totals that are true."""
    flaws = sorted(notice.flaws, key=pressing)
    return replace(
        notice,
        flaws=tuple(_bounded_flaw(flaw) for flaw in flaws[:FLAWS]),
        flaws_total=max(notice.flaws_total, len(flaws)),
        image=notice.image and _bounded_image(notice.image),
        note=_text(notice.note),
    )


def test_notice(now: datetime) -> Notice:
    """Return what shows that a sink works; each time another one, so that none is taken for known.

    `now` has a time zone.
    """
    at = now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Notice(
        id=identity("test", at),
        kind=NoticeKind.TEST,
        at=at,
        note="This is a test: whoever reads it will also read what Seawall finds.",
    )


def _bounded_flaw(flaw: FoundFlaw) -> FoundFlaw:
    images = sorted(flaw.images, key=lambda image: not image.running)
    return replace(
        flaw,
        id=_text(flaw.id),
        aliases=_texts(flaw.aliases, ALIASES),
        summary=_text(flaw.summary),
        reason=_text(flaw.reason),
        packages=tuple(FoundPackage(*map(_text, p)) for p in flaw.packages[:PACKAGES]),
        packages_total=max(flaw.packages_total, len(flaw.packages)),
        images=tuple(_bounded_image(image) for image in images[:IMAGES]),
        images_total=max(flaw.images_total, len(images)),
        running_total=max(flaw.running_total, sum(bool(image.running) for image in images)),
    )


def _bounded_image(image: AffectedImage) -> AffectedImage:
    return AffectedImage(
        _text(image.digest), _texts(image.names, NAMES), _texts(image.running, NAMES)
    )


def _texts(texts: tuple[str, ...], limit: int) -> tuple[str, ...]:
    return tuple(map(_text, texts[:limit]))


def _text(text: str) -> str:
    """Return what UTF-8 can say of a text from an image, within the limit."""
    text = text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"
    return text.encode("utf-8", "backslashreplace").decode()


class _Package(msgspec.Struct):
    name: str
    installed: str
    fixed_in: str = ""


class _Flaw(msgspec.Struct):
    """A flaw as JSON has it. Fields that later versions add are ignored."""

    id: str
    severity: str
    urgency: Urgency
    aliases: tuple[str, ...] = ()
    score: float | None = None
    exploited_since: str = ""
    epss: float | None = None
    summary: str = ""
    packages: tuple[_Package, ...] = ()
    packages_total: int = 0
    reason: str = ""
    is_return: bool = False
    was_epss: float | None = None
    images_total: int = 0
    running_total: int = 0
    images: tuple[AffectedImage, ...] = ()


class _Document(msgspec.Struct):
    version: int
    id: str
    kind: NoticeKind
    at: str
    data_as_of: str = ""
    note: str = ""
    image: AffectedImage | None = None
    because: Because = Because.NEW
    flaws_total: int = 0
    flaws: tuple[_Flaw, ...] = ()


_DECODER = msgspec.json.Decoder(_Document)
_SEVERITIES: Mapping[str, Severity] = {str(severity): severity for severity in Severity}


def encode(notice: Notice) -> bytes:
    """Return the notice as one line of JSON, `bounded`; the same notice gives the same bytes."""
    notice = bounded(notice)
    fields = _fields(notice)
    document = _Document(
        **fields
        | {"version": VERSION, "flaws": tuple(_Flaw(**_flaw_fields(f)) for f in notice.flaws)}
    )
    return msgspec.json.encode(document)


def beginning(notice: Notice) -> bytes:
    """Return what `encode` begins with for this notice, and for no other."""
    return f'{{"version":{VERSION},"id":"{notice.id}",'.encode()


def decode(data: bytes) -> Notice:
    """Return the notice that `encode` wrote.

    Raises:
        ValueError: it is none, or of another version.
    """
    try:
        document = _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a notice: {error}") from error
    if document.version != VERSION:
        raise ValueError(f"a notice of version {document.version}, this is {VERSION}")
    fields = {name: getattr(document, name) for name in document.__struct_fields__}
    del fields["version"]
    return Notice(**fields | {"flaws": tuple(map(_flaw, document.flaws))})


def _fields(value: Notice | FoundFlaw) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _flaw_fields(flaw: FoundFlaw) -> dict[str, Any]:
    packages = tuple(_Package(*package) for package in flaw.packages)
    return _fields(flaw) | {"severity": str(flaw.severity), "packages": packages}


def _flaw(stored: _Flaw) -> FoundFlaw:
    fields = {name: getattr(stored, name) for name in stored.__struct_fields__}
    packages = tuple(FoundPackage(p.name, p.installed, p.fixed_in) for p in stored.packages)
    try:
        severity = _SEVERITIES[stored.severity]
    except KeyError:
        raise ValueError(f"not a notice: severity {stored.severity[:20]!r}") from None
    return FoundFlaw(**fields | {"severity": severity, "packages": packages})
