import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.fleet.notifying.json_lines import append_once


def append(path: Path, number: int, padding: int = 0) -> bool:
    beginning = f'{{"id":"{number}",'.encode()
    return append_once(path, beginning, beginning + b'"x":"%s"}' % (b"x" * padding))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5)))
def test_each_line_stands_once_in_the_order_of_its_first(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "file"
    for number in numbers:
        append(path, number)
    lines = path.read_text().splitlines() if numbers else []
    assert lines == [f'{{"id":"{n}","x":""}}' for n in dict.fromkeys(numbers)]


def test_a_line_that_was_cut_is_left_and_written_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    append(path, 1)
    path.write_bytes(path.read_bytes() + b'{"id":"2","x')
    assert append(path, 2)
    assert path.read_text().splitlines() == [
        '{"id":"1","x":""}',
        '{"id":"2","x',
        '{"id":"2","x":""}',
    ]
    assert not append(path, 2)


def test_an_id_inside_of_another_line_is_not_taken_for_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    append_once(path, b"a", b'a {"id":"7",')
    assert append(path, 7)


def test_what_a_full_disk_left_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    append(path, 1)
    whole = path.read_bytes()
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < 500:
            raise OSError(28, "No space left on device")
        return real(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        append(path, 2, 4000)
    monkeypatch.undo()
    assert path.read_bytes() == whole
    assert append(path, 2, 4000)


def test_only_the_owner_reads_what_is_made_so(tmp_path: Path) -> None:
    append_once(tmp_path / "file", b"a", b"a", 0o600)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_links_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", ".", "none/file"):
        with pytest.raises(OSError):  # noqa: PT011 - each has its own text
            append(tmp_path / name, 1)


def test_many_that_write_at_once_keep_their_lines_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    threads = [
        threading.Thread(target=lambda k=k: [append(path, n, 3000) for n in range(k, k + 20)])
        for k in range(0, 80, 10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = path.read_text().splitlines()
    assert sorted(int(line.split('"')[3]) for line in lines) == list(range(90))
