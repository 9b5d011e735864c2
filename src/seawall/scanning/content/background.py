"""Work that goes on beside reading: one thread, tasks in their order, a bounded amount of them.

Searching and hashing do without Python's lock, so a second core does them while the first reads
on.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

_MOST_BYTES = 16 << 20  # of content that waits


class Background:
    """Does tasks one after another, in another thread."""

    def __init__(self) -> None:
        # It starts its thread with the first task, and ends it when it is no longer used.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="looking")
        self._waiting: deque[tuple[Future[None], int]] = deque()
        self._bytes = 0

    def do(self, task: Callable[[], None], size: int) -> None:
        """Have a task done that holds `size` bytes; wait first where too many bytes wait.

        Raises what an earlier task raised.
        """
        while self._waiting and self._bytes + size > _MOST_BYTES:
            self._take_first()
        self._waiting.append((self._executor.submit(task), size))
        self._bytes += size

    def finish(self) -> None:
        """Wait until all is done; raise what a task raised."""
        while self._waiting:
            self._take_first()

    def _take_first(self) -> None:
        task, size = self._waiting.popleft()
        self._bytes -= size
        task.result()
