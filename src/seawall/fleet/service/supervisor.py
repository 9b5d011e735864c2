"""The service: it watches, has work done by children, and tells what came of it.

One thread owns the fleet's store and goes round here. What takes long is done by others:
`Listening` waits for the runtime, children read images and load advisories, sinks have threads.
All state that matters is in the store, so the service may be killed at any moment: what a runtime
told is noted together with how far it was heard, what is unread is found by listing, and what is to
be told waits in the outbox.
"""

import queue
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from seawall.errors import FleetError, SeawallError, TooManyFindings
from seawall.fleet.service import readiness
from seawall.fleet.service.children import GENTLY_S, Child, Ended
from seawall.fleet.service.condition import Board, Condition, FailedRead
from seawall.fleet.service.listening import Listening, Lost, Stock, Told, inbox
from seawall.fleet.service.posting import Posting
from seawall.fleet.service.settings import Say, ServiceSettings
from seawall.fleet.service.timetable import Read, Reads, Recurring
from seawall.fleet.store import Fleet
from seawall.fleet.watching import take_note, take_stock
from seawall.fleet.workloads import Change, ImageGone, Runtime, Started
from seawall.fleet.workloads import Ended as ContainerEnded
from seawall.moments import stamp

_TICK_S = 0.5
_READ_S, _UPDATE_S, _REGISTRY_S = 1800.0, 7200.0, 6 * 3600.0  # of a child, at most
_POST_S = 5.0  # between looks into the outbox
_PRUNE_S = 3600.0
_STORE_S = 5.0  # to wait after the store failed
_AT_ONCE = 200  # told things that are noted in one round
_SINCE, _UPDATE_BEGAN, _UPDATED = "docker-since", "service-update-began", "service-updated"


@dataclass(frozen=True, slots=True)
class Watched:
    """A runtime, and what the fleet calls it."""

    runtime: Runtime
    name: str  # "docker"
    host: Callable[[], str]
    place: Callable[[str], str]  # of a host
    target: Callable[[str], str]  # of a digest


class Supervisor:
    """The service. Make it and `run` it in the main thread, while nobody else runs one."""

    def __init__(
        self,
        fleet: Fleet,
        settings: ServiceSettings,
        watched: Watched,
        *,
        reread: Callable[[], ServiceSettings],
        environment: Mapping[str, str],
        dead_letters: Path,
        say: Say,
    ) -> None:
        """Prepare to begin.

        `reread` returns the settings as they are written now, or raises `SeawallError`;
        `environment` is that of the children.
        """
        self._fleet, self._settings, self._watched = fleet, settings, watched
        self._reread, self._say, self._environment = reread, say, environment
        self._inbox = inbox()
        self._untold: deque[Told] = deque()  # heard, not yet in the store
        self._listening: Listening | None = None
        self._host = ""
        self._reads = Reads()
        self._children: dict[str, Child] = {}  # task → who does it
        self._read: Read | None = None  # what is read now
        self._missed = False  # something was told of an image while it was being read
        now = time.monotonic()
        self._update = Recurring(settings.advisories_every.total_seconds(), now)
        self._registries = {name: self._recurring(now) for name in settings.registries}
        self._registry_errors: dict[str, str] = {}
        self._stocktaking = self._recurring(now + settings.registries_every.total_seconds())
        self._posting = Posting(fleet, settings.recipients, dead_letters, say)
        self._post_at, self._prune_at, self._pause_until = now, now, 0.0
        self._stops = self._rereads = False
        self._started = time.time()
        self._updated, self._update_error = 0.0, ""
        self._news = fleet.notes.get("news")  # what was found last, in one line
        self._since, self._lost, self._lost_why = 0.0, self._started, "not reached yet"
        self._store_error = self._configuration_error = ""
        self._watchdog_at = now
        self.board = Board(self._condition())

    def _recurring(self, due: float) -> Recurring:
        return Recurring(self._settings.registries_every.total_seconds(), due)

    @property
    def sinks(self) -> tuple[str, ...]:
        """The names of those who are told."""
        return tuple(recipient.name for recipient in self._settings.recipients)

    # --- going round ---------------------------------------------------------------------------

    def run(self) -> None:
        """Work until somebody asks to stop (SIGTERM, SIGINT); SIGHUP reads the settings again.

        Raises:
            FleetUnusable: the store cannot be used at the beginning. Later, it is tried again.
        """
        self._recall()
        with ExitStack() as stack:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                stack.callback(signal.signal, number, signal.signal(number, self._on_signal))
            self._listen()
            readiness.tell(readiness.READY, readiness.status("begins"))
            self._say("the service runs")
            try:
                while not self._stops:
                    self._round()
            finally:
                readiness.tell(readiness.STOPPING)
                self._end()

    def _recall(self) -> None:
        """Take up what the last run of the service noted."""
        notes = self._fleet.notes
        began, ended = _seconds(notes.get(_UPDATE_BEGAN)), _seconds(notes.get(_UPDATED))
        self._updated = ended
        if ended and ended >= began:  # else it was cut short, or failed
            wait_s = ended + self._update.every_s - time.time()
            self._update.due += min(max(0.0, wait_s), self._update.every_s)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._rereads = True
        else:
            self._stops = True

    def _round(self) -> None:
        self._wait()
        if self._rereads:
            self._rereads = False
            self._take_settings()
        if time.monotonic() >= self._pause_until:
            with self._store_watched():
                self._note()
                self._collect()
                self._post()
                self._prune()
        if not self._store_error:  # children need the store as well
            self._begin()
        self.board.condition = self._condition()
        self._tell_systemd()

    def _wait(self) -> None:
        """Wait until something is told, or a moment."""
        if len(self._untold) >= _AT_ONCE:  # while the store fails, nothing more is taken
            time.sleep(_TICK_S)
            return
        with suppress(queue.Empty):
            told = self._inbox.get(timeout=0.05 if self._untold else _TICK_S)
            while told is not None:
                self._untold.append(told)
                if len(self._untold) >= _AT_ONCE:
                    return
                told = self._inbox.get_nowait()

    @contextmanager
    def _store_watched(self) -> Iterator[None]:
        """Go on when the store fails: all that was to be noted is tried again."""
        try:
            yield
        except FleetError as error:
            if not self._store_error:
                self._say(f"the fleet cannot be used: {error}")
            self._store_error = str(error)
            self._pause_until = time.monotonic() + _STORE_S
        else:
            if self._store_error:
                self._say("the fleet can be used again")
            self._store_error = ""

    # --- what the runtime tells ----------------------------------------------------------------

    def _listen(self) -> None:
        if self._settings.runtime and self._listening is None:
            since = self._fleet.notes.get(_SINCE)
            self._listening = Listening(
                self._watched.runtime, self._watched.host, since, self._inbox
            )

    def _note(self) -> None:
        """Bring what was told into the store; what is in it is taken off the list then."""
        while self._untold:
            match self._untold[0]:
                case Stock() as stock:
                    self._note_stock(stock)
                case Lost(why):
                    self._note_lost(why)
                case change:
                    self._note_change(change)
            self._untold.popleft()

    def _note_stock(self, stock: Stock) -> None:
        if not self._since:
            self._say(f"{self._watched.name} on {stock.host} answers")
            self._since, self._lost, self._lost_why = time.time(), 0.0, ""
        self._host = stock.host
        place = self._watched.place(stock.host)
        wanted = take_stock(
            self._fleet,
            place,
            stock.images,
            stock.workloads,
            runtime=self._watched.name,
            host=stock.host,
            at=stamp(datetime.now(UTC)),
        )
        running = {workload.image for workload in stock.workloads}
        wanted.sort(key=lambda image: image.digest not in running)
        names = {image.digest: image.names for image in wanted}
        self._reads.restock(names, place, again=stock.is_first)
        self._say(
            f"{len(stock.images)} images, {len(stock.workloads)} containers run, "
            f"{len(wanted)} images are not read yet"
        )

    def _note_lost(self, why: str) -> None:
        if self._since or why != self._lost_why:
            self._say(f"{self._watched.name} does not answer: {why}")
        self._lost, self._lost_why = self._lost or time.time(), why
        self._since = 0.0

    def _note_change(self, change: Change) -> None:
        place = self._watched.place(self._host)
        with self._fleet.writing():
            wanted = take_note(
                self._fleet, place, change, runtime=self._watched.name, host=self._host
            )
            self._fleet.notes.set(_SINCE, change.at)
        match change:
            case ImageGone(_, digest):
                self._reads.forget(digest)
            case Started(_, workload):
                self._say(f"{workload.name} runs {workload.image_name}")
            case ContainerEnded(_, container):
                self._say(f"{container[:12]} ended")
        reading = self._read.digest if self._read else ""
        if wanted is not None and wanted.digest != reading:
            self._reads.want(wanted.digest, wanted.names, place)
            if isinstance(change, Started):
                self._reads.hurry(wanted.digest)
        # What happens to an image before it is read is noted by nobody: list when all is read.
        if wanted is not None or (reading and getattr(change, "digest", "") == reading):
            self._missed = True

    # --- children ------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Start what is due and not under way."""
        now = time.monotonic()
        if "read" not in self._children and (read := self._reads.next(now)):
            target = self._watched.target(read.digest)
            reading = ("images", "add", target, "--place", read.place, "--tell")
            if self._start("read", reading, _READ_S):
                self._read = read
        if "update" not in self._children and self._update.is_due(now):
            self._begin_update()
        if "registry" not in self._children:
            name = next((n for n, one in self._registries.items() if one.is_due(now)), None)
            if name is not None:
                self._registry = name
                self._start(
                    "registry", ("images", "add", "--registry", name, "--tell"), _REGISTRY_S
                )
        is_quiet = "read" not in self._children and not self._reads.waiting
        if self._listening and self._since and is_quiet:
            if self._missed:
                self._missed = False
                self._listening.list_soon()
            elif self._stocktaking.is_due(now):
                self._stocktaking.done(now)
                self._listening.list_soon(again=True)

    def _begin_update(self) -> None:
        with self._store_watched():
            with self._fleet.writing():
                self._fleet.notes.set(_UPDATE_BEGAN, str(time.time()))
            options = self._settings.update_options
            self._start("update", ("advisories", "update", "--no-deliver", *options), _UPDATE_S)

    def _start(self, task: str, command: tuple[str, ...], limit_s: float) -> bool:
        try:
            self._children[task] = Child(command, limit_s, self._environment, self._wake)
        except OSError as error:
            self._say(f"cannot start {' '.join(command[:2])}: {error.strerror or error}")
            self._pause(task)
            return False
        return True

    def _pause(self, task: str) -> None:
        """Try again later what could not even be started."""
        now = time.monotonic()
        if task == "update":
            self._update.failed(now)
        elif task == "registry":
            self._registries[self._registry].failed(now)
        elif read := self._reads.next(now):
            read.due = now + _STORE_S

    def _wake(self) -> None:
        with suppress(queue.Full):  # then there is something to wake up for
            self._inbox.put_nowait(None)

    def _collect(self) -> None:
        """Note which children ended, and how."""
        for task, child in list(self._children.items()):
            ended = child.poll()
            if ended is None:
                continue
            if task == "read":
                self._read_ended(ended)
            elif task == "update":
                self._update_ended(ended)
            else:
                self._registry_ended(ended)
            del self._children[task]  # when it is noted
            self._post_at = 0.0

    def _read_ended(self, ended: Ended) -> None:
        read, self._read = self._read, None
        assert read is not None  # noqa: S101 - set when the child was started
        name = (read.names or (read.digest,))[0]
        reason = ended.reason
        if ended.code == 0:
            try:
                is_there = self._fleet.images.find(read.digest) is not None
            except FleetError:
                self._read = read
                raise
            if is_there:
                self._reads.forget(read.digest)
                self._say(f"read {name} in {ended.took_s:.1f} s")
                return
            reason = "it was read, and is known by another digest"
        is_final = ended.code == TooManyFindings.exit_code
        again = self._reads.failed(read.digest, reason, time.monotonic(), is_final=is_final)
        self._say(f"cannot read {name}: {reason}{'; will try again' if again else ''}")

    def _update_ended(self, ended: Ended) -> None:
        now = time.monotonic()
        if ended.code:
            if not self._update_error:
                self._say(f"the update of the advisories failed: {ended.reason}")
            self._update_error = ended.reason
            self._update.failed(now)
            return
        moment = time.time()
        with self._fleet.writing():
            self._fleet.notes.set(_UPDATED, str(moment))
        self._updated, self._update_error = moment, ""
        self._update.done(now)
        self._say(f"advisories are up to date, after {ended.took_s:.1f} s")
        news = self._fleet.notes.get("news")
        if news != self._news:
            self._news = news
            self._say(f"judged again at {news}")

    def _registry_ended(self, ended: Ended) -> None:
        now, name = time.monotonic(), self._registry
        recurring = self._registries.get(name)
        if recurring is None:  # no longer in the settings
            return
        if ended.code:
            self._registry_errors[name] = ended.reason
            recurring.failed(now)
            self._say(f"registry {name}: {ended.reason}")
        else:
            self._registry_errors.pop(name, None)
            recurring.done(now)
            self._say(f"registry {name} was looked through in {ended.took_s:.1f} s")

    # --- telling -------------------------------------------------------------------------------

    def _post(self) -> None:
        now = time.monotonic()
        if now >= self._post_at or self._posting.is_busy:
            self._post_at = now + _POST_S
            self._posting.round()

    def _prune(self) -> None:
        now = time.monotonic()
        if now >= self._prune_at:
            self._prune_at = now + _PRUNE_S
            if lost := self._fleet.outbox.prune(datetime.now(UTC), self.sinks):
                self._say(f"too many notices: {lost} of the oldest were never sent")

    def _tell_systemd(self) -> None:
        now = time.monotonic()
        if now < self._watchdog_at:
            return
        self._watchdog_at = now + min((readiness.watchdog_s() or 60.0) / 3, 30.0)
        waiting = f", {len(self._reads.waiting)} images to read" if self._reads.waiting else ""
        problem = self._store_error or self._update_error
        text = f"watches{waiting}{f'; {problem}' if problem else ''}"
        readiness.tell(readiness.ALIVE, readiness.status(text))

    def _condition(self) -> Condition:
        reads = self._reads
        failed = [r for r in (*reads.given_up.values(), *reads.waiting.values()) if r.reason]
        return Condition(
            started=self._started,
            beat=time.monotonic(),
            runtime_wanted=self._settings.runtime,
            runtime_since=self._since,
            runtime_lost=self._lost if self._settings.runtime else 0.0,
            runtime_error=self._lost_why if self._settings.runtime else "",
            waiting=len(reads.waiting),
            reading=self._read.digest if self._read else "",
            failed_reads=tuple(
                FailedRead(r.digest, r.names, r.attempts, r.reason, r.digest in reads.given_up)
                for r in failed[:20]
            ),
            failed_reads_total=len(failed),
            read_failures=reads.failures,
            updating="update" in self._children,
            update_every_s=self._update.every_s,
            updated=self._updated,
            update_error=self._update_error,
            registry_errors=dict(self._registry_errors),
            sinks=dict(self._posting.sinks),
            delivers=self._posting.is_alone,
            store_error=self._store_error,
            configuration_error=self._configuration_error,
        )

    # --- settings, and the end -----------------------------------------------------------------

    def _take_settings(self) -> None:
        try:
            settings = self._reread()
        except SeawallError as error:
            self._configuration_error = str(error)
            self._say(f"the former configuration holds: {error}")
            return
        self._configuration_error = ""
        self._settings = settings
        now = time.monotonic()
        self._update.set_every(settings.advisories_every.total_seconds())
        every_s = settings.registries_every.total_seconds()
        self._registries = {
            name: self._registries.get(name) or self._recurring(now) for name in settings.registries
        }
        for recurring in (*self._registries.values(), self._stocktaking):
            recurring.set_every(every_s)
        for name in self._registry_errors.keys() - self._registries.keys():
            del self._registry_errors[name]
        with self._store_watched():
            self._posting.replace(settings.recipients)
            self._listen()
        if not settings.runtime and self._listening:
            self._listening.stop()
            self._listening = None
            self._reads, self._since = Reads(), 0.0
        self._say("took the configuration anew")

    def _end(self) -> None:
        """Stop everything; what is not done is done by the next run."""
        self._say("ends")
        if self._listening:
            self._listening.stop()
        for child in self._children.values():
            child.stop()
        with self._store_watched():
            self._posting.settle()
        until = time.monotonic() + GENTLY_S + 2.0
        while self._children and time.monotonic() < until:
            for task, child in list(self._children.items()):
                if child.poll() is not None:
                    del self._children[task]
            time.sleep(0.05)
        self._posting.close()


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
