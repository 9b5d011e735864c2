"""What a container changed, as a layer: from an export, and from an overlay's upper folder."""

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import CorruptImage, LimitExceeded, SourceUnavailable
from seawall.images import Limits
from seawall.images.sources.container_layer import of_export, of_upper_folder, opened_upper_folder
from seawall.model import Incomplete
from tests.unit.images.building import Entry, folder, hard_link, packed, symlink

ADDED, CHANGED, DELETED = 1, 0, 2


def members(chunks: Iterator[bytes]) -> dict[str, tuple[bytes, str, bytes]]:
    """Return what Python's own reader finds: type, link and content by name, in order."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks)), mode="r:") as tar:
        found = {}
        for member in tar:
            file = tar.extractfile(member) if member.isreg() else None
            found[member.name] = (member.type, member.linkname, file.read() if file else b"")
        return found


def from_export(
    entries: list[Entry], changes: dict[bytes, int] | None, gaps: list[Incomplete] | None = None
) -> dict[str, tuple[bytes, str, bytes]]:
    gaps = [] if gaps is None else gaps
    export = iter([packed(entries, tarfile.PAX_FORMAT)])
    return members(of_export(export, changes, "here", Limits(), gaps))


# --- from an export ------------------------------------------------------------------------------


def test_only_what_changed_is_taken_from_an_export() -> None:
    long = "d/" + "n" * 200
    entries = [
        folder("d"),
        Entry("d/same", b"from the image"),
        Entry("d/changed", b"x" * 1000),
        Entry(long, b"long"),
        symlink("d/link", "/changed"),
        hard_link("d/hard", "/d/changed"),
    ]
    changed = ("d", "d/changed", long, "d/link", "d/hard")
    assert from_export(entries, {path.encode(): CHANGED for path in changed}) == {
        "d": (tarfile.DIRTYPE, "", b""),
        "d/changed": (tarfile.REGTYPE, "", b"x" * 1000),
        long: (tarfile.REGTYPE, "", b"long"),
        "d/link": (tarfile.SYMTYPE, "/changed", b""),
        "d/hard": (tarfile.LNKTYPE, "d/changed", b""),
    }


def test_what_was_deleted_becomes_a_whiteout() -> None:
    found = from_export([], {b"etc/gone": DELETED, b"top": DELETED})
    assert list(found) == ["etc/.wh.gone", ".wh.top"]


def test_a_folder_that_was_made_again_hides_what_was_in_it() -> None:
    found = from_export([folder("d"), Entry("d/new", b"n")], {b"d": DELETED, b"d/new": ADDED})
    assert list(found) == ["d", "d/new", ".wh.d"]


def test_what_went_away_between_list_and_export_is_deleted() -> None:
    assert list(from_export([], {b"d/brief": ADDED})) == ["d/.wh.brief"]


def test_without_a_list_everything_is_taken() -> None:
    assert list(from_export([folder("d"), Entry("d/f", b"x")], None)) == ["d", "d/f"]


def test_a_name_that_would_hide_another_file_is_a_gap_and_hides_nothing() -> None:
    gaps: list[Incomplete] = []
    changes = {b"d/.wh.secret": ADDED, b".wh..wh..opq": ADDED, b".wh.d/x": ADDED}
    entries = [Entry(path.decode(), b"x") for path in changes]
    assert from_export(entries, changes, gaps) == {}
    assert sorted(gap.path for gap in gaps) == [".wh..wh..opq", ".wh.d/x", "d/.wh.secret"]


def test_a_name_that_is_no_utf8_counts_as_changed() -> None:
    entry = tarfile.TarInfo("d/\udcff")
    entry.size = 1
    data = entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + b"x" + bytes(1535)
    found = members(of_export(iter([data]), {"d/\ufffd".encode(): ADDED}, "here", Limits(), []))
    assert found["d/\udcff"][2] == b"x"


def test_an_export_that_breaks_off_is_an_error() -> None:
    data = packed([Entry("a", b"x" * 5000)])
    with pytest.raises(CorruptImage):
        list(of_export(iter([data[:3000]]), None, "here", Limits(), []))


names = st.text("ab", min_size=1, max_size=2)
paths = st.lists(names, min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(paths, st.sampled_from((ADDED, CHANGED, DELETED)), max_size=8))
def test_every_change_is_in_the_layer_as_itself_or_as_a_whiteout(changes: dict[str, int]) -> None:
    there = [path for path, kind in changes.items() if kind != DELETED]
    listed = {path.encode(): kind for path, kind in changes.items()}
    found = from_export([Entry(path, b"x") for path in there], listed)
    for path, kind in changes.items():
        above, slash, name = path.rpartition("/")
        assert (f"{above}{slash}.wh.{name}" if kind == DELETED else path) in found
    assert len(found) == len(changes)


# --- from an upper folder ------------------------------------------------------------------------


def from_upper(root: Path, limits: Limits | None = None) -> tuple[dict[str, bytes], list[str]]:
    """Return content by name, and the paths of gaps."""
    gaps: list[Incomplete] = []
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        found = members(of_upper_folder(top, "here", limits or Limits(), gaps))
    finally:
        os.close(top)
    return {name: content or link.encode() for name, (_, link, content) in found.items()}, [
        gap.path for gap in gaps
    ]


needs_root = pytest.mark.skipif(
    opened_upper_folder("/") is None, reason="needs root over the whole machine"
)


def test_an_upper_folder_is_a_layer(tmp_path: Path) -> None:
    (tmp_path / "d/e").mkdir(parents=True)
    (tmp_path / "d/e/file").write_bytes(b"f" * 3000)
    (tmp_path / "d/empty").touch()
    (tmp_path / "d/link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "d/pipe")
    (tmp_path / os.fsdecode(b"\xff")).write_bytes(b"odd")
    assert from_upper(tmp_path) == (
        {
            "d": b"",
            "d/e": b"",
            "d/e/file": b"f" * 3000,
            "d/empty": b"",
            "d/link": b"/etc/passwd",
            "d/pipe": b"",
            "\udcff": b"odd",
        },
        [],
    )


@needs_root
def test_the_kernels_whiteouts_become_those_of_layers(tmp_path: Path) -> None:
    (tmp_path / "d/again").mkdir(parents=True)
    (tmp_path / "d/again/new").write_bytes(b"n")
    os.mknod(tmp_path / "d/gone", stat.S_IFCHR, os.makedev(0, 0))
    os.mknod(tmp_path / "d/null", stat.S_IFCHR, os.makedev(1, 3))
    try:
        os.setxattr(tmp_path / "d/again", "trusted.overlay.opaque", b"y")
    except OSError as error:
        pytest.skip(f"no trusted attributes here: {error.strerror}")
    found, gaps = from_upper(tmp_path)
    assert sorted(found) == [
        *("d", "d/.wh.gone", "d/again", "d/again/.wh..wh..opq", "d/again/new", "d/null")
    ]
    assert gaps == []


@needs_root
def test_a_layer_that_is_not_whole_by_itself_has_gaps(tmp_path: Path) -> None:
    (tmp_path / "renamed").mkdir()
    (tmp_path / "file").write_bytes(b"")
    try:
        os.setxattr(tmp_path / "renamed", "trusted.overlay.redirect", b"/old")
        os.setxattr(tmp_path / "file", "trusted.overlay.metacopy", b"")
    except OSError as error:
        pytest.skip(f"no trusted attributes here: {error.strerror}")
    assert sorted(from_upper(tmp_path)[1]) == ["file", "renamed"]


def test_a_name_that_would_hide_another_is_a_gap(tmp_path: Path) -> None:
    (tmp_path / ".wh.d").mkdir()
    (tmp_path / ".wh.d/x").touch()
    (tmp_path / ".wh.passwd").touch()
    found, gaps = from_upper(tmp_path)
    assert (found, sorted(gaps)) == ({}, [".wh.d", ".wh.passwd"])


def test_a_file_that_shrinks_or_grows_meanwhile_keeps_the_layer_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a" * (3 << 20))
    top = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    chunks = of_upper_folder(top, "here", Limits(), [])
    start = [next(chunks), next(chunks)]
    os.truncate(tmp_path / "a", 1 << 20)
    found = members(iter([*start, *chunks]))
    os.close(top)
    assert len(found["a"][2]) == 3 << 20


def test_a_link_put_in_a_folders_place_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"s")
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "z").write_bytes(b"z" * 10)
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    gaps: list[Incomplete] = []
    chunks = of_upper_folder(top, "here", Limits(), gaps)
    start = [next(chunks)]  # the root has been opened, `a` not yet
    (root / "a").rmdir()
    (root / "a").symlink_to(outside)
    found = members(iter([*start, *chunks]))
    os.close(top)
    assert "a/secret" not in found


def test_a_folder_that_goes_away_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a").write_bytes(b"a")
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    chunks = of_upper_folder(top, "here", Limits(), [])
    next(chunks)
    (root / "a").unlink()
    root.rmdir()
    with pytest.raises(SourceUnavailable, match="removed"):
        list(chunks)
    os.close(top)


def test_limits_hold_in_an_upper_folder(tmp_path: Path) -> None:
    (tmp_path / "a/b/c/d").mkdir(parents=True)
    with pytest.raises(LimitExceeded, match="depth"):
        from_upper(tmp_path, Limits(depth=2))
    with pytest.raises(LimitExceeded, match="entries"):
        from_upper(tmp_path, Limits(entries=2))
