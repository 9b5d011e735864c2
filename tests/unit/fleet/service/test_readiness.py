import os
import socket
from pathlib import Path

import pytest

from seawall.fleet.service import readiness


@pytest.mark.parametrize("is_abstract", [False, True])
def test_systemd_hears_each_state_on_its_line(
    is_abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"seawall-test-{os.getpid()}"
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0" + name if is_abstract else path)
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name if is_abstract else path)
        readiness.tell(readiness.READY, readiness.status("two\nlines"))
        assert systemd.recv(1000) == b"READY=1\nSTATUS=two lines"


@pytest.mark.parametrize("address", ["", "nonsense", "/nowhere/at/all"])
def test_without_a_listener_nothing_happens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    readiness.tell(readiness.READY)


def test_the_watchdog_of_another_process_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert readiness.watchdog_s() == 30.0
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert readiness.watchdog_s() is None


@pytest.mark.parametrize("microseconds", ["", "soon", "0", "-5"])
def test_without_a_sensible_interval_there_is_no_watchdog(
    microseconds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    assert readiness.watchdog_s() is None
