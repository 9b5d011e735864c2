"""Which image of an index is meant."""

import pytest

from seawall.errors import UsageError
from seawall.images import parse_target
from seawall.images.platforms import Platform


def offered(*written: str) -> list[Platform]:
    return [Platform(*one.split("/")) for one in written]


@pytest.mark.parametrize(
    ("wanted", "choices", "best"),
    [
        ("linux/amd64", ("linux/arm64", "linux/amd64"), 1),
        ("linux/x86_64", ("linux/arm64", "linux/amd64"), 1),
        ("linux/arm64", ("linux/amd64", "linux/arm64/v8"), 1),
        ("linux/arm64/v8", ("linux/amd64", "linux/arm64"), 1),
        ("linux/arm/v7", ("linux/arm/v5", "linux/arm/v6", "linux/arm/v8"), 1),
        ("linux/arm/v7", ("linux/arm/v6", "linux/arm"), 1),
        ("linux/arm/v6", ("linux/arm/v7", "linux/arm/v6"), 1),
        ("linux/arm/v5", ("linux/arm/v7", "linux/arm/v6"), None),
        ("linux/amd64", ("linux/amd64/v3", "linux/amd64"), 1),
        ("linux/amd64", ("windows/amd64", "linux/386"), None),
        ("windows/amd64", ("linux/amd64", "windows/amd64"), 1),
        ("linux/amd64", (), None),
    ],
)
def test_the_nearest_platform_that_runs_there_is_best(
    wanted: str, choices: tuple[str, ...], best: int | None
) -> None:
    assert Platform.parse(wanted).best(offered(*choices)) == best


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ("x86_64", "linux/amd64"),
        ("aarch64", "linux/arm64"),
        ("armv7l", "linux/arm"),
        ("armv6l", "linux/arm/v6"),
        ("riscv64", "linux/riscv64"),
    ],
)
def test_this_machine_has_a_platform(
    monkeypatch: pytest.MonkeyPatch, machine: str, expected: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert str(Platform.here()) == expected


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/am d64"])
def test_what_is_no_platform_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError):
        Platform.parse(text)


def test_a_platform_is_chosen_only_where_there_are_several() -> None:
    assert parse_target("registry:debian", "linux/aarch64").platform == "linux/arm64"
    assert parse_target("registry:debian").platform == ""
    with pytest.raises(UsageError, match="no platforms to choose from"):
        parse_target("docker:debian", "linux/arm64")
