"""Processes that do the work for the service, so that what they meet ends only them.

An image that makes its reader run out of memory or time ends that reader. Each child is the command
``seawall`` with a group of its own; it dies with the service, see `launch`.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

_LINES, _LINE_BYTES = 20, 1000  # of what a child says last
GENTLY_S = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended."""

    code: int  # as a shell counts: 128 and the signal's number where one killed it
    said: str  # why, where that is known: the first line it had to say after the last good one
    took_s: float
    timed_out: bool = False

    @property
    def reason(self) -> str:
        """Why it failed."""
        if self.timed_out:
            return f"not done after {self.took_s:.0f} s"
        if self.code > 128:
            return f"killed by {_signal_name(self.code - 128)}"
        return self.said or f"exit code {self.code}"


class Child:
    """One run of ``seawall``. Its stdout goes nowhere, the last lines of its stderr are kept."""

    def __init__(
        self,
        arguments: Sequence[str],
        time_limit_s: float,
        environment: Mapping[str, str],
        ended: Callable[[], None] = lambda: None,
        launcher: Sequence[str] = ("-m", "seawall.fleet.service.launch"),
    ) -> None:
        """Start it; `ended` is called from another thread when it may have come to its end.

        To be called by a thread that lives as long as the process: the kernel counts by threads.

        Raises:
            OSError: it cannot be started.
        """
        self.arguments = tuple(arguments)
        self._limit_s, self._started = time_limit_s, time.monotonic()
        self._stop_at: float | None = None  # when it is killed, for it was asked to end
        self._timed_out = False
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._process = subprocess.Popen(
            [sys.executable, *launcher, str(os.getpid()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=dict(environment),
        )
        threading.Thread(target=self._listen, args=(ended,), daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process id, which is its group's as well."""
        return self._process.pid

    def poll(self) -> Ended | None:
        """Return how it ended; None while it runs. What takes too long is asked to end."""
        code = self._process.poll()
        now = time.monotonic()
        if code is not None:
            self._signal(signal.SIGKILL)  # what it may have left behind
            code = 128 - code if code < 0 else code
            return Ended(code, self._said(), now - self._started, self._timed_out)
        if self._stop_at is None and now - self._started > self._limit_s:
            self._timed_out = True
            self.stop()
        elif self._stop_at is not None and now >= self._stop_at:
            self._signal(signal.SIGKILL)
        return None

    def stop(self, patience_s: float = GENTLY_S) -> None:
        """Ask it to end; `poll` kills it when it has not done so in time."""
        if self._stop_at is None:
            self._stop_at = time.monotonic() + patience_s
            self._signal(signal.SIGINT)  # as from a keyboard: it tidies up

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _listen(self, ended: Callable[[], None]) -> None:
        assert self._process.stderr is not None  # noqa: S101 - it is a pipe
        with suppress(OSError, ValueError):
            while line := self._process.stderr.readline(_LINE_BYTES):
                self._lines.append(line.decode("utf-8", "replace").strip())
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GENTLY_S)
        ended()

    def _said(self) -> str:
        """Return its complaint: hints stand behind it, indented by who wrote them."""
        lines = [line for line in self._lines if line.startswith("seawall: ")]
        return lines[-1].removeprefix("seawall: ") if lines else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
