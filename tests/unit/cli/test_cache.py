"""The cache of layers on the command line: shared by commands, shown, pruned, replaced."""

import json
import os
import sqlite3
from pathlib import Path

import pytest

from seawall.cli import main
from seawall.inventory.layer_store import LayerStore
from tests.unit.inventory.images import file, save

STATUS = b"Package: a\nStatus: install ok installed\nVersion: 1\n\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home/layers.sqlite"


@pytest.fixture
def image(tmp_path: Path) -> str:
    layers = [
        [
            file("etc/os-release", b"ID=debian\nVERSION_ID=12\n"),
            file("var/lib/dpkg/status", STATUS),
        ],
        [file("app/node_modules/x/package.json", b"{damaged")],
    ]
    return save(tmp_path / "image.tar", layers)


def status(capsys: pytest.CaptureFixture[str]) -> int:
    """Return how many layers and images are kept."""
    assert main(["cache", "status", "--format", "json"]) == 0
    return int(json.loads(capsys.readouterr().out)["subjects"])


def inventory(capsys: pytest.CaptureFixture[str], image: str, *more: str) -> str:
    assert main(["inventory", image, "--format", "json", *more]) == 3  # one file is damaged
    return capsys.readouterr().out


@pytest.mark.parametrize("first", ["inventory", "scan"])
def test_an_inventory_is_the_same_from_the_cache(
    capsys: pytest.CaptureFixture[str], cache: Path, image: str, first: str
) -> None:
    plain = inventory(capsys, image, "--no-cache")
    assert not cache.exists()
    main([first, image])
    capsys.readouterr()
    assert status(capsys) == 2  # the layers; a scan keeps its compiled patterns, too
    with sqlite3.connect(cache) as connection:
        connection.execute("UPDATE reading SET used = 0")
    assert inventory(capsys, image) == plain
    with sqlite3.connect(cache) as connection:
        (used,) = connection.execute(
            "SELECT min(used) FROM reading WHERE part = 'facts'"
        ).fetchone()
    assert used > 0  # so it came from there


def test_a_scan_after_an_inventory_finds_what_it_finds_without_cache(
    capsys: pytest.CaptureFixture[str], cache: Path, image: str
) -> None:
    def scan(*more: str) -> object:
        main(["scan", image, "--format", "json", *more])
        report = json.loads(capsys.readouterr().out)
        return {name: value for name, value in report.items() if "date" not in name}

    plain = scan("--no-cache")
    inventory(capsys, image)
    assert scan() == scan() == plain


def of_nonsense(path: Path) -> None:
    path.write_bytes(b"nonsense" * 20)


def of_noise(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def of_another_program(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mails (text)")


def of_other_columns(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE reading (x)")


def with_broken_pages(path: Path) -> None:
    LayerStore.open(path, "x").close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        rows = [(f"sha256:{n}", "facts", "x", n, bytes(5000)) for n in range(40)]
        connection.executemany("INSERT INTO reading VALUES (?, ?, ?, ?, ?)", rows)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)  # all but the schema
    path.write_bytes(content)


@pytest.fixture(params=[of_nonsense, of_noise, of_other_columns, with_broken_pages])
def damaged(
    request: pytest.FixtureRequest, cache: Path, capsys: pytest.CaptureFixture[str]
) -> Path:
    request.param(cache)
    cache.chmod(0o600)
    capsys.readouterr()
    return cache


def test_a_damaged_file_is_said_and_replaced_when_asked(
    capsys: pytest.CaptureFixture[str], damaged: Path, image: str
) -> None:
    for action in (["status"], ["prune"]):
        assert main(["cache", *action]) == 3
        message = capsys.readouterr().err
        assert str(damaged) in message
        assert "seawall cache prune --all" in message
    assert "damaged" in inventory(capsys, image)
    assert main(["cache", "prune", "--all"]) == 0
    assert "now an empty cache" in capsys.readouterr().out
    assert status(capsys) == 0
    inventory(capsys, image)
    assert status(capsys) == 2


def test_another_programs_database_is_never_replaced(
    capsys: pytest.CaptureFixture[str], cache: Path, image: str
) -> None:
    of_another_program(cache)
    cache.chmod(0o600)
    before = cache.read_bytes()
    for action in (["status"], ["prune"], ["prune", "--all"]):
        assert main(["cache", *action]) == 3
        message = capsys.readouterr().err
        assert f"{cache}: another program's database" in message
        assert "nothing is lost" not in message
        assert "prune --all" not in message
    inventory(capsys, image)
    assert cache.read_bytes() == before


def test_a_cache_that_others_may_write_is_not_used_and_not_replaced(
    capsys: pytest.CaptureFixture[str], cache: Path, image: str
) -> None:
    plain = inventory(capsys, image)
    with sqlite3.connect(cache) as connection:  # such rows would hide all there is
        connection.execute("UPDATE reading SET data = x'00'")
    cache.chmod(0o666)
    assert main(["inventory", image, "--format", "json"]) == 3
    shown = capsys.readouterr()
    assert shown.out == plain
    assert "reading without the cache of layers" in shown.err
    assert f"chmod go-w {cache}" in shown.err
    for action in (["status"], ["prune", "--all"]):
        assert main(["cache", *action]) == 3
        assert "other users may write to it" in capsys.readouterr().err
    with sqlite3.connect(cache) as connection:
        assert connection.execute("SELECT DISTINCT data FROM reading").fetchall() == [(b"\0",)]


def test_what_is_no_file_is_left_alone(capsys: pytest.CaptureFixture[str], cache: Path) -> None:
    cache.mkdir()
    (cache / "mine").touch()
    for action in (["status"], ["prune", "--all"]):
        assert main(["cache", *action]) == 3
        assert str(cache) in capsys.readouterr().err
    assert (cache / "mine").exists()


def test_pruning_all_where_nothing_is_damaged_removes_the_readings(
    capsys: pytest.CaptureFixture[str], cache: Path, image: str
) -> None:
    inventory(capsys, image)
    before = cache.stat().st_ino
    assert main(["cache", "prune", "--all"]) == 0
    assert "removed 2 readings" in capsys.readouterr().out
    assert cache.stat().st_ino == before
