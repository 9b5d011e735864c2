import multiprocessing
import sqlite3
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from seawall.errors import CacheDamaged, CacheUnusable
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
    with pytest.raises(CacheDamaged, match="another program"):
        LayerStore.open(path, "one")
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
        store.put(f"sha256:{number}", "facts", bytes(1000))
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
