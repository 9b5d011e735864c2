"""A thread that listens to a container runtime and passes on what it tells, in order.

It asks the runtime; what comes of that is for the thread that owns the fleet's store.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

from seawall.errors import SeawallError, UsageError
from seawall.fleet.watching import stock_of
from seawall.fleet.workloads import Change, Missed, Runtime, RuntimeImage, Workload

_FIRST_S, _LONGEST_S = 1.0, 60.0  # between tries to reach the runtime
_QUEUE = 256


@dataclass(frozen=True, slots=True)
class Stock:
    """All that the runtime has and runs."""

    host: str
    images: Sequence[RuntimeImage]
    workloads: Sequence[Workload]
    is_first: bool  # since it was reached, or asked for in whole


@dataclass(frozen=True, slots=True)
class Lost:
    """The runtime does not answer."""

    why: str


Told = Change | Stock | Lost
Inbox = queue.Queue[Told | None]  # None: only to wake up whoever waits


def inbox() -> Inbox:
    """Return a queue that bounds how much is on its way: then the runtime has to wait."""
    return queue.Queue(_QUEUE)


class Listening:
    """Listens until it is stopped. What was missed while nobody listened is told first."""

    def __init__(self, runtime: Runtime, host: Callable[[], str], since: str, to: Inbox) -> None:
        """Begin; `since` is the ``at`` of the last change that was noted, or empty."""
        self._runtime, self._host, self._since, self._to = runtime, host, since, to
        self._stopped = threading.Event()
        self._listing = threading.Event()
        self._is_first = True
        threading.Thread(target=self._listen, name="runtime", daemon=True).start()

    def list_soon(self, *, again: bool = False) -> None:
        """Have all listed, in some seconds; `again`: as if the runtime had just been reached."""
        self._is_first = self._is_first or again
        self._listing.set()

    def stop(self) -> None:
        """Listen no more; whatever is told from now on is dropped."""
        self._stopped.set()

    def _listen(self) -> None:
        wait_s = _FIRST_S
        while not self._stopped.is_set():
            try:
                with _closing(self._runtime.changes(self._since)) as changes:
                    self._is_first = True
                    self._listing.set()  # as soon as nothing can be missed any more
                    for change in changes:
                        wait_s = _FIRST_S
                        self._pass_on(change)
                        if self._stopped.is_set():
                            return
                why = "it stopped telling"
            except UsageError as error:  # a moment that was noted wrongly
                self._since, why = "", str(error)
            except SeawallError as error:
                why = str(error)
            except Exception as error:  # a fault of ours must not end the watch in silence
                why = f"{type(error).__name__}: {error}"
            self._put(Lost(why))
            self._stopped.wait(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_S)

    def _pass_on(self, change: Change | None) -> None:
        if isinstance(change, Missed):
            self._listing.set()  # at the next pause: there may be many
        elif change is not None:
            self._put(change)
        elif self._listing.is_set():
            self._listing.clear()
            is_first, self._is_first = self._is_first, False
            self._put(Stock(self._host(), *stock_of(self._runtime), is_first))
        if change is not None:
            self._since = change.at

    def _put(self, told: Told) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._to.put(told, timeout=1.0)
                return


def _closing(changes: Iterator[Change | None]) -> AbstractContextManager[Iterator[Change | None]]:
    @contextmanager
    def closing() -> Iterator[Iterator[Change | None]]:
        try:
            yield changes
        finally:
            if close := getattr(changes, "close", None):
                close()

    return closing()
