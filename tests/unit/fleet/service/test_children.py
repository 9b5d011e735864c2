import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from seawall.fleet.service.children import Child, Ended

# What stands in for the launcher: it gets the parent's id, then the arguments.
SHELL = ("-c", "import os, sys; os.execvp('sh', ['sh', '-c', *sys.argv[2:]])")


def child(script: str, limit_s: float = 60.0, ended: Callable[[], None] = lambda: None) -> Child:
    return Child([script], limit_s, os.environ, ended, SHELL)


def end_of(one: Child, patience_s: float = 30.0) -> Ended:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if ended := one.poll():
            return ended
        time.sleep(0.01)
    raise AssertionError("it runs on")


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    until = time.monotonic() + 10
    while is_there(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_there(pid)


def test_the_reason_is_the_last_complaint_and_not_its_hint() -> None:
    ended = end_of(child("echo 'seawall: a' >&2; echo 'seawall: b' >&2; echo '  try' >&2; exit 3"))
    assert (ended.code, ended.reason) == (3, "b")


def test_a_child_without_words_is_known_by_its_code_or_signal() -> None:
    assert end_of(child("exit 7")).reason == "exit code 7"
    assert end_of(child("kill -SEGV $$")).reason == "killed by SIGSEGV"


def test_whoever_waits_is_woken_when_a_child_ends() -> None:
    woken = threading.Event()
    one = child("exit 0", ended=woken.set)
    assert woken.wait(10)
    assert end_of(one).code == 0


def test_a_child_that_takes_too_long_is_asked_to_end_then_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = child("trap '' INT; while :; do sleep 0.1; done", limit_s=0.2)
    until = time.monotonic() + 10
    while one._stop_at is None and time.monotonic() < until:
        one.poll()
        time.sleep(0.01)
    one._stop_at = time.monotonic() + 0.3  # the usual patience is ten seconds
    ended = end_of(one)
    assert ended.timed_out
    assert ended.code == 128 + signal.SIGKILL
    assert "not done after" in ended.reason


def test_a_child_that_is_stopped_may_tidy_up(tmp_path: Path) -> None:
    one = child(
        f"trap 'touch {tmp_path}/tidy; exit 130' INT; echo >&2; while :; do sleep 0.05; done"
    )
    time.sleep(0.3)
    one.stop()
    assert end_of(one).code == 130
    assert (tmp_path / "tidy").exists()


def test_what_a_child_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    one = child(f"sleep 600 & echo $! > {tmp_path}/pid; exit 0")
    assert end_of(one).code == 0
    assert gone(int((tmp_path / "pid").read_text()))


def test_much_that_is_said_without_lines_is_bounded() -> None:
    one = child("head -c 20000000 /dev/zero >&2; echo >&2; echo 'seawall: end' >&2; exit 3")
    assert end_of(one).reason == "end"
    assert sum(map(len, one._lines)) <= 20 * 1000


def test_the_command_runs_with_the_environment_it_is_given() -> None:
    one = Child(["--version"], 60.0, {**os.environ, "PYTHONWARNINGS": "ignore"})
    assert end_of(one).code == 0
    one = Child(["images", "add"], 60.0, os.environ)
    ended = end_of(one)
    assert (ended.code, ended.reason) == (2, "nothing to add")


PARENT = """
import os, signal, time
from pathlib import Path
from seawall.fleet.service.children import Child
one = Child(["advisories", "import", "/"], 60.0, os.environ)
late = time.monotonic() + 30
while LATE and Path(f"/proc/{one.pid}/oom_score_adj").read_text().strip() != "500":
    assert time.monotonic() < late
os.kill(one.pid, signal.SIGSTOP)
print(one.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("late", [False, True], ids=["before it is tied to it", "after"])
def test_a_parent_that_is_killed_leaves_no_child_behind(late: bool) -> None:
    program = [sys.executable, "-c", PARENT.replace("LATE", str(late))]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    if not late:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    assert gone(pid)
