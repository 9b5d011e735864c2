"""Directories: what is in them, whatever happens to them meanwhile."""

import itertools
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seawall.errors import LimitExceeded
from seawall.images import FoundFile, LayerReading, Limits, Pattern, Selector, open_image
from seawall.model import ImageRef
from tests.unit.images.building import unpacked
from tests.unit.images.sources.one_image import SELECTOR, alarm


def read_folder(root: Path, limits: Limits | None = None) -> tuple[list[FoundFile], LayerReading]:
    with open_image(ImageRef("dir", str(root)), limits) as opened:
        (reading,) = opened.layers(SELECTOR)
        return list(reading.files), reading


def test_the_files_of_a_directory_are_one_layer(tmp_path: Path) -> None:
    unpacked({"a/wanted": b"one", "b/c/wanted": b"two", "x.egg": b"PKe", "y.egg": b"no"}, tmp_path)
    (tmp_path / "lib").symlink_to("usr/lib")
    files, reading = read_folder(tmp_path)
    assert {(file.path, file.content) for file in files} == {
        (b"a/wanted", b"one"),
        (b"b/c/wanted", b"two"),
        (b"x.egg", b"PKe"),
    }
    assert reading.incomplete == []
    assert reading.changes.folder_links == {b"lib": b"usr/lib"}


@pytest.mark.parametrize(
    ("target", "content"),
    [
        ("../usr/exact", b"inside"),
        ("/usr/exact", b"inside"),
        ("../../../../usr/exact", b"inside"),
        ("/hop/exact", b"inside"),
        ("/../outside", None),
        ("../../outside", None),
        ("nowhere", None),
        ("exact", None),
        ("/usr", None),
        ("/fifo", None),
    ],
)
def test_a_link_is_followed_with_the_directory_as_its_root(
    tmp_path: Path, target: str, content: bytes | None
) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    root = unpacked({"usr/exact": b"inside", "hop": "../usr", "etc/exact": target}, tmp_path / "r")
    os.mkfifo(root / "fifo")
    files, reading = read_folder(root)
    assert files == ([FoundFile(b"etc/exact", content)] if content else [])
    assert [item.path for item in reading.incomplete] == (
        ["etc/exact"] if target == "exact" else []
    )


def test_a_fifo_or_socket_in_a_wanted_files_place_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a/wanted")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wanted"))
        with alarm(5):
            assert read_folder(tmp_path)[0] == []


def test_a_file_over_the_limit_is_listed(tmp_path: Path) -> None:
    unpacked({"a/wanted": b"x" * 101, "b/wanted": b"x" * 100, "x.egg": b"PK" * 51}, tmp_path)
    files, reading = read_folder(tmp_path, Limits(file_bytes=100))
    assert [file.path for file in files] == [b"b/wanted"]
    assert sorted(item.path for item in reading.incomplete) == ["a/wanted", "x.egg"]
    assert "(file_bytes)" in reading.incomplete[0].reason


def test_folders_nested_too_deep_are_one_gap_and_the_rest_is_read(tmp_path: Path) -> None:
    unpacked({"a/" * 6 + "wanted": b"", "a/a/a/a/a/b/x": b"", "z/wanted": b""}, tmp_path)
    files, reading = read_folder(tmp_path, Limits(depth=5))
    assert [file.path for file in files] == [b"z/wanted"]
    (gap,) = reading.incomplete
    assert gap.path == "a/a/a/a/a/a"
    assert gap.reason == "2 folders below /a not looked into: nested deeper than 5 folders (depth)"
    files, reading = read_folder(tmp_path, Limits(depth=6))
    assert (len(files), reading.incomplete) == (2, [])


def test_too_many_entries_are_refused(tmp_path: Path) -> None:
    unpacked({"a/" * 6 + "wanted": b""}, tmp_path)
    with pytest.raises(LimitExceeded, match=r"\(entries\)"):
        read_folder(tmp_path, Limits(entries=6))
    assert read_folder(tmp_path, Limits(entries=7))[0]


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """Return a folder for trees that Python's own way to remove them is too recursive for."""
    yield tmp_path
    subprocess.run(["rm", "-r", tmp_path], check=True)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def dig(top: Path, name: str, depth: int) -> None:
    """Make folders below one another, a wanted file in the last and a sibling beside each."""
    here = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        os.mkdir("beside", dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("wanted", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)


def test_paths_longer_than_the_kernel_takes_at_once_are_a_gap(deep: Path) -> None:
    dig(deep, "d" * 200, 30)
    unpacked({"z/wanted": b""}, deep)
    files, reading = read_folder(deep)
    assert [file.path for file in files] == [b"z/wanted"]
    (gap,) = reading.incomplete
    assert gap.reason == "a folder not looked into: a path longer than 4,096 bytes"
    assert len(gap.path) < 100


def test_where_the_directory_lies_does_not_shorten_what_is_read_in_it(deep: Path) -> None:
    root = deep / ("r" * 200)
    root.mkdir()
    dig(root, "d" * 250, 16)
    files, reading = read_folder(root)
    (found,) = files
    assert len(found.path) < 4096 < len(str(root)) + len(found.path)
    assert reading.incomplete == []


def test_thousands_of_folders_in_one_another_take_few_descriptors(
    deep: Path,
) -> None:
    dig(deep, "d", 1500)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors() + 100, before[1]))
    try:
        files, reading = read_folder(deep, Limits(depth=2000))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert [file.path for file in files] == [b"d/" * 1500 + b"wanted"]
    assert reading.incomplete == []


def test_all_descriptors_are_closed_also_of_a_walk_that_ends_early(tmp_path: Path) -> None:
    unpacked({"a/" * 9 + "wanted": b"", "b/wanted": b""}, tmp_path)
    before = descriptors()
    for some in (1, 2):
        with open_image(ImageRef("dir", str(tmp_path))) as opened:
            (reading,) = opened.layers(SELECTOR)
            assert len(list(itertools.islice(reading.files, some))) == some
            del reading
    assert descriptors() == before


def test_names_that_are_no_utf8_are_read(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff\n"
    os.mkdir(folder)  # noqa: PTH102 - bytes
    Path(os.fsdecode(folder + b"/wanted")).write_bytes(b"x")
    assert read_folder(tmp_path)[0] == [FoundFile(b"\xff\n/wanted", b"x")]


class _Trap(Selector):
    """Changes the directory just after a name was listed and before the file is read."""

    def __init__(self, spring: Callable[[bytes], object]) -> None:
        super().__init__([Pattern("**/wanted"), Pattern("etc/exact")])
        self._spring = spring

    def candidates(self, path: bytes) -> list[Pattern] | None:
        self._spring(path)
        return super().candidates(path)


def trapped(root: Path, spring: Callable[[bytes], object]) -> list[FoundFile]:
    with open_image(ImageRef("dir", str(root))) as opened:
        (reading,) = opened.layers(_Trap(spring))
        return list(reading.files)


def test_what_is_replaced_during_the_walk_never_leads_outside(tmp_path: Path) -> None:
    outside = unpacked({"wanted": b"secret", "exact": b"secret"}, tmp_path / "outside")
    for number in range(4):
        root = unpacked({"a/wanted": b"x", "etc/exact": b"x"}, tmp_path / str(number))

        def spring(path: bytes, root: Path = root, number: int = number) -> None:
            if path != b"a/wanted":
                return
            match number:
                case 0:  # the file becomes a link
                    (root / "a/wanted").unlink()
                    (root / "a/wanted").symlink_to(outside / "wanted")
                case 1:  # its folder becomes a link
                    (root / "a").rename(root / "moved")
                    (root / "a").symlink_to(outside)
                case 2:  # it is gone
                    (root / "a/wanted").unlink()
                case _:  # it becomes a FIFO
                    (root / "a/wanted").unlink()
                    os.mkfifo(root / "a/wanted")

        assert [file for file in trapped(root, spring) if file.content != b"x"] == []


def test_a_file_that_may_not_be_read_is_listed() -> None:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may read everything, and there is no setpriv to be somebody else")
    code = (
        "import sys; from tests.unit.images.sources.test_directory import *; "
        "files, reading = read_folder(Path(sys.argv[1])); "
        "print([f.path.decode() for f in files], sorted((i.path, i.reason) for i in "
        "reading.incomplete))"
    )
    somebody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with tempfile.TemporaryDirectory() as folder:
        root = unpacked({f"{name}/wanted": b"x" for name in "abc"}, Path(folder))
        root.chmod(0o755)
        (root / "a/wanted").chmod(0)
        (root / "b").chmod(0)
        ran = subprocess.run(
            [*(somebody if os.geteuid() == 0 else []), sys.executable, "-c", code, root],
            capture_output=True,
            text=True,
            check=False,
        )
        (root / "b").chmod(0o755)
    if ran.returncode and "read_folder" not in ran.stderr:
        pytest.skip(f"needs an interpreter that others may run: {ran.stderr[-200:]}")
    assert ran.stdout.strip() == (
        "['c/wanted'] [('a/wanted', 'Permission denied'), ('b', 'Permission denied')]"
    ), ran.stderr
