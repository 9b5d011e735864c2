"""Secrets are named in a file of settings, and read where they are needed, never before."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from seawall.errors import UsageError

_MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is: in a file, or in a variable of the environment. It is never held."""

    place: Path | str  # a path is a file, a text the name of a variable
    # Who names it, for messages: "/etc/seawall/seawall.yaml:7: secret_file". Not who it is.
    named_by: str = field(default="", compare=False)

    def value(self) -> str:
        """Return the secret as it is now, without white space around it.

        It is read at each call, so a secret that was replaced is the new one.

        Raises:
            UsageError: it cannot be read, is empty, or is no text of one line.
        """
        if isinstance(self.place, str):
            return self._whole(os.environ.get(self.place, ""))
        try:
            with self.place.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except (OSError, ValueError) as error:  # a path with a null byte is a ValueError
            reason = error.strerror if isinstance(error, OSError) else error
            raise self._unusable(f"cannot be read ({reason})") from error
        if len(data) > _MOST_BYTES:
            raise self._unusable(f"is larger than {_MOST_BYTES >> 10} KiB")
        try:
            return self._whole(data.decode())
        except UnicodeDecodeError:  # it holds the content, so it must not be a cause
            raise self._unusable("is not UTF-8") from None

    def __str__(self) -> str:
        if isinstance(self.place, str):
            return f"environment variable {self.place}"
        return str(self.place)

    def _whole(self, text: str) -> str:
        text = text.strip()
        if not text:
            raise self._unusable("is empty or not set")
        if not text.isprintable():
            raise self._unusable("must be one line without control characters")
        return text

    def _unusable(self, what: str) -> UsageError:
        before = f"{self.named_by}: " if self.named_by else ""
        return UsageError(
            f"{before}{self} {what}", "the secret stands there alone; whoever runs seawall reads it"
        )
