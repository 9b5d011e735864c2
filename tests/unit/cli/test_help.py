import re
from pathlib import Path

import pytest

from seawall.cli import COMMANDS, main, parser
from tests.golden.comparison import assert_golden

COMMAND_LINES: tuple[list[str], ...] = (
    [],
    ["scan"],
    ["inventory"],
    ["fleet"],
    ["fleet", "run"],
    ["fleet", "status"],
    ["fleet", "test"],
    ["fleet", "deliver"],
    ["advisories"],
    ["advisories", "update"],
    ["advisories", "import"],
    ["advisories", "export"],
    ["advisories", "status"],
    ["images"],
    ["images", "add"],
    ["images", "list"],
    ["images", "show"],
    ["images", "verdict"],
    ["images", "affected"],
    ["images", "advise"],
    ["images", "rescan"],
    ["indicators"],
    ["indicators", "ask"],
    ["indicators", "keep"],
    ["cache", "prune"],
    ["completion"],
)


@pytest.mark.parametrize("command", COMMAND_LINES, ids=lambda c: " ".join(c) or "top")
def test_help_is_golden_and_fits_a_screen(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert len(text.splitlines()) <= 40
    assert_golden(f"help/{'-'.join(command) or 'seawall'}.txt", text)


def test_every_module_of_a_command_is_registered() -> None:
    folder = Path(__file__).parents[3] / "src/seawall/cli"
    declared = {
        path.stem
        for path in folder.glob("*.py")
        if re.search(r"^def add_to", path.read_text(), re.MULTILINE)
    }
    assert declared == {command.__name__.rpartition(".")[2] for command in COMMANDS}


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(command.__name__.rpartition(".")[2] in script for command in COMMANDS)


def test_no_command_prints_the_help_and_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert parser().prog in capsys.readouterr().err
