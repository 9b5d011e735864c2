import subprocess
import sys
import threading
from functools import partial

import pytest

from seawall.scanning.content import background
from seawall.scanning.content.background import Background


def test_tasks_are_done_in_their_order_in_another_thread() -> None:
    done: list[int] = []
    threads = set()
    work = Background()

    def note(number: int) -> None:
        done.append(number)
        threads.add(threading.get_ident())

    for number in range(100):
        work.do(partial(note, number), 1)
    work.finish()
    assert done == list(range(100))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_whoever_brings_more_than_may_wait_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_MOST_BYTES", 10)
    gate = threading.Event()
    order: list[str] = []
    work = Background()

    def first() -> None:
        gate.wait()
        order.append("first")

    work.do(first, 8)
    threading.Timer(0.05, gate.set).start()
    work.do(lambda: order.append("second"), 8)
    order.append("brought")
    work.finish()
    assert order.index("first") < order.index("brought")


def test_one_task_that_is_larger_than_all_that_may_wait_is_done() -> None:
    done = []
    work = Background()
    work.do(lambda: done.append(1), 1 << 40)
    work.finish()
    assert done == [1]


def test_what_a_task_raises_is_raised_to_whoever_waits_and_ends_the_work() -> None:
    work = Background()

    def broken() -> None:
        raise ZeroDivisionError

    work.do(broken, 1)
    done: list[int] = []
    work.do(partial(done.append, 1), 1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            work.finish()
    assert done == [], "its results would lack those of the task that failed"
    with pytest.raises(ZeroDivisionError):
        work.do(partial(done.append, 2), 1)


def test_the_thread_ends_with_the_work_that_it_is_for() -> None:
    work = Background()
    threads: list[threading.Thread] = []
    work.do(lambda: threads.append(threading.current_thread()), 1)
    work.finish()
    del work
    threads[0].join(10)
    assert not threads[0].is_alive()


def test_a_program_that_ends_does_not_wait_for_the_work() -> None:
    code = (
        "import time\n"
        "from seawall.scanning.content.background import Background\n"
        "work = Background()\n"
        "for _ in range(1000): work.do(lambda: time.sleep(3600), 1)\n"
        "raise KeyboardInterrupt\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode != 0
    assert b"KeyboardInterrupt" in done.stderr
