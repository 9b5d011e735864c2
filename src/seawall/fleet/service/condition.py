"""How the service is, at one moment: what its main thread knows and others show."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FailedRead:
    """An image that could not be read."""

    digest: str
    names: tuple[str, ...]
    attempts: int
    reason: str
    given_up: bool  # until the runtime is listed again


@dataclass(frozen=True, slots=True)
class SinkCondition:
    """What became of the notices for one sink since the service began."""

    sent: int = 0  # notices, as the others
    failed: int = 0  # tries that are made again
    dead: int = 0
    skipped: int = 0  # that it does not want
    error: str = ""  # of the last try; empty when that went well


@dataclass(frozen=True, slots=True)
class Condition:
    """All of it. Times are seconds since the Unix epoch; 0: never."""

    started: float
    beat: float  # of the main loop, on the monotonic clock
    runtime_wanted: bool = False
    runtime_since: float = 0.0  # since when it answers; 0: it does not
    runtime_lost: float = 0.0  # since when it does not
    runtime_error: str = ""
    waiting: int = 0  # images to be read
    reading: str = ""  # the image that is read now
    failed_reads: tuple[FailedRead, ...] = ()  # not all, where there are many
    failed_reads_total: int = 0  # images
    read_failures: int = 0  # tries, ever
    updating: bool = False
    update_every_s: float = 0.0
    updated: float = 0.0  # the last update that ended well
    update_error: str = ""  # of the last one; empty when that went well
    registry_errors: Mapping[str, str] = field(default_factory=dict)
    sinks: Mapping[str, SinkCondition] = field(default_factory=dict)
    delivers: bool = True  # False: another process does
    store_error: str = ""  # why the fleet could not be written just now
    configuration_error: str = ""  # why a changed file was not taken


class Board:
    """Where the main thread puts how it is, for all others to read. Assigning is atomic."""

    def __init__(self, condition: Condition) -> None:
        self.condition = condition
