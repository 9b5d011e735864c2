"""What bounds a test without a clock on the wall: code whose cost explodes, and only that, fails.

How fast something is, is measured in ``bench/``: a limit of seconds in a test fails on a machine
that is busy and proves nothing on one that is not. What a test can hold is that work does not grow
with the square of its input, or worse. It gives so large an input that the right code needs a
second or two and the wrong one many minutes, inside `ends`.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

CPU_S = 120  # of this process, all its threads, in user and kernel mode


@contextmanager
def ends(cpu_s: float = CPU_S) -> Iterator[None]:
    """Fail the test when what is inside takes more than `cpu_s` seconds of the processor.

    Time in which the process waits does not count, so other work on the machine does not matter.
    The failure is no `Exception`: nothing inside catches it by mistake. A regular expression that
    backtracks is interrupted; any other long call into C is not, the test fails when it is over.

    Only for the main thread, where Python handles signals, and not one inside another.
    """

    def fail(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(f"did not end within {cpu_s:g} CPU s: quadratic?")

    before = signal.signal(signal.SIGPROF, fail)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
