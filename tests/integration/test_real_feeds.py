"""All of a folder with real feeds: counts, naive evaluation, and the snapshot.

The folder is not part of the repository: name it with SEAWALL_SHARED_DATA.
"""

import json
import os
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from seawall.advisories import AdvisoryStore, Folder, snapshot_of, update
from seawall.errors import VersionSyntaxError
from seawall.versions import compare, key
from tests.unit.advisories.records import NOW

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SEAWALL_SHARED_DATA") or ROOT.parent / "shared" / "data")
KEYS = ("ecosystem", "name")
FEEDS = (
    "AlmaLinux",
    "Alpine",
    "Bitnami",
    "CRAN",
    "Debian",
    "Go",
    "Packagist",
    "PyPI",
    "RubyGems",
    "Ubuntu",
    "crates.io",
    "npm",
)

pytestmark = pytest.mark.skipif(
    not (SHARED / "osv").is_dir(), reason="needs real feeds: set SEAWALL_SHARED_DATA"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    outcome = update(home / "advisories.sqlite", Folder(SHARED), lambda *_: None, NOW)
    assert not outcome.failed
    return home


@pytest.fixture(scope="module")
def store(home: Path) -> Iterator[AdvisoryStore]:
    with AdvisoryStore.open(home / "advisories.sqlite") as store:
        yield store


@pytest.fixture(scope="module")
def records() -> dict[str, list[dict[str, Any]]]:
    found = {}
    for feed in FEEDS:
        with zipfile.ZipFile(SHARED / "osv" / feed / "all.zip") as archive:
            found[feed] = [json.loads(archive.read(name)) for name in archive.namelist()]
    return found


def test_every_record_is_in_the_store(
    store: AdvisoryStore, records: dict[str, list[dict[str, Any]]]
) -> None:
    held = {feed.name: (feed.records, feed.skipped) for feed in store.feeds()}
    for feed in FEEDS:
        assert held[f"osv/{feed}"] == (len(records[feed]), 0)
    everything = [content for several in records.values() for content in several]
    assert store.counts()["advisories"] == len(everything)
    assert store.counts()["withdrawn"] == sum("withdrawn" in content for content in everything)
    kev = json.loads((SHARED / "kev.json").read_text())["vulnerabilities"]
    assert store.counts()["exploited"] == len({entry["cveID"] for entry in kev})


def naive(item: dict[str, Any], version: str, scheme: str) -> bool | None:
    """Evaluate one affected package as the schema says; None where something is unparsable."""

    def order(a: str, b: str) -> int:
        if scheme != "pep440":
            return compare(scheme, a, b)
        return (Version(a) > Version(b)) - (Version(a) < Version(b))

    try:
        for limits in item.get("ranges", []):
            if limits["type"] == "GIT":
                continue
            vulnerable = False
            pairs = [pair for event in limits["events"] for pair in event.items()]
            zero = [("introduced", "0")] if ("introduced", "0") in pairs else []
            rest = [pair for pair in pairs if pair != ("introduced", "0")]
            for n, (_, a) in enumerate(rest):
                for m in range(n + 1, len(rest)):
                    if order(rest[m][1], a) < 0:
                        rest[n], rest[m], a = rest[m], rest[n], rest[m][1]  # noqa: PLW2901 - a sort
            for what, at in zero + rest:
                if what == "introduced" and (at == "0" or order(version, at) >= 0):
                    vulnerable = True
                elif (what == "fixed" and order(version, at) >= 0) or (
                    what == "last_affected" and order(version, at) > 0
                ):
                    vulnerable = False
            if vulnerable:
                return True
        return any(order(version, listed) == 0 for listed in item.get("versions", []))
    except (InvalidVersion, VersionSyntaxError):
        return None


# Not AlmaLinux and Go: of several builds of a fix, and of two kinds of ranges, one counts there.
@pytest.mark.parametrize(
    ("feed", "scheme"),
    [
        ("Alpine", "apk"),
        ("Bitnami", "nuget"),
        ("Debian", "dpkg"),
        ("Packagist", "composer"),
        ("PyPI", "pep440"),
        ("RubyGems", "rubygems"),
        ("crates.io", "cargo"),
        ("npm", "npm"),
    ],
)
def test_the_store_answers_as_the_naive_evaluation(
    store: AdvisoryStore, records: dict[str, list[dict[str, Any]]], feed: str, scheme: str
) -> None:
    dice = random.Random(7)
    speaking: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for content in records[feed]:
        for item in content["affected"]:
            place = (item["package"]["ecosystem"], item["package"]["name"])
            if place[0].partition(":")[0] == feed:  # some speak of other ecosystems as well
                speaking.setdefault(place, []).append(content)
    places = sorted(speaking)
    asked: list[tuple[str, bool]] = []  # id of an advisory, whether it should match
    versions: list[tuple[int, int, bytes]] = []
    while len(asked) < 2000:
        place = dice.choice(places)  # by package: most records are about a few of them
        content = dice.choice(speaking[place])
        items = [i for i in content["affected"] if tuple(map(i["package"].get, KEYS)) == place]
        known = [
            version
            for item in items
            for limits in item.get("ranges", [])
            for event in limits["events"]
            for version in event.values()
            if limits["type"] != "GIT"
        ] + items[0].get("versions", [])
        if not known:
            continue
        version = dice.choice(known) + dice.choice(["", "", ".1", "~rc1", "a1", ".post1", "+x"])
        answers = [naive(item, version, scheme) for item in items]
        if None in answers:
            continue
        name = canonicalize_name(place[1]) if feed == "PyPI" else place[1]
        name = name.lower() if feed == "Packagist" else name
        products = store.products([(place[0], name)])
        try:
            versions += [(len(asked), row, key(scheme, version)) for row in products.values()]
        except VersionSyntaxError:
            continue
        asked.append((content["id"], any(answers) and "withdrawn" not in content))
    hits = list(store.matches(versions))
    ids = store.advisories(hit.advisory for hit in hits)
    found = {(hit.subject, ids[hit.advisory].id) for hit in hits}
    wrong = [name for n, (name, expected) in enumerate(asked) if ((n, name) in found) != expected]
    assert wrong == []
    assert 200 < sum(expected for _, expected in asked) < 1800


def test_the_snapshot_answers_as_the_store(home: Path, store: AdvisoryStore) -> None:
    with AdvisoryStore.from_snapshot(snapshot_of(home / "advisories.sqlite"), "x") as snapshot:
        for ecosystem, scheme, name in (
            ("Debian:12", "dpkg", "openssl"),
            ("Debian:12", "dpkg", "linux"),
            ("Debian:11", "dpkg", "openssl"),
            ("PyPI", "pep440", "django"),
            ("PyPI", "pep440", "jinja2"),
            ("npm", "npm", "jquery"),
            ("AlmaLinux:9", "rpm", "openssl"),
            ("Bitnami", "nuget", "redis"),
        ):
            asked = [key(scheme, f"{n}.{n % 7}.0") for n in range(12)]
            answers = []
            for one in (store, snapshot):
                (product,) = one.products([(ecosystem, name)]).values()
                hits = list(one.matches((i, product, place) for i, place in enumerate(asked)))
                ids = one.advisories(hit.advisory for hit in hits)
                answers.append({(hit.subject, ids[hit.advisory].id, hit.interval) for hit in hits})
            assert answers[0] == answers[1]
            assert answers[0]
