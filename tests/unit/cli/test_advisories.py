"""``seawall advisories status``: what the store holds, and what is old in it."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seawall.advisories.store import AdvisoryStore
from seawall.advisories.store_writer import StoreWriter
from seawall.cli import main
from seawall.cli.status import write_table
from tests.unit.advisories.records import below, feed_state, parsed, record


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path))
    return tmp_path


def make(home: Path, alpine_days: float, obtained_days: float = 0) -> None:
    now = datetime.now(UTC)
    obtained = (now - timedelta(days=obtained_days, hours=1)).isoformat()
    with StoreWriter(home / "advisories.sqlite") as writer:
        writer.add("osv/PyPI", parsed(record("X-1", below("PyPI", "x", "2")), "PyPI"))
        for name, days in (("osv/PyPI", 1.0), ("osv/Alpine", alpine_days), ("kev", 2.0)):
            newest = (now - timedelta(days=days)).isoformat()
            writer.note(replace(feed_state(name, 2000), newest=newest, obtained=obtained))
        writer.publish()


def test_a_feed_that_stands_still_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(home, alpine_days=60)
    assert main(["advisories", "status"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("newer ones are missing: Alpine 2")
    assert "PyPI" not in last
    assert "kev" not in last


def test_current_feeds_need_no_word(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(home, alpine_days=2)
    assert main(["advisories", "status"]) == 0
    assert "missing" not in capsys.readouterr().out


def test_a_store_that_nobody_updates_is_old_as_a_whole(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(home, alpine_days=9, obtained_days=8)
    assert main(["advisories", "status"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert all(name in last for name in ("Alpine", "PyPI", "kev"))


def test_what_a_store_holds_is_told_to_programs(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(home, alpine_days=2)
    assert main(["advisories", "status", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ecosystems"] == [{"name": "PyPI", "advisories": 1, "ranges": 1}]


def test_an_exported_snapshot_may_be_of_a_part_and_only_of_what_is_known(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(home, alpine_days=2)
    export = ["advisories", "export", "--snapshot", str(home / "part.zst")]
    assert main([*export, "--partial", "nmp"]) == 2
    assert "--partial nmp: not known" in capsys.readouterr().err
    assert main([*export, "--partial", "PyPI"]) == 0
    with AdvisoryStore.from_snapshot((home / "part.zst").read_bytes(), "part") as store:
        out = io.StringIO()
        write_table(store, is_snapshot=True, out=out)
    assert "only a part of what is known is here: PyPI\n" in out.getvalue()
