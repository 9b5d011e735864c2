import multiprocessing
import os
import sqlite3
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from seawall.errors import CacheDamaged, CacheUnusable, DigestMismatch
from seawall.images import (
    FoundFile,
    LayerReading,
    OpenImage,
    Selector,
    open_image,
    parse_target,
)
from seawall.inventory import Reading, read_image
from seawall.inventory.layer_store import LayerStore, analyser_version
from seawall.model import Layer
from tests.unit.inventory.images import file, link, save
from tests.unit.inventory.test_reading import OS_RELEASE, STATUS, package_json, stanza

LAYERS = [
    [
        file("etc/os-release", OS_RELEASE),
        file(STATUS, stanza("a", "1") + stanza("b", "1")),
        file("var/lib/dpkg/info/a.md5sums", b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/a\n"),
        file("app/node_modules/x/package.json", package_json("x")),
        file("app/node_modules/y/package.json", package_json("y")),
        link("lib", "usr/lib", tarfile.SYMTYPE),
    ],
    [file("app/node_modules/.wh.x"), file(STATUS, stanza("a", "2")), file("app/y", b"")],
    [
        file("app/node_modules/y/package.json", b"{damaged"),
        link("z/package.json", "app/node_modules/y/package.json"),
    ],
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LayerStore]:
    with LayerStore.open(tmp_path / "cache" / "layers.sqlite", "one") as opened:
        yield opened


def read(target: str, store: LayerStore | None) -> Reading:
    with open_image(parse_target(target)) as opened:
        return read_image(opened, cache=store)


def test_a_reading_from_the_cache_equals_one_from_the_image(
    store: LayerStore, tmp_path: Path
) -> None:
    target = save(tmp_path / "image.tar", LAYERS)
    plain, first, second = read(target, None), read(target, store), read(target, store)
    assert (first.cached, second.cached) == (0, 3)
    assert plain.inventory == first.inventory == second.inventory
    assert plain.image == second.image
    for (_, a), (_, b) in zip(plain.layers, second.layers, strict=True):
        assert a == b
    assert plain.inventory.incomplete  # what could not be read is kept, too


def test_only_a_new_layer_is_read_of_an_image_that_shares_the_others(
    store: LayerStore, tmp_path: Path
) -> None:
    read(save(tmp_path / "one.tar", LAYERS), store)
    target = save(tmp_path / "two.tar", [*LAYERS, [file(STATUS, stanza("c", "3"))]])
    with open_image(parse_target(target)) as opened:
        seen = _Watched(opened)
        reading = read_image(cast("OpenImage", seen), cache=store)
    assert reading.cached == 3
    assert seen.read == [reading.image.layers[3].diff_id]
    assert reading.inventory == read(target, None).inventory


def test_a_layer_without_a_digest_is_read_although_all_others_are_known(
    store: LayerStore, tmp_path: Path
) -> None:
    target = save(tmp_path / "image.tar", LAYERS)
    read(target, store)
    with open_image(parse_target(target)) as opened:
        container = cast("OpenImage", _Container(opened))
        reading = read_image(container, cache=store)
    assert reading.cached == 3
    assert [p.name for p in reading.inventory.packages if p.layer == ""] == ["own"]


class _Container:
    """An open image with one more layer, which has no diff-id: what a container changed."""

    def __init__(self, opened: OpenImage) -> None:
        self._opened, self.diff_ids = opened, opened.diff_ids
        self.image = replace(opened.image, layers=(*opened.image.layers, Layer("")))

    def layers(self, selector: Selector, *more: Any) -> Iterator[LayerReading]:
        yield from self._opened.layers(selector, *more)
        content = package_json("own")
        yield LayerReading(iter([FoundFile(b"own/node_modules/own/package.json", content)]))


class _Watched:
    """An open image that notes which layers were read."""

    def __init__(self, opened: OpenImage) -> None:
        self._opened = opened
        self.read: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._opened, name)

    def layers(self, *arguments: object) -> Iterator[object]:
        for reading in self._opened.layers(*arguments):  # type: ignore[arg-type]
            yield reading
            self.read.append(reading.diff_id)


def test_what_other_code_read_does_not_count(store: LayerStore, tmp_path: Path) -> None:
    store.put("sha256:1", "facts", b"x")
    with LayerStore.open(tmp_path / "cache" / "layers.sqlite", "two") as other:
        assert other.get("sha256:1", "facts") is None
        other.put("sha256:1", "facts", b"y")
        assert other.get("sha256:1", "facts") == b"y"
    assert store.get("sha256:1", "facts") is None


def test_a_damaged_reading_is_read_anew(store: LayerStore, tmp_path: Path) -> None:
    target = save(tmp_path / "image.tar", LAYERS)
    first = read(target, store)
    for layer in first.image.layers:
        store.put(layer.diff_id, "facts", b"no such thing")
    again = read(target, store)
    assert again.cached == 0
    assert again.inventory == first.inventory


def test_one_flipped_bit_makes_a_reading_absent(store: LayerStore, tmp_path: Path) -> None:
    store.put("sha256:1", "facts", b"curl 7.88.1")
    with sqlite3.connect(tmp_path / "cache" / "layers.sqlite") as connection:
        [(data,)] = connection.execute("SELECT data FROM reading").fetchall()
        for at in range(len(data)):
            flipped = data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
            connection.execute("UPDATE reading SET data = ?", (flipped,))
            connection.commit()
            assert store.get("sha256:1", "facts") is None
        connection.execute("UPDATE reading SET data = ?, subject = 'sha256:2'", (data,))
    assert store.get("sha256:2", "facts") is None, "a reading of another layer"


def test_what_an_image_with_a_wrong_digest_says_is_not_kept(
    store: LayerStore, tmp_path: Path
) -> None:
    real = Path(save(tmp_path / "real.tar", LAYERS).partition(":")[2] or tmp_path / "real.tar")
    content = real.read_bytes()
    at = content.index(b"Package: a\nStatus: install ok installed\nVersion: 1")
    fake = content[:at] + b"Package: z" + content[at + 10 :]
    (tmp_path / "fake.tar").write_bytes(fake)
    with pytest.raises(DigestMismatch):
        read(f"docker-archive:{tmp_path / 'fake.tar'}", store)
    found = read(f"docker-archive:{real}", store)
    assert found.cached == 0
    assert found.inventory == read(f"docker-archive:{real}", None).inventory


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "layers.sqlite"
    path.write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(CacheUnusable, match="not a database"):
        LayerStore.open(path, "one")


def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "layers.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mails (text)")
    path.chmod(0o644)
    before = path.read_bytes()
    with pytest.raises(CacheUnusable, match="another program") as refused:
        LayerStore.open(path, "one")
    assert not isinstance(refused.value, CacheDamaged)  # which would be replaced when asked
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_is_no_reading_counts_as_absent(store: LayerStore, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cache" / "layers.sqlite") as connection:
        connection.execute("INSERT INTO reading VALUES ('sha256:1', 'facts', 'one', 1, 'text')")
    assert store.get("sha256:1", "facts") is None


def test_a_replaced_store_is_empty_and_its_old_log_is_not_written_into_it(tmp_path: Path) -> None:
    path = tmp_path / "layers.sqlite"
    with LayerStore.open(path, "one") as store:
        store.put("sha256:1", "facts", b"x")
        log = path.with_name("layers.sqlite-wal").read_bytes()
    assert log
    path.write_bytes(b"damaged" * 1000)
    path.with_name("layers.sqlite-wal").write_bytes(log)
    with LayerStore.replace(path, "one") as store:
        assert store.size().subjects == 0


def test_a_store_in_use_is_not_called_damaged(
    store: LayerStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seawall.inventory.layer_store._WAIT_S", 0.01)
    with sqlite3.connect(tmp_path / "cache" / "layers.sqlite", isolation_level=None) as other:
        with LayerStore.open(tmp_path / "cache" / "layers.sqlite", "one") as waiting:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(CacheUnusable, match="locked") as refused:
                waiting.put("sha256:1", "facts", b"x")
            other.execute("ROLLBACK")
        assert not isinstance(refused.value, CacheDamaged)


def test_only_the_owner_may_read_the_file(store: LayerStore, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "layers.sqlite"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_folder_and_the_file_are_for_the_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "layers.sqlite"
    before = os.umask(0)
    try:
        with LayerStore.open(path, "one") as store:
            store.put("sha256:1", "facts", b"x")
            modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert modes == {f"layers.sqlite{ending}": 0o600 for ending in ("", "-shm", "-wal")}


PLACES = ("", "layers.sqlite", "layers.sqlite-wal", "layers.sqlite-shm", "layers.sqlite-journal")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Return a folder with a store, and with each file that SQLite may keep beside it."""
    folder = tmp_path / "cache"
    with LayerStore.open(folder / "layers.sqlite", "one") as store:
        store.put("sha256:1", "facts", b"x")
    for name in PLACES[1:]:
        (folder / name).touch(mode=0o600)
    return folder


def refusal(folder: Path) -> CacheUnusable:
    with pytest.raises(CacheUnusable) as refused:
        LayerStore.open(folder / "layers.sqlite", "one")
    assert not isinstance(refused.value, CacheDamaged)  # which would be replaced when asked
    return refused.value


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("place", PLACES)
def test_what_belongs_to_another_user_is_not_believed(kept: Path, place: str) -> None:
    os.chown(kept / place, 65534, 65534)
    error = refusal(kept)
    assert str(error).startswith(f"{kept / place}: belongs to another user (uid 65534)")
    assert "SEAWALL_HOME" in error.hint


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
@pytest.mark.parametrize("place", PLACES)
def test_what_another_user_may_write_to_is_not_believed(kept: Path, place: str, mode: int) -> None:
    (kept / place).chmod(mode | (0o100 if place == "" else 0))
    error = refusal(kept)
    assert str(error).startswith(f"{kept / place}: other users may write to it")
    assert f"chmod go-w {kept / place}" in error.hint


def test_a_link_to_what_another_user_may_write_to_is_not_believed(
    kept: Path, tmp_path: Path
) -> None:
    kept.chmod(0o777)
    (tmp_path / "layers.sqlite").symlink_to(kept / "layers.sqlite")
    assert str(refusal(tmp_path)).startswith(f"{kept}: other users")


def test_in_a_sticky_folder_only_the_files_must_be_ours(kept: Path) -> None:
    kept.chmod(0o1777)
    with LayerStore.open(kept / "layers.sqlite", "one") as store:
        assert store.get("sha256:1", "facts") == b"x"
    (kept / "layers.sqlite").chmod(0o606)
    refusal(kept)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_what_root_keeps_for_others_to_read_is_not_called_anothers(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 65534)
    with LayerStore.open(kept / "layers.sqlite", "one") as store:
        assert store.get("sha256:1", "facts") == b"x"


def test_what_has_no_digest_is_no_layer_but_has_a_size(store: LayerStore) -> None:
    store.put("sha256:1", "facts", b"1234")
    store.put("patterns", "0123", b"56789")
    assert (store.size().subjects, store.size().size_bytes) == (1, 9 + 2 * 16)


def _write(path: Path, number: int) -> None:
    with LayerStore.open(path, "one") as store:
        for row in range(50):
            store.put(f"sha256:{number}-{row}", "facts", bytes(20_000))
            assert store.get(f"sha256:{number}-{row}", "facts") == bytes(20_000)


def test_many_processes_write_at_once_and_none_fails(tmp_path: Path) -> None:
    path = tmp_path / "layers.sqlite"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    with LayerStore.open(path, "one") as store:
        assert store.size().subjects == 200


def test_pruning_removes_the_unused_and_keeps_to_a_size(store: LayerStore, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "layers.sqlite"
    for number in range(10):
        store.put(f"sha256:{number}", "facts", bytes(984))  # and a checksum of 16 bytes
    with sqlite3.connect(path) as connection:
        old = int(time.time()) - 40 * 86_400
        connection.execute("UPDATE reading SET used = ? WHERE subject < 'sha256:3'", (old,))
    assert store.prune(unused_days=30) == 3
    assert store.prune(unused_days=30, keep_bytes=4000) == 3
    assert store.size().size_bytes == 4000
    assert store.prune(0, everything=True) == 4


def test_use_is_noted_so_that_pruning_spares_it(tmp_path: Path) -> None:
    path = tmp_path / "layers.sqlite"
    with LayerStore.open(path, "one") as store:
        store.put("sha256:1", "facts", b"x")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE reading SET used = 0")
    with LayerStore.open(path, "one") as store:
        store.get("sha256:1", "facts")
    with LayerStore.open(path, "one") as store:
        assert store.prune(unused_days=30) == 0


def test_the_analyser_is_known_by_its_own_files() -> None:
    assert analyser_version() == analyser_version()
    assert analyser_version(("images",)) != analyser_version(("inventory",))
