"""Run a command as a whole process and take the operating system's own account of it."""

import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SEAWALL = (sys.executable, "-m", "seawall")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command."""

    cpu_s: float  # user and system, of the process and its children
    wall_s: float
    peak_mib: float  # resident, of the largest process


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run a command whose exit code is 0 or 3, output thrown away."""
    started = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(environment) if environment is not None else None,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise RuntimeError(f"{shlex.join(command)} ended with {process.returncode}")
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


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
