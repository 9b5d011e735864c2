"""The store: what goes in comes out, half-made ones never show, damaged ones say so."""

import os
import random
import shutil
import sqlite3
import threading
from importlib import resources
from pathlib import Path

import pytest
import zstandard

from seawall.advisories import AdvisoryStore, snapshot_of
from seawall.advisories.feeds.epss import Score
from seawall.advisories.feeds.kev import Exploited
from seawall.advisories.store import StoreWriter
from seawall.errors import StoreUnusable
from seawall.model import FixState, Severity
from seawall.versions import key
from tests.unit.advisories.records import (
    affects,
    below,
    feed_state,
    fill,
    parsed,
    real,
    record,
    store_of,
)

GLIBC = real("Debian", "DEBIAN-CVE-2023-4911")
JINJA = real("PyPI", "PYSEC-2021-66")


def test_an_advisory_comes_back_as_it_was_parsed(tmp_path: Path) -> None:
    with store_of(tmp_path, {"Debian": [GLIBC], "PyPI": [JINJA]}) as store:
        for content, feed in ((GLIBC, "Debian"), (JINJA, "PyPI")):
            expected = parsed(content, feed)
            ((row, advisory),) = store.named(content["id"]).items()
            assert advisory == expected.advisory
            assert store.ranges(row) == expected.intervals


def test_an_advisory_is_found_by_each_of_its_names(tmp_path: Path) -> None:
    with store_of(tmp_path, {"PyPI": [JINJA]}) as store:
        for name in ("PYSEC-2021-66", "CVE-2020-28493", "GHSA-g3rq-g295-4j3m"):
            assert [a.id for a in store.named(name).values()] == ["PYSEC-2021-66"]
        assert store.named("CVE-2020") == {}


def test_ranges_hold_versions_as_their_keys_say(tmp_path: Path) -> None:
    content = record(
        "X-1", affects("PyPI", "thing", {"introduced": "1"}, {"fixed": "2"}, versions=["3"])
    )
    with store_of(tmp_path, {"PyPI": [content]}) as store:
        product = store.products([("PyPI", "thing"), ("PyPI", "other")])[("PyPI", "thing")]
        asked = ["0.9", "1", "1.9", "2", "3", "3.0.1"]
        found = store.matches((i, product, key("pep440", v)) for i, v in enumerate(asked))
        assert sorted(asked[hit.subject] for hit in found) == ["1", "1.9", "3"]


def test_withdrawn_advisories_match_nothing_but_are_still_known(tmp_path: Path) -> None:
    content = record("X-1", below("PyPI", "thing", "2"), withdrawn="2026-01-01T00:00:00Z")
    with store_of(tmp_path, {"PyPI": [content]}) as store:
        (product,) = store.products([("PyPI", "thing")]).values()
        assert list(store.matches([(0, product, key("pep440", "1"))])) == []
        assert len(store.named("X-1")) == 1
        assert store.counts()["withdrawn"] == 1


def test_a_question_may_be_asked_twice(tmp_path: Path) -> None:
    with store_of(tmp_path, {"PyPI": [record("X-1", below("PyPI", "thing", "2"))]}) as store:
        (product,) = store.products([("PyPI", "thing")]).values()
        asked = [(0, product, key("pep440", "1"))]
        assert list(store.matches(asked)) == list(store.matches(asked)) != []


def test_what_cannot_be_compared_is_listed(tmp_path: Path) -> None:
    content = real("PyPI", "PYSEC-2024-264")
    with store_of(tmp_path, {"PyPI": [content]}) as store:
        assert store.counts()["uncomparable"] == 1
        ranges = [(name, u.name) for name, u in store.all_unparsable() if not u.is_exact]
        assert ranges == [("PYSEC-2024-264", "apache-airflow")]


def test_exploitation_and_likelihood_are_told_by_cve(tmp_path: Path) -> None:
    exploited = [Exploited("CVE-2023-4911", "2023-11-21", ransomware=False)]
    scores = [Score("CVE-2023-4911", 0.65, 0.98)]
    with store_of(tmp_path, {"Debian": [GLIBC]}, exploited, scores) as store:
        told = store.likelihood("CVE-2023-4911")
        assert (told.exploited_since, told.probability) == ("2023-11-21", 0.65)
        assert store.likelihood("CVE-2020-1").probability is None


def test_many_rows_are_asked_for_in_parts(tmp_path: Path) -> None:
    several = [record(f"X-{n}", below("PyPI", "thing", "2")) for n in range(1201)]
    with store_of(tmp_path, {"PyPI": several}) as store:
        assert len(store.advisories(range(1, 1202))) == 1201
        assert store.has_advisories("PyPI", 1201)
        assert not store.has_advisories("PyPI", 1202)


# --- writing -------------------------------------------------------------------------------------


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


# --- damage --------------------------------------------------------------------------------------


def ask_everything(store: AdvisoryStore) -> None:
    store.feeds(), store.counts(), store.by_ecosystem(), store.ecosystems()
    list(store.all_unparsable())
    for product in store.products([("Debian:12", "glibc"), ("PyPI", "jinja2")]).values():
        list(store.matches([(0, product, key("dpkg", "1"))]))
        list(store.spoken_of(product))
        store.unparsable(product)
    store.newest(["Debian:12", "PyPI"])
    store.rated(["CVE-2023-4911"])
    for row in store.named("CVE-2023-4911"):
        store.ranges(row)
        store.unparsable_of(row)
    store.likelihood("CVE-2023-4911")


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"\xff" * 4096])
def test_what_is_no_store_is_refused_with_a_hint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "advisories.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreUnusable) as caught, AdvisoryStore.open(path):
        pass
    assert "advisories update" in caught.value.hint


def test_no_store_and_a_store_of_another_format_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    with pytest.raises(StoreUnusable, match="no advisory store"):
        AdvisoryStore.open(path)
    fill(path, {"PyPI": [JINJA]})
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = '0'")
    with pytest.raises(StoreUnusable, match="another version"):
        AdvisoryStore.open(path)


@pytest.mark.parametrize("seed", range(3))
def test_of_a_damaged_store_only_store_unusable_escapes(tmp_path: Path, seed: int) -> None:
    path, broken = tmp_path / "advisories.sqlite", tmp_path / "broken.sqlite"
    fill(path, {"PyPI": [JINJA, real("PyPI", "PYSEC-2024-264")], "Debian": [GLIBC]})
    whole = path.read_bytes()
    dice = random.Random(seed)
    told = 0
    for _ in range(150):
        content = bytearray(whole[: dice.choice([len(whole), dice.randrange(len(whole))])])
        for _ in range(dice.randrange(40)):
            if content:
                content[dice.randrange(len(content))] = dice.randrange(256)
        broken.write_bytes(content)
        try:
            with AdvisoryStore.open(broken) as store:
                ask_everything(store)
        except StoreUnusable:
            told += 1
    assert told > 50


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


def test_the_snapshot_in_the_package_says_that_of_npm_and_php_it_has_a_part() -> None:
    content = resources.files("seawall.advisories") / "snapshot.sqlite.zst"
    with AdvisoryStore.from_snapshot(content.read_bytes(), "snapshot") as snapshot:
        assert snapshot.partial() == {"Packagist", "npm"}


def test_an_advisory_on_two_releases_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "advisories.sqlite"
    fill(path, {"PyPI": [JINJA], "Debian": [GLIBC]}, [])
    with AdvisoryStore.open(path) as store:
        assert store.speaking_of(["Debian:12"]) == 1
        assert store.speaking_of(["Debian:12", "Debian:13", "Debian:99"]) == 1
        assert store.speaking_of(["Debian:13", "PyPI", "npm"]) == 2
        assert store.speaking_of([]) == 0


@pytest.mark.parametrize("content", [b"", b"junk", zstandard.compress(b"junk")])
def test_a_damaged_snapshot_is_refused(content: bytes) -> None:
    with pytest.raises(StoreUnusable):
        AdvisoryStore.from_snapshot(content, "snapshot")


def test_no_snapshot_is_made_of_what_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable):
        snapshot_of(tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_states_and_severities_survive(tmp_path: Path) -> None:
    content = record(
        "X-1",
        affects(
            "Debian:12",
            "tar",
            {"introduced": "0"},
            ecosystem_specific={"urgency": "unimportant"},
        ),
        database_specific={"severity": "HIGH"},
    )
    with store_of(tmp_path, {"Debian": [content]}) as store:
        ((row, advisory),) = store.named("X-1").items()
        assert store.ranges(row)[0].range.state is FixState.WILL_NOT_FIX
        assert advisory.severity is Severity.HIGH


def test_a_path_with_odd_characters_is_no_other_path(tmp_path: Path) -> None:
    odd = tmp_path / "a?mode=rw#b c%20"
    odd.mkdir()
    fill(tmp_path / "advisories.sqlite", {"PyPI": [JINJA]})
    shutil.copy(tmp_path / "advisories.sqlite", odd / "advisories.sqlite")
    with AdvisoryStore.open(odd / "advisories.sqlite") as store:
        assert store.counts()["advisories"] == 1
