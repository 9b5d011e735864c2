"""How much an image may ask of this machine.

An image is untrusted input: a few kilobytes can claim terabytes. Each limit ends the reading with
`LimitExceeded`, which names the limit, what was met, and how to raise it; only `file_bytes`
concerns a single file, which is then listed as not analysed while the rest goes on.
"""

from dataclasses import dataclass, fields
from typing import Self

from seawall.errors import LimitExceeded, UsageError

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def size_in_bytes(text: str) -> int | None:
    """Return a size such as ``500000`` or ``4G`` (powers of 1024); None if it is none above 0."""
    number, unit = text.strip(), ""
    if number[-1:].lower() in _UNITS:
        number, unit = number[:-1] if number[-1:] else "", number[-1:].lower()
    is_number = number.isascii() and number.isdigit() and len(number) <= 20
    return int(number) * _UNITS[unit] if is_number and int(number) > 0 else None


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds, all inclusive. Sizes are of uncompressed content."""

    file_bytes: int = 256 << 20  # one file that is looked into
    content_bytes: int = 256 << 20  # of one file that is searched for secrets and malware
    image_bytes: int = 64 << 30  # all layers together
    entries: int = 20_000_000  # files, directories and links of all layers together
    ratio: int = 200  # uncompressed to compressed, once a layer exceeds `RATIO_FLOOR`
    nesting: int = 4  # index in index; directories below one another count separately
    depth: int = 512  # directories below one another in a path

    @classmethod
    def parse(cls, settings: list[str]) -> Self:
        """Return the defaults changed by ``NAME=VALUE``; sizes take k, M, G, T (powers of 1024).

        Raises:
            UsageError: there is no such limit, or the value is no positive whole number.
        """
        names = [field.name for field in fields(cls)]
        values: dict[str, int] = {}
        for setting in settings:
            name, _, text = setting.partition("=")
            name = name.strip().replace("-", "_")
            if name not in names:
                raise UsageError(
                    f"--limit {setting}: no limit {name!r}", f"one of {', '.join(names)}"
                )
            value = size_in_bytes(text)
            if value is None:
                raise UsageError(
                    f"--limit {setting}: {text!r} is no size", "a positive number, as 4G or 500000"
                )
            values[name] = value
        return cls(**values)


RATIO_FLOOR = 256 << 20  # below this many bytes a layer of zeros is harmless


class Budget:
    """What of the limits one image has used. Shared by all its layers."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._entries = 0
        self._bytes = 0

    def spend_entries(self, count: int, where: str) -> None:
        """Count `count` more tar entries or directory entries."""
        self._entries += count
        if self._entries > self.limits.entries:
            raise LimitExceeded(f"{where}: more than {self.limits.entries:,} entries (entries)")

    def spend_bytes(self, count: int, where: str) -> None:
        """Count `count` more bytes of uncompressed layers."""
        self._bytes += count
        if self._bytes > self.limits.image_bytes:
            raise LimitExceeded(
                f"{where}: layers larger than {self.limits.image_bytes:,} bytes (image_bytes)"
            )
