"""What a person sees while long work goes on: one line on stderr, gone when the work is done.

Nothing is shown where stderr is no terminal.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID


@contextmanager
def reading(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a callback for layers read and packages seen."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console

    started = time.monotonic()
    with Console(stderr=True).status(f"reading {what}") as status:

        def report(layers: int, packages: int) -> None:
            seconds = time.monotonic() - started
            status.update(
                f"reading {what}: {layers} layers, {packages:,} packages, {seconds:.0f} s"
            )

        yield report


@contextmanager
def fetching() -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield a callback for what is fetched or read: how much, of how much if known."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def report(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report


def _silent(*_: object) -> None:
    """Show nothing."""
