"""Notices as lines of JSON behind what a file holds, each exactly once."""

from seawall.errors import DeliveryFailed
from seawall.fleet.notifying.json_lines import append_once
from seawall.fleet.notifying.notice import Notice, beginning, encode
from seawall.fleet.notifying.settings import FileSettings


class File:
    """Appends each notice to one file. The file may be moved away at any time."""

    def __init__(self, settings: FileSettings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """Its name in the settings."""
        return self._settings.name

    def send(self, notice: Notice) -> None:
        """Send a notice: see `Sink`. It is on the disk when this returns."""
        path = self._settings.path
        try:
            append_once(path, beginning(notice), encode(notice))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise DeliveryFailed(f"{path}: not written ({reason})") from error
