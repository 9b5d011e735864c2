from pathlib import Path

import pytest

from seawall.errors import DeliveryFailed
from seawall.fleet.notifying import decode
from seawall.fleet.notifying.settings import FileSettings
from seawall.fleet.notifying.sinks.file import File
from tests.unit.fleet.notifying.samples import brought, flaw, notice


def test_a_notice_that_is_sent_again_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    sink = File(FileSettings("file", path))
    for one in (notice(), brought(), notice(), brought(), notice(flaw("CVE-2026-2"))):
        sink.send(one)
    ids = [decode(line).id for line in path.read_bytes().splitlines()]
    assert ids == [notice().id, brought().id, notice(flaw("CVE-2026-2")).id]


def test_a_file_that_is_moved_away_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    sink = File(FileSettings("file", path))
    sink.send(notice())
    path.rename(tmp_path / "old")
    sink.send(brought())
    assert [decode(line).id for line in path.read_bytes().splitlines()] == [brought().id]


def test_a_place_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "file"):
        with pytest.raises(DeliveryFailed, match=str(tmp_path)):
            File(FileSettings("file", path)).send(notice())
