"""What the service is to do, as the configuration file says it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from seawall.fleet.notifying import Recipient


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What is watched, how often, and who is told."""

    runtime: bool  # whether the container runtime is watched
    registries: tuple[str, ...]
    registries_every: timedelta
    advisories_every: timedelta
    update_options: tuple[str, ...]  # of `seawall advisories update`
    recipients: tuple[Recipient, ...]


Say = Callable[[str], None]  # one line for whoever reads the log
