"""Notices as JSON to an address of one's own, signed so that the receiver can tell who sent them.

The signature is HMAC-SHA256 (RFC 2104) over ``TIMESTAMP.BODY``: with the time inside, a message
that somebody recorded cannot be played again later. See ``docs/notifications.md``.
"""

import hashlib
import hmac
import time
from collections.abc import Callable

from seawall.errors import DeliveryFailed, UsageError
from seawall.fleet.notifying.notice import Notice, encode
from seawall.fleet.notifying.settings import WebhookSettings
from seawall.fleet.notifying.sinks.http_post import post


class Webhook:
    """POSTs each notice to one address."""

    def __init__(self, settings: WebhookSettings, now: Callable[[], float] = time.time) -> None:
        """`now` gives seconds since the Unix epoch."""
        self._settings, self._now = settings, now

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self._settings.name

    def send(self, notice: Notice) -> None:
        """Send a notice: see `Sink`."""
        body = encode(notice)
        stamp = str(int(self._now()))
        headers = {
            "Content-Type": "application/json",
            "Seawall-Delivery": notice.id,
            "Seawall-Timestamp": stamp,
        }
        if self._settings.secret is not None:
            try:
                key = self._settings.secret.value()
            except UsageError as error:  # somebody may put it there any moment
                raise DeliveryFailed(str(error)) from error
            headers["Seawall-Signature"] = f"v1={signature(key, stamp, body)}"
        post(self._settings.url, body, headers, self._settings.ca_file)


def signature(key: str, timestamp: str, body: bytes) -> str:
    """Return 64 hex digits: HMAC-SHA256 with `key` over ``TIMESTAMP.BODY``."""
    message = timestamp.encode() + b"." + body
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
