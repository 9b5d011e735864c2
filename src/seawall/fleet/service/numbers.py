"""What the fleet comes to in numbers, and a thread that counts them no more often than it may.

Counting has a connection of its own, so that it neither waits for the service nor holds it up.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock

from seawall.errors import SeawallError
from seawall.fleet.currency_notes import AS_OF
from seawall.fleet.store import Fleet
from seawall.model import Severity

_KEPT_S = 5.0
_SHARE = 20.0  # counting takes at most this part of the time, where the fleet is large
_PATIENCE_S = 5.0
_OLD_S = 120.0  # numbers that nobody asked for so long are not told while there are newer ones
_REMEMBERED = 2000  # running images whose components are remembered


@dataclass(frozen=True, slots=True)
class Numbers:
    """One count. Findings are those that can be acted on, once for each version of a package."""

    images: int = 0  # that are somewhere now
    images_ever: int = 0
    running: int = 0  # containers
    findings: Mapping[Severity, int] = field(default_factory=dict)
    findings_running: Mapping[Severity, int] = field(default_factory=dict)
    advisories_as_of: Mapping[str, str] = field(default_factory=dict)  # ecosystem → date or time
    judged: str = ""  # RFC 3339
    notices_waiting: Mapping[str, int] = field(default_factory=dict)  # by sink
    error: str = ""  # why these numbers are not new


class Counting:
    """Counts what is in a store; of the thread that made it."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        # Which components an image has changes only when it is read again, by other code.
        self._components: OrderedDict[tuple[int, str], frozenset[int]] = OrderedDict()

    def count(self, sinks: Collection[str]) -> Numbers:
        """Return the numbers of one state of the store.

        Raises:
            FleetUnusable: it cannot be read.
        """
        fleet = self._fleet
        with fleet.database.reading():
            return Numbers(
                images=self._one("SELECT count(*) FROM image WHERE gone = ''"),
                images_ever=self._one("SELECT count(*) FROM image"),
                running=self._one("SELECT count(*) FROM workload WHERE ended = ''"),
                findings={
                    Severity(severity): count
                    for severity, count in fleet.database.rows(
                        "SELECT severity, count(*) FROM finding "
                        "WHERE resolved = '' AND counts = 1 GROUP BY severity"
                    )
                },
                findings_running=self._running(),
                advisories_as_of=fleet.notes.starting_with(AS_OF),
                judged=fleet.notes.get("judged"),
                notices_waiting=fleet.outbox.waiting(sinks, datetime.now(UTC)),
            )

    def _one(self, sql: str) -> int:
        return int(next(self._fleet.database.rows(sql))[0])

    def _running(self) -> dict[Severity, int]:
        components: set[int] = set()
        digests = {workload.image for workload in self._fleet.workloads.running()}
        for digest in sorted(digests):
            components |= self._of_image(digest)
        found: dict[Severity, int] = {}
        for rating in self._fleet.findings.ratings(components):
            if rating.counts:
                found[rating.severity] = found.get(rating.severity, 0) + 1
        return found

    def _of_image(self, digest: str) -> frozenset[int]:
        image = self._fleet.images.find(digest)
        if image is None:  # not read yet
            return frozenset()
        key = (image.id, image.analyser)
        if key not in self._components:
            pairs = self._fleet.images.contents(image).values()
            self._components[key] = frozenset(row for ones in pairs for row, _ in ones)
            if len(self._components) > _REMEMBERED:
                self._components.popitem(last=False)
        self._components.move_to_end(key)
        return self._components[key]


class Counted:
    """Numbers that are at most some seconds old, for any thread.

    Who asks while they are counted gets the ones from before: a fleet of any size answers at once.
    """

    def __init__(
        self, open_fleet: Callable[[], Fleet], sinks: Callable[[], Collection[str]]
    ) -> None:
        self._open, self._sinks = open_fleet, sinks
        self._thread = ThreadPoolExecutor(1, "counting")
        self._counting: Counting | None = None  # of that thread
        self._lock = Lock()
        self._numbers: Numbers | None = None
        self._until = 0.0
        self._pending: Future[Numbers] | None = None

    def get(self) -> Numbers:
        """Return the numbers; without any after 5 s, those of an empty fleet that say so."""
        with self._lock:
            self._settle(0.0)
            if self._pending is None and time.monotonic() >= self._until:
                self._pending = self._thread.submit(self._count)
                is_old = time.monotonic() >= self._until + _OLD_S
                self._settle(_PATIENCE_S if is_old else 0.05)
            if self._numbers is None:
                self._settle(_PATIENCE_S)
            return self._numbers or Numbers(error="the fleet is still being counted")

    def close(self) -> None:
        """Count no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _settle(self, patience_s: float) -> None:
        if self._pending is None:
            return
        with suppress(NotYet):
            numbers = self._pending.result(patience_s)
            if numbers.error and self._numbers is not None:
                numbers = replace(self._numbers, error=numbers.error)
            self._numbers, self._pending = numbers, None

    def _count(self) -> Numbers:
        began = time.monotonic()
        try:
            if self._counting is None:
                self._counting = Counting(self._open())
            return self._counting.count(self._sinks())
        except SeawallError as error:
            return Numbers(error=str(error))
        except Exception as error:  # a fault of ours is shown, and ends no thread
            return Numbers(error=f"{type(error).__name__}: {error}")
        finally:
            now = time.monotonic()
            self._until = now + max(_KEPT_S, _SHARE * (now - began))
