import re
import signal
import time
from collections.abc import Callable

import pytest

from tests.patience import ends


def caught() -> None:
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: S112 - what is tested is that this catches nothing
            continue


def backtracking() -> None:
    re.match(r"(a+)+$", "a" * 60 + "b")


@pytest.mark.parametrize("endless", [caught, backtracking])
def test_what_does_not_end_fails(endless: Callable[[], None]) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"within 0\.01 CPU s"), ends(0.01):
        endless()


def test_waiting_takes_no_patience() -> None:
    with ends(0.05):
        time.sleep(0.2)


def test_afterwards_nothing_is_counted() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(ValueError, match="wrong"), ends():
        raise ValueError("wrong")
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    assert signal.getsignal(signal.SIGPROF) == before
