import pytest

from seawall.scanning.configuration.checks.shell_form_entrypoint import SHELL_FORM_ENTRYPOINT
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image


def test_a_shell_is_found() -> None:
    found = in_build_file(SHELL_FORM_ENTRYPOINT, "FROM a:1\nENTRYPOINT run --now\nCMD x\n")
    assert evidence(found) == ["ENTRYPOINT …", "CMD …"]
    assert evidence(in_image(SHELL_FORM_ENTRYPOINT, entrypoint=("/bin/sh", "-c", "run"))) == [
        "ENTRYPOINT sh -c"
    ]


@pytest.mark.parametrize("line", ['ENTRYPOINT ["run"]', "ENTRYPOINT exec run", "CMD []"])
def test_the_exec_form_is_fine(line: str) -> None:
    assert in_build_file(SHELL_FORM_ENTRYPOINT, f"FROM a:1\n{line}\n") == []


def test_an_image_that_starts_its_program_itself_is_fine() -> None:
    assert (
        in_image(SHELL_FORM_ENTRYPOINT, entrypoint=("/run",), command=("/bin/sh", "-c", "x")) == []
    )
    assert in_image(SHELL_FORM_ENTRYPOINT, command=("/bin/sh", "-c", "exec run")) == []
