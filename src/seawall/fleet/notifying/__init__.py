"""Tells people and programs what the fleet found, once and without fail.

`notice` says what, `filtering` for whom and when, `bundling` in how many messages, `delivery` sees
to it, `sinks` are the places it goes to. ``docs/notifications.md`` shows all of it from outside.
"""

from seawall.fleet.notifying.delivery import (
    DeliveryReport,
    Due,
    Outbox,
    Post,
    Recipient,
    SinkReport,
    deliver,
)
from seawall.fleet.notifying.notice import (
    AffectedImage,
    FoundFlaw,
    FoundPackage,
    Notice,
    NoticeKind,
    decode,
    encode,
    identity,
    test_notice,
)
from seawall.fleet.notifying.sinks import SINKS, Sink, open_sink

__all__ = [
    "SINKS",
    "AffectedImage",
    "DeliveryReport",
    "Due",
    "FoundFlaw",
    "FoundPackage",
    "Notice",
    "NoticeKind",
    "Outbox",
    "Post",
    "Recipient",
    "Sink",
    "SinkReport",
    "decode",
    "deliver",
    "encode",
    "identity",
    "open_sink",
    "test_notice",
]
