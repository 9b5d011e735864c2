"""How a person wants a report; formats for programs ignore it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from seawall.model import Severity


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Options:
    """What a writer may choose from."""

    show_all: bool = False  # also what needs no action now
    colour: bool = False
    width: int = 100  # cells of the terminal
    threshold: Severity | None = None  # of --fail-on, for forms in which a finding passes or fails
    now: datetime = field(default_factory=_now)  # ages are told from here
