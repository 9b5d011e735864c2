from pathlib import Path

import pytest

from seawall.errors import UsageError
from seawall.settings import Secret


def test_a_secret_is_read_when_it_is_needed_and_never_shown(tmp_path: Path) -> None:
    secret = Secret(tmp_path / "key", "seawall.yaml:3: secret_file")
    (tmp_path / "key").write_text(" hunter2\n")
    assert secret.value() == "hunter2"
    assert "hunter2" not in repr(secret) + str(secret)
    (tmp_path / "key").write_text("new")
    assert secret.value() == "new"


def test_a_secret_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_KEY", "hunter2")
    secret = Secret("HOOK_KEY")
    assert secret.value() == "hunter2"
    assert str(secret) == "environment variable HOOK_KEY"
    monkeypatch.delenv("HOOK_KEY")
    with pytest.raises(UsageError, match="environment variable HOOK_KEY is empty or not set"):
        secret.value()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"hunter2\nhunter3\n", "must be one line"),
        (b"hunter2\x00", "must be one line"),
        (b"hunter2\xff", "is not UTF-8"),
        (b"hunter2" * 10_000, "is larger than 64 KiB"),
    ],
)
def test_an_unusable_secret_is_refused_without_showing_it(
    tmp_path: Path, content: bytes, message: str
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    with pytest.raises(UsageError) as error:
        Secret(file, "seawall.yaml:3: secret_file").value()
    assert str(error.value).startswith(f"seawall.yaml:3: secret_file: {file} {message}")
    assert "hunter2" not in f"{error.value} {error.value.hint} {error.value.__cause__!r}"


@pytest.mark.parametrize("name", ["missing", "nul\x00byte", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        Secret(tmp_path / name).value()
