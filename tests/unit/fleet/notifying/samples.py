"""Notices as the fleet makes them, and hostile ones."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from seawall.fleet.notifying import (
    AffectedImage,
    FoundFlaw,
    FoundPackage,
    Notice,
    NoticeKind,
    identity,
)
from seawall.model import Severity, Urgency

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
AT = "2026-11-22T09:29:58.123456Z"
HOSTILE = 'x"]\\\r\nBcc: a@b.example\r\n\r\n<!channel> @here <b>&amp;`*_~ \u202e\x1b[31m\0é😀'

WEB = AffectedImage(
    "sha256:" + "1a" * 32,
    ("registry.example/shop/web:2.14", "registry.example/shop/web:latest"),
    ("web-1", "web-2"),
)
JOBS = AffectedImage("sha256:" + "2b" * 32, ("registry.example/shop/jobs:2.14",))
UNNAMED = AffectedImage("sha256:" + "3c" * 32)


def flaw(identifier: str = "CVE-2026-31337", **changes: Any) -> FoundFlaw:
    usual: dict[str, Any] = {
        "severity": Severity.CRITICAL,
        "urgency": Urgency.NOW,
        "aliases": ("DSA-6101-1", "GHSA-abcd-ef01-2345"),
        "score": 9.8,
        "exploited_since": "2026-11-20",
        "epss": 0.43218,
        "summary": "A heap buffer overflow in the parser of certificates lets whoever connects "
        "run code of their own before a password was asked for.",
        "packages": (
            FoundPackage("libssl3", "3.0.11-1~deb12u2", "3.0.13-1~deb12u1"),
            FoundPackage("openssl", "3.0.11-1~deb12u2"),
        ),
        "packages_total": 2,
        "images_total": 12,
        "running_total": 3,
        "images": (WEB, JOBS, UNNAMED),
    }
    return FoundFlaw(identifier, **usual | changes)


def notice(*flaws: FoundFlaw, kind: NoticeKind = NoticeKind.NEW, **changes: Any) -> Notice:
    flaws = flaws or (flaw(),)
    usual: dict[str, Any] = {
        "at": AT,
        "flaws": flaws,
        "flaws_total": len(flaws),
        "data_as_of": "2026-11-22T09:15:00Z",
    }
    made = usual | changes
    made.setdefault("id", identity(str(kind), made["at"], *(one.id for one in flaws)))
    return Notice(kind=kind, **made)


def brought(count: int = 3, **changes: Any) -> Notice:
    """An image that brings some flaws."""
    low = {"exploited_since": "", "score": 5.3, "epss": 0.002, "images": ()}
    levels = [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM]
    flaws = [
        flaw(f"CVE-2026-{1000 + n}", severity=levels[n % 3], **low, images_total=0, running_total=0)
        for n in range(count)
    ]
    return notice(*flaws, kind=NoticeKind.IMAGE, image=WEB, **changes)


_text = st.text(max_size=40) | st.sampled_from([HOSTILE, "<!channel>", "@all", "`", "]", "\\"])
_images = st.builds(
    AffectedImage,
    _text,
    st.lists(_text, max_size=3).map(tuple),
    st.lists(_text, max_size=3).map(tuple),
)
_flaws = st.builds(
    FoundFlaw,
    id=_text,
    severity=st.sampled_from(Severity),
    urgency=st.sampled_from(Urgency),
    aliases=st.lists(_text, max_size=3).map(tuple),
    score=st.none() | st.floats(0, 10),
    exploited_since=_text,
    epss=st.none() | st.floats(0, 1),
    summary=_text,
    packages=st.lists(st.builds(FoundPackage, _text, _text, _text), max_size=3).map(tuple),
    packages_total=st.integers(0, 10**6),
    reason=_text,
    images_total=st.integers(0, 10**6),
    running_total=st.integers(0, 10**6),
    images=st.lists(_images, max_size=3).map(tuple),
)
notices = st.builds(
    Notice,
    id=st.binary(min_size=16, max_size=16).map(bytes.hex),
    kind=st.sampled_from(NoticeKind),
    at=st.just(AT) | _text,
    flaws=st.lists(_flaws, max_size=3).map(tuple),
    flaws_total=st.integers(0, 10**6),
    image=st.none() | _images,
    data_as_of=_text,
    note=_text,
)
