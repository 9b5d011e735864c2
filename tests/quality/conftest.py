"""Holds the scores of the quality gate, and shows them at the end of a run.

``recorded.json`` has what each subject reached. ``SEAWALL_QUALITY=record`` writes better values
into it. Worse ones are written by hand only, with a line ``"because"`` that says why.
"""

import os

import pytest

from tests.quality.scoring import Score, is_worse, reached, record, recorded, table

SCORES: dict[str, Score] = {}


def held(name: str, score: Score) -> None:
    """Fail where a score is worse than the recorded one."""
    now, before = reached(score), recorded().get(name)
    if os.environ.get("SEAWALL_QUALITY") == "record" and not (before and is_worse(now, before)):
        record(name, now)
        return
    assert before is not None, f"{name}: no recorded value; see docs/quality.md"
    wrong = [*(f"missed: {m}" for m in score.missed), *(f"false: {f}" for f in score.false)]
    assert not is_worse(now, before), "\n".join((f"{now} is worse than {before}", *wrong))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, and each label that was missed or finding that is false."""
    if not SCORES:
        return
    terminalreporter.section("quality gate")
    for line in table(SCORES):
        terminalreporter.write_line(line)
    for name, score in SCORES.items():
        for sort, several in (("missed", score.missed), ("false", score.false)):
            for one in several:
                terminalreporter.write_line(f"{name}: {sort}: {one[:240]}")
