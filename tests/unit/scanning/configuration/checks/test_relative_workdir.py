import pytest

from seawall.scanning.configuration.checks.relative_workdir import RELATIVE_WORKDIR
from tests.unit.scanning.configuration.subjects import evidence, in_build_file


def test_a_relative_one_is_found() -> None:
    assert evidence(in_build_file(RELATIVE_WORKDIR, "FROM a:1\nWORKDIR app\n")) == ["WORKDIR app"]


@pytest.mark.parametrize(
    "text",
    [
        "FROM a:1\nWORKDIR /app\nWORKDIR sub",
        "FROM a:1\nWORKDIR $HOME/app",
        "FROM a:1\nWORKDIR C:\\app",
        'FROM a:1\nWORKDIR "/my app"',
        "FROM a:1 AS base\nWORKDIR /app\nFROM base\nWORKDIR sub",
    ],
)
def test_an_absolute_one_or_one_below_it_is_fine(text: str) -> None:
    assert in_build_file(RELATIVE_WORKDIR, text) == []
