"""The store: what goes in comes out, half-made ones never show, damaged ones say so."""

import random
import shutil
import sqlite3
from importlib import resources
from pathlib import Path

import pytest
import zstandard

from seawall.advisories import AdvisoryStore
from seawall.advisories.feeds.epss import Score
from seawall.advisories.feeds.kev import Exploited
from seawall.errors import StoreUnusable
from seawall.model import FixState, Severity
from seawall.versions import key
from tests.unit.advisories.records import (
    affects,
    ask_everything,
    below,
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


def test_the_snapshot_in_the_package_says_that_of_npm_and_php_it_has_a_part() -> None:
    content = resources.files("seawall.advisories") / "snapshot.sqlite.zst"
    with AdvisoryStore.from_snapshot(content.read_bytes(), "snapshot") as snapshot:
        assert snapshot.partial() == {"Packagist", "npm"}


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


# --- damage --------------------------------------------------------------------------------------


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
