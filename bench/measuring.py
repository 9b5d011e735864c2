"""Run a command as a whole process and take the operating system's own account of it."""

import json
import os
import shlex
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SEAWALL = (sys.executable, "-m", "seawall")


# A process counts the memory of the one it was forked from towards its own peak, so the command
# is started by a small one, not by the bench.
_LAUNCHER = """
import os, sys, time
started = time.perf_counter()
nothing = os.open(os.devnull, os.O_RDWR)
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
    (os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)])
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime,
      time.perf_counter() - started, usage.ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command."""

    cpu_s: float  # user and system, of the process and its children
    wall_s: float
    peak_mib: float  # resident, of the largest process


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run a command whose exit code is 0 or 3, output thrown away."""
    # Python keeps compiled modules, unless it is told not to, as it is on some machines for tests.
    settings = {**(os.environ if environment is None else environment)}
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        capture_output=True,
        text=True,
        check=True,
        env=settings,
    )
    code, cpu, wall, peak = done.stdout.split()
    if int(code) not in (0, 3):
        raise RuntimeError(f"{shlex.join(command)} ended with {code}")
    return Run(float(cpu), float(wall), float(peak) / 1024)


def paired(
    ours: Sequence[str],
    theirs: Sequence[str],
    runs: int,
    environment: Mapping[str, str] | None = None,
) -> list[tuple[Run, Run]]:
    """Run two commands in turn, after one warm-up of each, so that a noisy machine hits both."""
    run(ours, environment)
    run(theirs, environment)
    return [(run(ours, environment), run(theirs, environment)) for _ in range(runs)]


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def keep(name: str, results: object) -> None:
    """Write results beside the scripts."""
    (HERE / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")


def told(text: str) -> None:
    """Say what is going on, on stderr."""
    print(text, file=sys.stderr, flush=True)
