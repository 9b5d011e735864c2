import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.check_docs import accepted, arguments, main, problems, slug

PROJECT = Path(__file__).parents[3]
SOMEWHERE = "/" + "work/main"


@pytest.fixture
def check(tmp_path: Path) -> object:
    """Check a project made of these files; problems as text."""

    def run(files: Mapping[str, str]) -> list[str]:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return [str(found) for found in problems(tmp_path, list(files), accepted)]

    return run


class Check:
    def __call__(self, files: Mapping[str, str]) -> list[str]: ...
