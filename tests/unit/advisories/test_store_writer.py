"""Writing: half-made stores never show, and what goes wrong leaves what there was."""

import os
import threading
from pathlib import Path

import pytest

from seawall.advisories import AdvisoryStore, snapshot_of
from seawall.advisories.feeds.kev import Exploited
from seawall.advisories.store_writer import StoreWriter
from seawall.errors import StoreUnusable
from seawall.versions import key
from tests.unit.advisories.records import (
    ask_everything,
    below,
    feed_state,
    fill,
    parsed,
    real,
    record,
)

GLIBC = real("Debian", "DEBIAN-CVE-2023-4911")
JINJA = real("PyPI", "PYSEC-2021-66")


def test_nothing_shows_before_it_is_published(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    with StoreWriter(path) as writer:
        writer.add("osv/PyPI", parsed(JINJA, "PyPI"))
        assert not path.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_reader_keeps_the_store_it_opened(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    fill(path, {"PyPI": [JINJA]})
    with AdvisoryStore.open(path) as before:
        fill(path, {"Debian": [GLIBC]})
        assert before.counts()["advisories"] == 1
        assert [f.name for f in before.feeds()] == ["osv/PyPI"]
    with AdvisoryStore.open(path) as after:
        assert [f.name for f in after.feeds()] == ["osv/Debian", "osv/PyPI"]


def test_readers_at_work_during_many_updates_see_whole_stores_only(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    fill(path, {"PyPI": [record("X-0", below("PyPI", "thing", "2"))]})
    done = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not done.is_set():
            with AdvisoryStore.open(path) as store:
                seen.append(store.counts()["advisories"])

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 12):
        fill(path, {"PyPI": [record(f"X-{number}", below("PyPI", "thing", "2"))]})
    done.set()
    reader.join()
    assert seen
    assert set(seen) <= set(range(1, 13))
    assert seen == sorted(seen)


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    waited: list[int] = []
    start = threading.Barrier(4)

    def write(number: int) -> None:
        start.wait()
        with StoreWriter(path, lambda: waited.append(number)) as writer:
            content = record(f"X-{number}", below("PyPI", "thing", "2"))
            writer.add("osv/PyPI", parsed(content, "PyPI"))
            writer.publish()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with AdvisoryStore.open(path) as store:
        assert store.counts()["advisories"] == 4
    assert waited
    assert [p.name for p in tmp_path.iterdir()] == ["advisories.sqlite"]


def test_a_feed_that_is_forgotten_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    fill(path, {"PyPI": [JINJA], "Debian": [GLIBC]})
    with StoreWriter(path) as writer:
        writer.forget("osv/Debian")
        writer.publish()
    with AdvisoryStore.open(path) as store:
        assert store.named("CVE-2023-4911") == {}
        assert store.ecosystems() == {"PyPI"}


def write_to_a_full_disk(path: Path) -> None:
    with StoreWriter(path) as writer:
        writer._db.execute("PRAGMA max_page_count = 1")  # as if the disk had no more room
        for number in range(10_000):
            content = record(f"X-{number}", below("PyPI", f"thing-{number}", "2"))
            writer.add("osv/PyPI", parsed(content, "PyPI"))


def test_a_full_disk_is_told_and_leaves_what_there_was(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    fill(path, {"PyPI": [JINJA]})
    with pytest.raises(StoreUnusable, match="full") as caught:
        write_to_a_full_disk(path)
    assert "free space" in caught.value.hint
    with AdvisoryStore.open(path) as store:
        assert store.counts()["advisories"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["advisories.sqlite"]


def test_a_folder_that_cannot_be_written_is_told_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnusable) as caught:
        StoreWriter(tmp_path / "file" / "advisories.sqlite")
    assert "SEAWALL_HOME" in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_can_be_read_and_not_written(tmp_path: Path) -> None:
    fill(tmp_path / "advisories.sqlite", {"PyPI": [JINJA]})
    tmp_path.chmod(0o500)
    try:
        with AdvisoryStore.open(tmp_path / "advisories.sqlite") as store:
            assert store.counts()["advisories"] == 1
        with pytest.raises(StoreUnusable):
            StoreWriter(tmp_path / "advisories.sqlite")
    finally:
        tmp_path.chmod(0o700)


def test_a_place_where_not_even_root_can_write_is_told() -> None:
    with pytest.raises(StoreUnusable):
        StoreWriter(Path("/proc/seawall/advisories.sqlite"))


def test_an_update_does_not_carry_damage_on(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    many = [record(f"X-{n}", below("PyPI", f"thing-{n}", "2")) for n in range(2000)]
    fill(path, {"PyPI": many})
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 16384] = b"\x07" * 16384
    path.write_bytes(content)
    with StoreWriter(path) as writer:
        assert writer.feeds() == {}  # so that all is fetched anew
        writer.add("osv/PyPI", parsed(JINJA, "PyPI"))
        writer.note(feed_state("osv/PyPI"))
        writer.publish()
    with AdvisoryStore.open(path) as store:
        ask_everything(store)
        assert store.counts()["advisories"] == 1


# --- the snapshot --------------------------------------------------------------------------------


def test_a_snapshot_answers_as_the_store_it_was_made_of(tmp_path: Path) -> None:
    several = [record(f"X-{n}", below("PyPI", f"thing-{n % 7}", f"{n}.0")) for n in range(60)]
    several.append(record("X-w", below("PyPI", "thing-1", "9"), withdrawn="2026-01-01T00:00:00Z"))
    path = tmp_path / "advisories.sqlite"
    exploited = [Exploited(cve, "2023-11-21", True) for cve in ("CVE-2023-4911", "CVE-2000-1111")]
    fill(path, {"PyPI": [*several, JINJA], "Debian": [GLIBC]}, exploited)
    names = [("PyPI", f"thing-{n}") for n in range(7)] + [("PyPI", "jinja2")]
    asked = [key("pep440", f"{n}.0") for n in range(0, 60, 3)]
    with (
        AdvisoryStore.open(path) as store,
        AdvisoryStore.from_snapshot(snapshot_of(path), "snapshot") as snapshot,
    ):
        products = [store.products(names), snapshot.products(names)]
        found = [
            {
                (name, hit.subject, one.advisories([hit.advisory])[hit.advisory].id, hit.interval)
                for name, product in mine.items()
                for hit in one.matches((i, product, place) for i, place in enumerate(asked))
            }
            for one, mine in zip((store, snapshot), products, strict=True)
        ]
        assert found[0] == found[1]
        assert found[0]
        assert snapshot.likelihood("CVE-2023-4911") == store.likelihood("CVE-2023-4911")
        assert snapshot.counts()["exploited"] == 1
        assert snapshot.counts()["withdrawn"] == 0
        assert store.by_ecosystem() == [("PyPI", 62, 62), ("Debian:12", 1, 1), ("Debian:13", 1, 1)]
        assert snapshot.by_ecosystem() == [
            ("PyPI", 61, 61),
            ("Debian:12", 1, 1),
            ("Debian:13", 1, 1),
        ]


def test_a_snapshot_knows_of_what_it_has_a_part(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    fill(path, {"PyPI": [JINJA]}, [])
    with (
        AdvisoryStore.open(path) as store,
        AdvisoryStore.from_snapshot(snapshot_of(path), "snapshot") as whole,
        AdvisoryStore.from_snapshot(snapshot_of(path, ["npm", "Rocky Linux"]), "x") as part,
    ):
        assert store.partial() == whole.partial() == frozenset()
        assert part.partial() == {"npm", "Rocky Linux"}


def test_no_snapshot_is_made_of_what_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable):
        snapshot_of(tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []
