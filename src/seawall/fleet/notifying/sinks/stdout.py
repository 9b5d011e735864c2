"""Notices as lines of JSON to standard output: for a journal, or a pipe."""

import sys
from typing import TextIO

from seawall.errors import DeliveryFailed
from seawall.fleet.notifying.notice import Notice, encode
from seawall.fleet.notifying.settings import StdoutSettings


class Stdout:
    """Writes each notice as one line."""

    def __init__(self, settings: StdoutSettings, out: TextIO | None = None) -> None:
        self._settings, self._out = settings, out

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self._settings.name

    def send(self, notice: Notice) -> None:
        """Send a notice: see `Sink`."""
        out = sys.stdout if self._out is None else self._out
        try:
            out.write(encode(notice).decode() + "\n")
            out.flush()
        except (OSError, ValueError) as error:  # ValueError: it is closed
            reason = getattr(error, "strerror", None) or str(error)
            raise DeliveryFailed(f"standard output: not written ({reason})") from error
