"""What of a database cannot be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Damage:
    """One record, page or the whole file, and why it cannot be read."""

    reason: str  # "page 7 is no page of a table"
