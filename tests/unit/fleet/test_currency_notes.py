"""What the advisories are worth, noted for those who ask without them."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from seawall.advisories import AdvisoryStore
from seawall.errors import FleetUnusable
from seawall.fleet.currency_notes import Worth, note_currency, worth
from seawall.fleet.rejudging import rejudge
from seawall.fleet.store import Fleet
from tests.unit.advisories.records import NOW, below, fill, record
from tests.unit.fleet.samples import add, at, deb, image, pypi

RECORDS = {
    "Debian": [record(f"DEBIAN-{n}", below("Debian:12", f"p{n}", "1")) for n in range(3)],
    "PyPI": [record("PYSEC-1", below("PyPI", "jinja2", "3"))],
}


def noted(fleet: Fleet, path: Path) -> str:
    with AdvisoryStore.open(path) as store:
        rejudge(fleet, store, NOW)
        with fleet.writing():
            return note_currency(fleet, store)


def test_what_a_store_has_is_noted_of_what_speaks_of_the_fleet(
    fleet: Fleet, tmp_path: Path
) -> None:
    path = tmp_path / "advisories.sqlite"
    fill(path, RECORDS)
    with sqlite3.connect(path) as db:
        db.execute("INSERT OR REPLACE INTO meta VALUES ('partial', 'PyPI')")
    assert worth(fleet) == Worth()
    add(fleet, image("a", {"base": [at(deb("bash", "1"))]}))
    assert noted(fleet, path) == "2026-11-20T12:00:00Z"
    found = worth(fleet)
    assert (found.partial, found.few, found.counted) == (("PyPI",), ("Debian:12",), ("Debian:12",))
    assert found.known == ("Debian:12", "PyPI")
    assert set(found.newest) == {"Debian:12"}
    assert set(found.feeds) == {"osv/Debian", "osv/PyPI"}
    assert fleet.notes.starting_with("as-of:") == {"Debian:12": "2026-11-20T12:00:00Z"}
    add(fleet, image("b", {"app": [at(pypi("jinja2", "2"))]}))
    noted(fleet, path)
    assert set(worth(fleet).newest) == {"Debian:12", "PyPI"}
    assert set(fleet.notes.starting_with("as-of:")) == {"Debian:12", "PyPI"}


def test_what_a_store_has_no_more_is_forgotten(fleet: Fleet, tmp_path: Path) -> None:
    add(fleet, image("a", {"base": [at(deb("bash", "1")), at(pypi("jinja2", "2"))]}))
    both, one = tmp_path / "both.sqlite", tmp_path / "one.sqlite"
    fill(both, RECORDS)
    fill(one, {"PyPI": RECORDS["PyPI"]})
    noted(fleet, both)
    assert worth(fleet).few == ("Debian:12",)
    with AdvisoryStore.open(one) as store:
        rejudge(fleet, store, NOW, anew=True)
    assert (worth(fleet).few, worth(fleet).known) == ((), ("PyPI",))
    assert set(fleet.notes.starting_with("as-of:")) == {"PyPI"}


def test_damaged_notes_are_told(fleet: Fleet) -> None:
    with fleet.writing():
        fleet.notes.set("advisories", '{"state": 1}')
    with pytest.raises(FleetUnusable, match="damaged"):
        worth(fleet)


def test_that_a_feed_was_asked_again_is_noted_though_it_says_the_same(
    fleet: Fleet, tmp_path: Path
) -> None:
    path = tmp_path / "advisories.sqlite"
    fill(path, RECORDS)
    add(fleet, image("a", {"base": [at(deb("bash", "1"))]}))
    noted(fleet, path)
    before = worth(fleet)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE feed SET obtained = '2026-11-21T12:00:00Z'")
    assert noted(fleet, path) == "2026-11-21T12:00:00Z"
    feeds = {n: replace(f, obtained="2026-11-21T12:00:00Z") for n, f in before.feeds.items()}
    assert worth(fleet) == replace(before, feeds=feeds)
