"""What the command decides before, around and after the scan."""

import json
from pathlib import Path

import pytest

from seawall.cli import main
from seawall.scanning.reports import FORMATS
from tests.unit.inventory.images import file, save

PILLOW = "x/a.dist-info/METADATA"
ID = "CVE-2023-4863"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, so that no exceptions lie about."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def image(tmp_path: Path) -> str:
    layers = [
        [file("etc/motd", b"hello")],
        [file(PILLOW, b"Name: pillow\nVersion: 9.4.0\n")],
    ]
    return save(tmp_path / "image.tar", layers)


def exception(**keys: str) -> str:
    values = {"id": ID, "owner": "ana", "reason": "never called", "until": "2999-12-31"} | keys
    lines = "".join(f"    {key}: {value}\n" for key, value in values.items())
    return f"exceptions:\n  -\n{lines}"


def findings(
    capsys: pytest.CaptureFixture[str], image: str, *arguments: str
) -> dict[str, str | None]:
    capsys.readouterr()
    assert main(["scan", image, "--format", "json", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    return {finding["id"]: finding["suppressed"] for finding in found}


@pytest.mark.parametrize(
    "arguments",
    [
        ["-o", "no/folder/out.json"],
        ["--also", "html=no/folder/out.html"],
        ["-o", "."],
        ["--vex", "none.json"],
        ["--exceptions", "none.yaml"],
    ],
)
def test_a_file_that_cannot_be_is_complained_of_before_the_image_is_looked_for(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code = 2 if arguments[0] in ("--vex", "--exceptions") else 3
    assert main(["scan", "docker-archive:/no/such/image.tar", *arguments]) == code
    message = capsys.readouterr().err
    assert arguments[1].partition("=")[2] or arguments[1] in message
    assert "/no/such/image.tar" not in message


def test_a_mistake_in_the_exceptions_is_complained_of_before_the_scan(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / ".seawall.yaml").write_text(exception(until="soon"))
    assert main(["scan", "docker-archive:/no/such/image.tar"]) == 2
    assert "seawall: .seawall.yaml:6: until: 'soon' is no date" in capsys.readouterr().err


def test_exceptions_that_are_no_file_are_not_passed_over(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    place = folder / ".seawall.yaml"
    target = "docker-archive:/no/such/image.tar"
    place.mkdir()
    assert main(["scan", target]) == 2
    place.rmdir()
    place.symlink_to("nowhere.yaml")
    assert main(["scan", target]) == 2
    said = capsys.readouterr().err
    assert said.count(".seawall.yaml: no file, or a link that leads to none") == 2
    assert main(["scan", target, "--exceptions", "/dev/null"]) == 2
    assert "image.tar: no such file" in capsys.readouterr().err


def test_exceptions_of_this_folder_are_used_and_open_the_gate(
    capsys: pytest.CaptureFixture[str], folder: Path, image: str
) -> None:
    assert main(["scan", image, "--fail-on", "low"]) == 1
    assert findings(capsys, image)[ID] is None
    (folder / ".seawall.yaml").write_text(exception(id="'*'"))
    assert main(["scan", image, "--fail-on", "low"]) == 0
    text = "exception of ana until 2999-12-31: never called"
    assert set(findings(capsys, image).values()) == {text}
    empty = folder / "empty.yaml"
    empty.touch()
    assert main(["scan", image, "--fail-on", "low", "--exceptions", str(empty)]) == 1


def test_exceptions_that_mean_nothing_are_mentioned_on_stderr(
    capsys: pytest.CaptureFixture[str], folder: Path, image: str
) -> None:
    (folder / "mine.yaml").write_text(exception(id="CVE-1999-1"))
    assert main(["scan", image, "--exceptions", "mine.yaml"]) == 0
    assert "mine.yaml:2 (CVE-1999-1, ana): this exception means nothing here" in (
        capsys.readouterr().err.replace("mine.yaml:3", "mine.yaml:2")
    )


def test_openvex_out_is_vex_in(
    capsys: pytest.CaptureFixture[str], folder: Path, image: str
) -> None:
    (folder / ".seawall.yaml").write_text(exception())
    assert main(["scan", image, "--format", "openvex", "-o", "vex.json"]) == 0
    first = findings(capsys, image)
    (folder / ".seawall.yaml").unlink()
    second = findings(capsys, image, "--vex", "vex.json")
    assert {key for key, text in second.items() if text} == {ID}
    assert {key for key, text in first.items() if text} == {ID}


def test_explaining_tells_why_a_statement_does_not_apply(
    capsys: pytest.CaptureFixture[str], folder: Path, image: str
) -> None:
    said = {
        "vulnerability": {"name": ID},
        "products": [{"@id": "pkg:pypi/pillow@9.5.0"}],
        "status": "fixed",
    }
    vex = {"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-01-01T00:00:00Z"}
    (folder / "vex.json").write_text(json.dumps(vex | {"statements": [said]}))
    assert main(["scan", image, "--vex", "vex.json", "--explain", ID]) == 0
    out = capsys.readouterr().out
    assert "VEX, vex.json, statement 1: fixed, of 2026-01-01 00:00 UTC" in out
    assert "does not apply: product pkg:pypi/pillow@9.5.0: version differs: 9.5.0 ≠ 9.4.0" in out


def test_a_base_is_compared_and_a_wrong_one_is_wrong_use(
    capsys: pytest.CaptureFixture[str], folder: Path, image: str
) -> None:
    base = save(folder / "base.tar", [[file("etc/motd", b"hello")]])
    assert main(["scan", image, "--base", base]) == 0
    assert "from your layers:" in capsys.readouterr().out
    other = save(folder / "other.tar", [[file("etc/motd", b"bye")]])
    assert main(["scan", image, "--base", other]) == 2
    assert "was not built from it: layer 1 is" in capsys.readouterr().err


def test_every_format_is_named_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["scan", "--help"])
    text = "".join(capsys.readouterr().out.split())  # lines end within names too
    assert ",".join(FORMATS) in text


def test_a_threshold_decides_which_tests_of_junit_fail(
    capsys: pytest.CaptureFixture[str], folder: Path, image: str
) -> None:
    assert main(["scan", image, "--fail-on", "critical", "--format", "junit"]) in (0, 1)
    strict = capsys.readouterr().out.count("<failure")
    assert main(["scan", image, "--format", "junit"]) == 0
    assert capsys.readouterr().out.count("<failure") > strict
