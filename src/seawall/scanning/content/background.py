"""Work that goes on beside reading: one thread, tasks in their order, a bounded amount of them.

Searching and hashing do without Python's lock, so a second core does them while the first reads
on. The thread is a daemon: whoever ends the program does not wait for what was still to be done.
"""

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

_MOST_BYTES = 16 << 20  # of what waits

_Task = tuple[Callable[[], None], int]


class Background:
    """Does tasks one after another, in another thread, until one fails."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._state = _State()
        self._is_started = False

    def do(self, task: Callable[[], None], size: int) -> None:
        """Have a task done that holds `size` bytes; wait first where too many bytes wait.

        Raises what an earlier task raised.
        """
        if not self._is_started:
            self._is_started = True
            arguments = (self._tasks, self._state)
            threading.Thread(target=_work, args=arguments, name="looking", daemon=True).start()
            # The thread knows nothing of this object, so it ends when nobody has this any more.
            weakref.finalize(self, self._tasks.put, None)
        self._state.wait_for(lambda open_, size_: not open_ or size_ + size <= _MOST_BYTES)
        self._state.add(1, size)
        self._tasks.put((task, size))

    def finish(self) -> None:
        """Wait until all is done; raise what a task raised, each time."""
        self._state.wait_for(lambda open_, _: not open_)


class _State:
    """How much is to be done yet, and what went wrong."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = self._bytes = 0
        self.error: BaseException | None = None

    def add(self, tasks: int, size: int) -> None:
        with self._changed:
            self._open += tasks
            self._bytes += size
            self._changed.notify_all()

    def wait_for(self, is_enough: Callable[[int, int], bool]) -> None:
        with self._changed:
            while not is_enough(self._open, self._bytes):
                self._changed.wait()
        if self.error is not None:
            raise self.error


def _work(tasks: "SimpleQueue[_Task | None]", state: _State) -> None:
    while (next_ := tasks.get()) is not None:
        task, size = next_
        try:
            if state.error is None:  # results without those of a failed task are worth nothing
                task()
        except BaseException as error:
            state.error = error
        del task, next_  # their content must not stay until the next ones come
        state.add(-1, -size)
