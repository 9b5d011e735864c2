"""What every sink can do."""

from typing import Protocol

from seawall.fleet.notifying.notice import Notice


class Sink(Protocol):
    """A place that notices are sent to."""

    @property
    def name(self) -> str:
        """Its name in ``seawall.yaml``."""

    def send(self, notice: Notice) -> None:
        """Send a notice; when this returns, the receiver has it.

        The same notice sent again is recognisable as such by its id. Never called by two threads
        at once.

        Raises:
            DeliveryFailed: it may work later.
            DeliveryRefused: it never will.
        """
