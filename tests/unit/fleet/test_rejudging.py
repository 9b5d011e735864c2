"""Judging again after advisories changed finds what judging everything finds, and tells it once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from seawall.advisories import AdvisoryStore, snapshot_of
from seawall.errors import StoreUnusable
from seawall.fleet.component import Component
from seawall.fleet.notifying.filtering import wanted
from seawall.fleet.notifying.notice import Notice, NoticeKind, decode
from seawall.fleet.notifying.settings import Filter
from seawall.fleet.record import ImageRecord
from seawall.fleet.rejudging import Delta, rejudge
from seawall.fleet.store import Fleet
from seawall.fleet.workloads import Workload
from seawall.model import Package, Severity
from seawall.scanning.vulnerabilities import judge_packages
from tests.unit.advisories.records import Record, affects, below, record
from tests.unit.fleet.conftest import Opener
from tests.unit.fleet.samples import (
    DEBIAN,
    NO_EPSS,
    ROCKY,
    T0,
    add,
    at,
    deb,
    digest,
    empty,
    everything,
    findings_of,
    image,
    in_order,
    packages_of,
    publish,
    pypi,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GONE = "2026-11-20T00:00:00Z"
Feeds = Mapping[str, Sequence[Record]]

BASH, CURL = deb("bash", "5.2-1"), deb("curl", "7.88-1")
PYTHON_JINJA = deb("python3-jinja2", "3.1.2-1", source="jinja2")
JINJA = pypi("jinja2", "3.1.2")
NEW_JINJA = pypi("jinja2", "3.1.6")
OWNED = Component(replace(JINJA.package, owner="deb:python3-jinja2"), PYTHON_JINJA.package, DEBIAN)
STRANGE = pypi("jinja2", "three.one")
LODASH = Component(Package("npm", "lodash", "4.17.20"))
LOCKED = Component(Package("npm", "lodash", "4.17.20", locked=True))
NODE_VERSION = "1:18.16.1-1.module_el8.8.0+3613+1"
NODE = Component(Package("rpm", "nodejs", NODE_VERSION, module="nodejs:18"), None, ROCKY)
OTHER_NODE = Component(Package("rpm", "nodejs", NODE_VERSION, module="nodejs:16"), None, ROCKY)

WEB = image("web", {"base": [at(BASH), at(CURL)], "app": [at(JINJA, "a"), at(JINJA, "b")]})
OWNING = image("owning", {"base2": [at(BASH), at(PYTHON_JINJA), at(OWNED, "usr/lib/python3")]})
SMALL = image("small", {"base": [at(BASH)], "x": [at(STRANGE), at(LODASH), at(NEW_JINJA)]})
LOCKS = image("locks", {"locks": [at(LOCKED)]}, distribution=None)
RPM = image("rpm", {"rocky": [at(NODE), at(OTHER_NODE)]}, distribution=ROCKY)
IMAGES = (WEB, OWNING, SMALL, LOCKS, RPM)

HIGH = {"database_specific": {"severity": "HIGH"}}
CRITICAL = {"database_specific": {"severity": "CRITICAL"}}


class World:
    """A fleet and the advisories it is judged by."""

    def __init__(self, fleet: Fleet, home: Path) -> None:
        self.fleet, self.home, self.now = fleet, home, NOW

    def judge(self, feeds: Feeds | None = None, *, days: float = 1, **more: Any) -> Delta:
        """Publish these advisories some days later, and judge by them."""
        scores = {name: more.pop(name) for name in ("kev", "epss") if name in more}
        self.now += timedelta(days=days)
        if feeds is not None:
            publish(self.home, feeds, **scores)
        with AdvisoryStore.open(self.home / "advisories.sqlite") as store:
            return rejudge(self.fleet, store, self.now, **more)

    def full(self, one: ImageRecord) -> list[Any]:
        """Return what a scan of an image finds."""
        with AdvisoryStore.open(self.home / "advisories.sqlite") as store:
            return in_order(judge_packages(packages_of(one), one.distribution, store)[0])

    def is_right(self, images: Sequence[ImageRecord] = IMAGES) -> bool:
        for one in images:
            assert findings_of(self.fleet, one.digest) == self.full(one), one.names
        return True

    def ids(self, one: ImageRecord) -> list[str]:
        return sorted({finding.id for finding in findings_of(self.fleet, one.digest)})

    def notices(self) -> list[Notice]:
        rows = self.fleet.database.rows("SELECT document FROM outbox ORDER BY created, id")
        return [decode(bytes(document)) for (document,) in rows]


@pytest.fixture
def world(fleet: Fleet, tmp_path: Path) -> World:
    return World(fleet, tmp_path)


def debian(name: str, fixed: str, *, package: str = "bash", **more: Any) -> Record:
    return record(f"DEBIAN-{name}", below("Debian:12", package, fixed), upstream=[name], **more)


def python(name: str, fixed: str, **more: Any) -> Record:
    return record(name, below("PyPI", "jinja2", fixed), **more)


OLD = debian("CVE-2020-1001", "5.1")  # no package of ours has it


# --- one change at a time -------------------------------------------------------------------------


def test_a_new_advisory_is_found_in_every_image(world: World) -> None:
    add(world.fleet, *IMAGES)
    first = world.judge({"Debian": [OLD]})
    assert (first.why_all, first.new, first.notices) == ("it was never judged", [], 0)
    assert world.is_right()
    delta = world.judge({"Debian": [OLD, debian("CVE-2026-1001", "5.2-2", summary="s")]})
    assert delta.why_all == ""
    assert delta.judged == 1
    assert delta.images_new == 3
    (news,) = delta.new
    assert (news.finding.id, len(news.images), len(news.running)) == ("CVE-2026-1001", 3, 0)
    assert world.is_right()
    (notice,) = world.notices()
    assert notice.kind is NoticeKind.NEW
    assert [found.digest for found in notice.flaws[0].images] == [
        digest("small"),
        digest("owning"),
        digest("web"),
    ]


def test_what_has_not_changed_is_not_judged_again(world: World) -> None:
    add(world.fleet, *IMAGES)
    several = {"Debian": [OLD, debian("CVE-2026-1001", "5.2-2")], "PyPI": [python("PY-1", "3.1.3")]}
    assert world.judge(several).judged == 11
    before = everything(world.fleet.database)
    delta = world.judge(several)
    assert (delta.judged, delta.why_all, delta.notices) == (0, "", 0)
    after = everything(world.fleet.database)
    assert {name: rows for name, rows in after.items() if name != "meta"} == {
        name: rows for name, rows in before.items() if name != "meta"
    }


def test_an_advisory_of_other_versions_judges_nothing(world: World) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"Debian": [OLD]})
    delta = world.judge(
        {"Debian": [OLD, debian("CVE-2026-1001", "5.1-9"), debian("CVE-2026-1002", "1")]}
    )
    assert delta.judged == 0
    assert world.is_right()


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ([OLD, debian("CVE-2026-1001", "5.1-1")], "no longer names bash 5.2-1"),
        (
            [OLD, debian("CVE-2026-1001", "5.2-2", withdrawn=GONE)],
            "withdrawn: DEBIAN-CVE-2026-1001",
        ),
        ([OLD], "is no longer among the advisories"),
    ],
)
def test_what_is_narrowed_or_taken_back_resolves_findings_and_says_why(
    world: World, after: list[Record], why: str
) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"Debian": [OLD, debian("CVE-2026-1001", "5.2-2")]})
    assert world.ids(WEB) == ["CVE-2026-1001"]
    delta = world.judge({"Debian": after})
    assert world.is_right()
    assert world.ids(WEB) == []
    (news,) = delta.resolved
    assert why in news.reason
    assert (delta.images_resolved, delta.new) == (3, [])
    (notice,) = world.notices()
    assert (notice.kind, notice.flaws[0].reason) == (NoticeKind.RESOLVED, news.reason)
    rows = list(world.fleet.database.rows("SELECT resolved, resolved_by FROM finding"))
    assert rows == [("2026-11-22T12:00:00Z", news.reason)]


@pytest.mark.parametrize(("days", "is_return"), [(2, True), (30, False)])
def test_what_returns_is_open_again_and_soon_only_news_for_who_was_told_that_it_went(
    world: World, days: int, is_return: bool
) -> None:
    add(world.fleet, *IMAGES)
    flaw = debian("CVE-2026-1001", "5.2-2")
    world.judge({"Debian": [OLD, flaw]})
    world.judge({"Debian": [OLD, {**flaw, "withdrawn": GONE}]})
    delta = world.judge({"Debian": [OLD, flaw]}, days=days)
    assert world.is_right()
    assert world.ids(WEB) == ["CVE-2026-1001"]
    assert [(news.reason, news.is_return) for news in delta.new] == [("it is back", is_return)]
    (notice,) = [one for one in world.notices() if one.kind is NoticeKind.NEW]
    usual = Filter(minimum_severity=Severity.UNKNOWN)
    assert (wanted(notice, usual) is None) is is_return
    assert wanted(notice, replace(usual, tell=frozenset({"new", "resolved"}))) == notice
    rows = list(world.fleet.database.rows("SELECT first_seen, resolved FROM finding"))
    assert rows == [("2026-11-21T12:00:00Z", "")]


def test_an_advisory_whose_range_grew_is_found_where_it_was_not(world: World) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"PyPI": [python("PY-1", "3.1.3")]})
    delta = world.judge({"PyPI": [python("PY-1", "3.1.7")]})
    assert world.is_right()
    assert [news.finding.installed for news in delta.new] == ["3.1.6"]


def test_a_flaw_that_gets_another_name_is_the_same(world: World) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"PyPI": [python("GHSA-1", "3.1.3", **HIGH)]})
    assert world.ids(WEB) == ["GHSA-1"]
    delta = world.judge({"PyPI": [python("GHSA-1", "3.1.3", aliases=["CVE-2026-1007"], **HIGH)]})
    assert world.is_right()
    assert world.ids(WEB) == ["CVE-2026-1007"]
    assert (delta.new, delta.resolved) == ([], [])
    firsts = {first for (first,) in world.fleet.database.rows("SELECT first_seen FROM finding")}
    assert firsts == {"2026-11-21T12:00:00Z"}
    assert [f.finding.id for f in world.fleet.findings.named("GHSA-1")] != []


def test_what_the_owner_of_files_says_counts(world: World) -> None:
    """A distribution that fixed a flaw in its own version speaks for the files of that package."""
    add(world.fleet, *IMAGES)
    flaw = python("GHSA-1", "3.1.3", aliases=["CVE-2026-1007"], **HIGH)
    world.judge({"Debian": [OLD], "PyPI": [flaw]})
    assert [f.confirmed for f in findings_of(world.fleet, OWNING.digest)] == [False]
    fixed = debian("CVE-2026-1007", "3.1.2-1", package="jinja2")
    world.judge({"Debian": [OLD, fixed], "PyPI": [flaw]})
    assert world.is_right()
    assert findings_of(world.fleet, OWNING.digest) == []
    assert world.ids(WEB) == ["CVE-2026-1007"]
    later = debian("CVE-2026-1007", "3.1.2-2", package="jinja2")
    world.judge({"Debian": [OLD, later], "PyPI": [flaw]})
    assert world.is_right()
    assert {f.confirmed for f in findings_of(world.fleet, OWNING.digest)} == {True}


def test_two_flaws_that_turn_out_to_be_one_are_merged_in_silence(world: World) -> None:
    add(world.fleet, *IMAGES)
    one, other = python("GHSA-1", "3.1.3"), python("PYSEC-1", "3.1.3")
    world.judge({"PyPI": [one, other]})
    assert world.ids(WEB) == ["GHSA-1", "PYSEC-1"]
    same = {"aliases": ["CVE-2026-1007"]}
    delta = world.judge({"PyPI": [one | same, other | same]})
    assert world.is_right()
    assert world.ids(WEB) == ["CVE-2026-1007"]
    assert (delta.new, delta.resolved) == ([], [])
    closed = "SELECT resolved_by FROM finding WHERE resolved != ''"
    assert set(world.fleet.database.rows(closed)) == {("the same as CVE-2026-1007",)}


def test_a_name_of_before_does_not_return_for_one_that_stands(world: World) -> None:
    """The open row keeps its history, whatever a closed one was called."""
    add(world.fleet, *IMAGES)
    other = python("PYSEC-1", "3.1.3", aliases=["CVE-2026-1007"])
    world.judge({"PyPI": [other]})
    world.judge({"PyPI": [{**other, "withdrawn": GONE}, python("GHSA-1", "3.1.3")]})
    assert world.ids(WEB) == ["GHSA-1"]
    delta = world.judge(
        {"PyPI": [{**other, "withdrawn": GONE}, python("GHSA-1", "3.1.3", aliases=["PYSEC-1"])]}
    )
    assert world.is_right()
    assert (delta.new, delta.resolved) == ([], [])


def test_what_the_distribution_decides_is_said_so(world: World) -> None:
    add(world.fleet, *IMAGES)
    flaw = python("GHSA-1", "3.1.3", aliases=["CVE-2026-1007"])
    world.judge({"Debian": [OLD], "PyPI": [flaw]})
    fixed = debian("CVE-2026-1007", "3.1.2-1", package="jinja2")
    delta = world.judge({"Debian": [OLD, fixed], "PyPI": [flaw]})
    (news,) = delta.resolved
    assert news.reason == "the distribution says otherwise of python3-jinja2"
    assert len(news.images) == 1


def test_what_an_image_has_in_another_package_is_not_told_as_resolved(world: World) -> None:
    add(world.fleet, *IMAGES)
    one, other = (
        python("CVE-2026-1001", "9"),
        record("CVE-2026-1001", below("npm", "lodash", "5.0.0")),
    )
    rest = record("GHSA-2", below("npm", "else", "1.0.0"))
    world.judge({"PyPI": [one], "npm": [other, rest]})
    gone = {**other, "withdrawn": GONE}
    delta = world.judge({"PyPI": [one], "npm": [gone, rest]})  # of lodash, which is in one image
    assert world.is_right()
    assert world.ids(SMALL) == ["CVE-2026-1001"]
    assert delta.resolved == []
    closed = world.fleet.database.rows("SELECT count(*) FROM finding WHERE resolved != ''")
    assert next(closed)[0] > 0
    assert NoticeKind.RESOLVED not in {notice.kind for notice in world.notices()}


# --- which advisories may judge -------------------------------------------------------------------


def test_a_store_that_was_replaced_meanwhile_is_opened_again(world: World) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"Debian": [OLD]})
    with AdvisoryStore.open(world.home / "advisories.sqlite") as held:
        world.judge({"Debian": [OLD, debian("CVE-2026-1001", "5.2-2")]})
        delta = rejudge(world.fleet, held, world.now)
    assert (delta.judged, delta.resolved, delta.refused) == (0, [], "")
    assert world.ids(WEB) == ["CVE-2026-1001"]


def test_an_older_store_does_not_judge_the_fleet_back(world: World, tmp_path: Path) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"Debian": [OLD]})
    copy(world.home / "advisories.sqlite", tmp_path / "older.sqlite")
    world.judge({"Debian": [OLD, debian("CVE-2026-1001", "5.2-2")]})
    with AdvisoryStore.open(tmp_path / "older.sqlite") as older:
        delta = rejudge(world.fleet, older, world.now)
        assert delta.refused
        assert world.ids(WEB) == ["CVE-2026-1001"]
        assert rejudge(world.fleet, older, world.now, anew=True).resolved != []
    assert world.ids(WEB) == []


def test_the_snapshot_does_not_judge_where_a_store_did(world: World, tmp_path: Path) -> None:
    add(world.fleet, SMALL)
    world.judge({"Debian": [OLD, debian("CVE-2026-1001", "5.2-2")]})
    publish(tmp_path / "other", {"Debian": [OLD]})
    content = snapshot_of(tmp_path / "other/advisories.sqlite")
    with AdvisoryStore.from_snapshot(content, "snapshot") as snapshot:
        add(world.fleet, WEB)
        delta = rejudge(world.fleet, snapshot, world.now)
    assert "snapshot" in delta.refused
    assert world.ids(SMALL) == ["CVE-2026-1001"]
    assert list(world.fleet.database.rows("SELECT count(*) > 0 FROM pending")) == [(1,)]
    world.judge()
    assert world.is_right([SMALL, WEB])


def test_copies_of_a_store_that_went_on_apart_are_two_stores(world: World, tmp_path: Path) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"Debian": [OLD]})
    (tmp_path / "twin").mkdir()
    copy(world.home / "advisories.sqlite", tmp_path / "twin/advisories.sqlite")
    world.judge({"Debian": [OLD, debian("CVE-2026-1001", "5.2-2")]})
    publish(tmp_path / "twin", {"Debian": [OLD, debian("CVE-2026-1002", "5.2-2")]})
    with AdvisoryStore.open(tmp_path / "twin/advisories.sqlite") as twin:
        delta = rejudge(world.fleet, twin, world.now)
    assert delta.why_all == "the advisory store is another one"
    assert world.ids(WEB) == ["CVE-2026-1002"]


def kev(*names: str) -> bytes:
    several = ["CVE-1999-1001", *names]  # an empty catalogue is refused
    entries = [f'{{"cveID": "{name}", "dateAdded": "2026-11-01"}}' for name in several]
    return f'{{"vulnerabilities": [{", ".join(entries)}]}}'.encode()


def epss(**scores: float) -> bytes:
    head = NO_EPSS.decode()  # an empty list is refused
    rows = [f"{name.replace('_', '-')},{score},0.9\n" for name, score in scores.items()]
    return (head + "".join(rows)).encode()


def test_other_ratings_by_kev_and_epss_are_found(world: World) -> None:
    add(world.fleet, *IMAGES)
    several: Feeds = {
        "Debian": [debian("CVE-2026-1001", "5.2-2"), debian("CVE-2026-1002", "5.2-3")]
    }
    world.judge(several)
    delta = world.judge(several, kev=kev("CVE-2026-1001", "CVE-1999-1001"))
    assert world.is_right()
    assert delta.judged == 1
    assert [news.reason for news in delta.new] == ["exploited in the wild since 2026-11-01"]
    delta = world.judge(several, kev=kev("CVE-2026-1001"), epss=epss(CVE_2026_1002=0.7))
    assert world.is_right()
    assert delta.judged == 1
    assert [(news.finding.id, news.was_epss) for news in delta.new] == [("CVE-2026-1002", 0.0)]
    notice = next(one for one in world.notices() if one.flaws[0].was_epss is not None)
    usual = Filter(minimum_severity=Severity.UNKNOWN)
    assert wanted(notice, usual) is None
    assert wanted(notice, replace(usual, minimum_epss=0.5)) == notice
    assert wanted(notice, replace(usual, minimum_epss=0.8)) is None
    world.judge(several)
    assert world.is_right()
    assert {f.exploited_since for f in findings_of(world.fleet, WEB.digest)} == {""}


def test_a_rating_by_another_advisory_is_found(world: World) -> None:
    """Debian rates nothing; an advisory of a feed that has no part in the image does."""
    add(world.fleet, WEB)
    flaw = debian("CVE-2026-1001", "5.2-2")
    other = record("GHSA-9", below("npm", "thing", "2.0.0"), aliases=["CVE-2026-1001"])
    world.judge({"Debian": [flaw], "npm": [other]})
    delta = world.judge({"Debian": [flaw], "npm": [{**other, **CRITICAL}]})
    assert world.is_right([WEB])
    (found,) = findings_of(world.fleet, WEB.digest)
    assert (found.severity, found.rated_by) == (Severity.CRITICAL, "GHSA-9")
    assert [news.reason for news in delta.new] == ["rated critical now, was unknown"]


def test_a_fix_that_appears_is_news(world: World) -> None:
    add(world.fleet, WEB)
    world.judge({"PyPI": [record("PY-1", affects("PyPI", "jinja2", {"introduced": "0"}))]})
    delta = world.judge({"PyPI": [python("PY-1", "3.1.3")]})
    assert world.is_right([WEB])
    assert [news.reason for news in delta.new] == ["a fix is there: 3.1.3"]
    assert list(world.fleet.database.rows("SELECT fix_since FROM finding")) == [("2026-11-22",)]


def test_versions_that_cannot_be_compared_are_judged_by_name(world: World) -> None:
    add(world.fleet, SMALL)
    world.judge({"PyPI": [python("PY-1", "1.0")]})
    exact = record("PY-2", affects("PyPI", "jinja2", versions=["three.one"]))
    world.judge({"PyPI": [python("PY-1", "1.0"), exact]})
    assert world.is_right([SMALL])
    gaps = list(world.fleet.database.rows("SELECT reason FROM gap"))
    assert any("three.one" in reason for (reason,) in gaps)
    doubtful = record("PY-3", affects("PyPI", "jinja2", {"introduced": "0"}, {"fixed": "1-?-?"}))
    world.judge({"PyPI": [python("PY-1", "1.0"), doubtful]})
    assert world.is_right([SMALL])


def node(fixed: str, **more: Any) -> Record:
    summary = "Important: nodejs:18 security update"
    affected = below("Rocky Linux:9", "nodejs", fixed)
    return record("RLSA-1", affected, upstream=["CVE-2026-1009"], summary=summary, **more)


def test_a_build_in_a_module_is_judged_by_its_stream(world: World) -> None:
    add(world.fleet, RPM)
    fixed = "1:18.18.2-1.module_el8.8.0+3671+cfc0ae4d"
    world.judge({"Rocky Linux": [node("1:1.0-1.module_el8.8.0+1+1")]})
    world.judge({"Rocky Linux": [node(fixed)]})
    assert world.is_right([RPM])
    assert [f.package.count("18.16.1") for f in findings_of(world.fleet, RPM.digest)] == [1]


def test_an_ecosystem_that_appears_judges_what_it_speaks_of(world: World) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"Debian": [debian("CVE-2026-1001", "5.2-2")]})
    flaw = record("GHSA-2", below("npm", "lodash", "4.17.21"), **HIGH)
    delta = world.judge({"Debian": [debian("CVE-2026-1001", "5.2-2")], "npm": [flaw]})
    assert delta.why_all == ""
    assert delta.judged == 2
    assert world.is_right()
    assert world.ids(LOCKS) == ["GHSA-2"]
    assert [len(news.images) for news in delta.new] == [1]  # what a lock file names does not count


def test_components_that_are_new_to_the_fleet_make_no_news(world: World) -> None:
    add(world.fleet, WEB)
    several = {"Debian": [debian("CVE-2026-1001", "5.2-2")], "PyPI": [python("PY-1", "3.1.9")]}
    world.judge(several)
    add(world.fleet, SMALL)
    delta = world.judge()
    assert world.is_right([WEB, SMALL])
    assert (delta.why_all, delta.new, delta.notices, delta.judged) == ("", [], 0, 3)
    assert list(world.fleet.database.rows("SELECT component FROM pending")) == []


def test_all_is_judged_where_the_journal_does_not_say_what_changed(
    world: World, tmp_path: Path
) -> None:
    add(world.fleet, *IMAGES)
    several: Feeds = {"Debian": [debian("CVE-2026-1001", "5.2-2")]}
    world.judge(several)
    (world.home / "advisories.sqlite").unlink()
    delta = world.judge(
        {"Debian": [debian("CVE-2026-1001", "5.2-2"), debian("CVE-2026-1002", "6")]}
    )
    assert delta.why_all == "the advisory store is another one"
    assert [news.finding.id for news in delta.new] == ["CVE-2026-1002"]
    assert world.judge(anew=True).why_all == "asked for"
    other = world.judge(code="other")
    assert (other.why_all, other.new) == ("another version of Seawall judges", [])
    assert world.judge(code="other").why_all == ""
    assert world.is_right()


def test_images_that_are_gone_are_judged_and_make_no_notice(world: World) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"Debian": [OLD]})
    for one in (WEB, OWNING, SMALL):
        world.fleet.images.gone(one.digest, T0)
    delta = world.judge({"Debian": [OLD, debian("CVE-2026-1001", "5.2-2")]})
    assert (delta.images_new, delta.notices) == (0, 0)
    assert world.is_right()
    assert world.ids(WEB) == ["CVE-2026-1001"]


def test_what_runs_is_counted_and_named(world: World) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"Debian": [OLD]})
    started = "2026-11-20T00:00:00.000000000Z"
    run = Workload("c" * 64, "web-1", WEB.digest, "web:1", "docker", "host", started)
    over = replace(run, id="d" * 64, image=SMALL.digest, ended="2026-11-20T01:00:00.000000000Z")
    with world.fleet.writing():
        world.fleet.workloads.started(run, T0)
        world.fleet.workloads.started(over, T0)
    delta = world.judge({"Debian": [OLD, debian("CVE-2026-1001", "5.2-2")]})
    assert (delta.images_new, delta.running_new) == (3, 1)
    (notice,) = world.notices()
    flaw = notice.flaws[0]
    assert (flaw.running_total, flaw.images_total) == (1, 3)
    assert (flaw.images[0].digest, flaw.images[0].running) == (WEB.digest, ("web-1",))


def test_an_advisory_store_that_is_damaged_changes_nothing(world: World) -> None:
    add(world.fleet, *IMAGES)
    world.judge({"Debian": [OLD]})
    before = everything(world.fleet.database)
    path = publish(world.home, {"Debian": [OLD, debian("CVE-2026-1001", "5.2-2")]})
    with AdvisoryStore.open(path) as store:
        store._db.execute("PRAGMA query_only = ON")
        damaged = path.read_bytes()
        half = len(damaged) // 2
    path.write_bytes(damaged[:4096] + b"\xff" * half + damaged[4096 + half :])

    def judge() -> None:
        with AdvisoryStore.open(path) as store:
            rejudge(world.fleet, store, world.now)

    with pytest.raises(StoreUnusable):
        judge()
    assert everything(world.fleet.database) == before


# --- any changes ----------------------------------------------------------------------------------

ALIASES = st.sampled_from(
    [{}, {"aliases": ["CVE-2026-1001"]}, {"aliases": ["CVE-2026-1002", "PY-2"]}]
)
TAKEN = st.sampled_from([{}, {}, {}, {"withdrawn": GONE}])
RATED = st.sampled_from([{}, HIGH, CRITICAL])


def maybe(made: Callable[..., Record], *values: st.SearchStrategy[Any]) -> Any:
    """Draw a record with these values, and more of what any may have, or none."""
    more = st.builds(lambda *parts: {k: v for p in parts for k, v in p.items()}, TAKEN, RATED)
    return st.none() | st.builds(lambda given, *rest: made(*rest, **given), more, *values)


def of(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


def doubtful(fixed: str, **more: Any) -> Record:
    return record("PY-2", affects("PyPI", "jinja2", {"introduced": "0"}, {"fixed": fixed}), **more)


RECORDS = {
    "Debian": [
        maybe(lambda fixed, **more: debian("CVE-2026-1001", fixed, **more), of("5.1", "5.2-2")),
        maybe(
            lambda fixed, **more: debian("CVE-2026-1002", fixed, package="jinja2", **more),
            of("3.1.2-1", "3.1.2-2", "3.1.1", "x~y~"),
        ),
        maybe(
            lambda fixed, **more: debian("CVE-2026-1003", fixed, package="curl", **more),
            of("7.88-1", "7.88-2"),
        ),
    ],
    "PyPI": [
        maybe(
            lambda fixed, alias, **more: python("GHSA-1", fixed, **alias, **more),
            of("3.1.2", "3.1.3", "3.1.7"),
            ALIASES,
        ),
        maybe(doubtful, of("3.1.3", "not-one")),
        maybe(
            lambda version, **more: record(
                "PY-3", affects("PyPI", "jinja2", versions=[version]), **more
            ),
            of("three.one", "3.1.2"),
        ),
    ],
    "npm": [
        maybe(
            lambda fixed, **more: record(
                "GHSA-5", below("npm", "lodash", fixed), aliases=["CVE-2026-1001"], **more
            ),
            of("4.17.20", "4.17.21"),
        )
    ],
    "Rocky Linux": [
        maybe(node, of("1:18.18.2-1.module_el8.8.0+3671+1", "1:1.0-1.module_el8.8.0+1+1", "1:19-1"))
    ],
}
# A feed without a record is refused, so each has one that is about no package of ours.
RELEASES = {"Debian": "Debian:12", "Rocky Linux": "Rocky Linux:9"}
NOTHING = {
    name: record(f"{name[:3]}-0", below(RELEASES.get(name, name), "nothing", "1.0.0"))
    for name in RECORDS
}


def feed(name: str) -> st.SearchStrategy[list[Record]]:
    return st.tuples(*RECORDS[name]).map(lambda drawn: [NOTHING[name], *filter(None, drawn)])


# One that is left out keeps what it had; so most come some time.
FEEDS = st.fixed_dictionaries(
    {"Debian": feed("Debian")},
    optional={name: feed(name) for name in RECORDS if name != "Debian"},
)
SCORES = st.fixed_dictionaries(
    {
        "kev": st.sampled_from(
            [kev(), kev("CVE-2026-1001"), kev("CVE-2026-1001", "CVE-2026-1002")]
        ),
        "epss": st.sampled_from([epss(), epss(CVE_2026_1001=0.6), epss(CVE_2026_1002=0.1)]),
    }
)
STEPS = st.lists(
    st.tuples(FEEDS, SCORES, st.lists(st.sampled_from(IMAGES), max_size=2)), min_size=2, max_size=5
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes very long
)
@given(steps=STEPS)
def test_after_any_changes_the_findings_are_those_of_judging_everything(
    sqlite_opener: Opener,
    postgresql_opener: Opener,
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[Feeds, dict[str, bytes], list[ImageRecord]]],
) -> None:
    home = tmp_path_factory.mktemp("world")
    with Fleet(sqlite_opener()) as one, Fleet(postgresql_opener()) as other:
        for fleet in (one, other):
            empty(fleet)
        there: dict[str, ImageRecord] = {}
        for number, (feeds, scores, images) in enumerate(steps):
            publish(home, feeds, **scores)
            there |= {record.digest: record for record in images}
            deltas = []
            for fleet in (one, other):
                add(fleet, *images)
                world = World(fleet, home)
                deltas.append(world.judge(days=number * 5))
                assert world.is_right(list(there.values()))
            assert deltas[0] == deltas[1]
            assert everything(one.database) == everything(other.database)
