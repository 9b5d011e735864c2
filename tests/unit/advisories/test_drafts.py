"""Unfinished files go with their makers, and only with them."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from seawall.advisories.drafts import alone, draft

HOLD = """
import sys, time
from pathlib import Path
from seawall.advisories.drafts import alone, draft
folder = Path(sys.argv[1])
with alone(folder, lambda: None), draft(folder, "d-", ".new") as path:
    print(path, flush=True)
    time.sleep(60)
"""


def holder(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_draft_is_gone_after_its_block(tmp_path: Path) -> None:
    with draft(tmp_path, "d-", ".new") as path:
        assert path.is_file()
    assert list(tmp_path.iterdir()) == []


def test_what_was_moved_away_stays(tmp_path: Path) -> None:
    with draft(tmp_path, "d-", ".new") as path:
        path.write_text("done")
        path.replace(tmp_path / "result")
    assert (tmp_path / "result").read_text() == "done"


def test_drafts_follow_the_umask_like_any_file(tmp_path: Path) -> None:
    with draft(tmp_path, "d-", ".new") as path:
        assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_the_draft_of_a_process_at_work_stays_and_that_of_a_killed_one_goes(tmp_path: Path) -> None:
    process, held = holder(tmp_path)
    try:
        with draft(tmp_path, "d-", ".new") as mine:
            assert held.exists()
            assert mine != held
    finally:
        kill(process)
    assert held.exists()
    with draft(tmp_path, "d-", ".new"):
        assert not held.exists()


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "e-1.new"
    other.write_text("")
    with draft(tmp_path, "d-", ".new"):
        assert other.exists()


def test_one_waits_until_the_other_is_done_or_dead(tmp_path: Path) -> None:
    process, _ = holder(tmp_path)
    told = threading.Event()
    entered = threading.Event()

    def enter() -> None:
        with alone(tmp_path, told.set):
            entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert told.wait(10)
    assert not entered.is_set()
    kill(process)
    assert entered.wait(10)
    thread.join()


def test_a_folder_that_is_none_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"), draft(tmp_path / "none", "d-", ".new"):
        pass
