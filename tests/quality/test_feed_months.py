"""The month ago has what was known then, and nothing of what came since."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.quality.feed_months import Tally, month_ago, revised

NEWEST = "2026-11-18T00:00:00Z"
SINCE = "2026-11-01T00:00:00Z"
OLD = "2026-01-01T00:00:00Z"
KEV = [("CVE-2020-1", "2020-01-01"), ("CVE-2026-9", "2026-11-10")]
SCORES = ("CVE-2020-1", "CVE-2026-9")


def record(name: str, published: str, modified: str = "", **more: Any) -> dict[str, Any]:
    return {"id": name, "published": published, "modified": modified or published, **more}


def debian(name: str, cve: str, modified: str, *sources: str) -> dict[str, Any]:
    affected = [
        {
            "package": {"ecosystem": "Debian:12", "name": source},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}],
        }
        for source in sources
    ]
    return record(name, OLD, modified, upstream=[cve], affected=affected)


FEEDS = {
    "PyPI": [
        record("old", OLD),
        record("new", NEWEST, aliases=["CVE-2026-9"]),
        record("withdrawn-since", OLD, SINCE, withdrawn=SINCE),
        record("changed-since", OLD, SINCE),
    ],
    "Debian": [
        record("newest", NEWEST),
        debian("fixed-since-in-one", "CVE-2020-1", SINCE, "curl", "bash"),
        debian("fixed-since", "CVE-2020-2", SINCE, "curl"),
    ],
    "Alpine": [record("one", OLD), record("two", OLD)],
}
FIXED = (
    "cve,source,suite,fixed_version,evidence,date\n"
    f"CVE-2020-1,curl,bookworm,2,x,{OLD}\n"
    f"CVE-2020-1,bash,bookworm,2,x,{SINCE}\n"
    f"CVE-2020-2,curl,bookworm,2,x,{SINCE}\n"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for feed, records in FEEDS.items():
        (folder / "osv" / feed).mkdir(parents=True)
        with zipfile.ZipFile(folder / "osv" / feed / "all.zip", "w") as archive:
            for one in records:
                archive.writestr(f"{one['id']}.json", json.dumps(one))
    (folder / "osv" / "ecosystems.txt").write_text("\n".join(FEEDS))
    (folder / "debian").mkdir()
    (folder / "debian" / "fixed.csv.gz").write_bytes(gzip.compress(FIXED.encode()))
    catalogue = {"vulnerabilities": [{"cveID": cve, "dateAdded": day} for cve, day in KEV]}
    (folder / "kev.json").write_text(json.dumps(catalogue))
    scores = "#model\ncve,epss,percentile\n" + "".join(f"{cve},0.5,0.9\n" for cve in SCORES)
    (folder / "epss.csv.gz").write_bytes(gzip.compress(scores.encode()))
    return folder


def read(folder: Path, feed: str) -> dict[str, dict[str, Any]]:
    with zipfile.ZipFile(folder / "osv" / feed / "all.zip") as archive:
        records = [json.loads(archive.read(name)) for name in archive.namelist()]
    return {one["id"]: one for one in records}


def test_what_came_since_is_left_out(source: Path, tmp_path: Path) -> None:
    state = month_ago(source, tmp_path / "older")
    there = read(state.folder, "PyPI")
    assert there == {
        "old": FEEDS["PyPI"][0],
        "withdrawn-since": record("withdrawn-since", OLD, SINCE),
    }
    assert state.tally["PyPI"] == Tally(kept=2, left_out=2, put_back=1)


def test_debians_records_lack_the_packages_that_were_fixed_since(
    source: Path, tmp_path: Path
) -> None:
    there = read(month_ago(source, tmp_path / "older").folder, "Debian")
    assert list(there) == ["fixed-since-in-one"]
    (item,) = there["fixed-since-in-one"]["affected"]
    assert item["package"]["name"] == "curl"


def test_a_feed_of_one_date_stays_whole(source: Path, tmp_path: Path) -> None:
    assert list(read(month_ago(source, tmp_path / "older").folder, "Alpine")) == ["one", "two"]


def test_ratings_of_new_flaws_were_not_known(source: Path, tmp_path: Path) -> None:
    folder = month_ago(source, tmp_path / "older").folder
    catalogue = json.loads((folder / "kev.json").read_text())["vulnerabilities"]
    assert [entry["cveID"] for entry in catalogue] == ["CVE-2020-1"]
    scores = gzip.decompress((folder / "epss.csv.gz").read_bytes()).decode().splitlines()
    assert scores == ["#model", "cve,epss,percentile", "CVE-2020-1,0.5,0.9"]


def test_records_are_withdrawn_narrowed_and_widened(source: Path, tmp_path: Path) -> None:
    records = [debian(f"D-{n}", "CVE-1", OLD, "curl", "bash") for n in range(200)]
    with zipfile.ZipFile(source / "osv" / "Debian" / "all.zip", "w") as archive:
        for one in records:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
    state = revised(source, tmp_path / "revised", {"curl": "1.5"})
    there = read(state.folder, "Debian").values()
    assert any("withdrawn" in one for one in there)
    events = {
        json.dumps([item["ranges"][0]["events"][1:] for item in one["affected"]])
        for one in there
        if "withdrawn" not in one
    }
    fixed, narrowed = [{"fixed": "2"}], [{"fixed": "1.5"}]
    assert events == set(map(json.dumps, ([fixed, fixed], [narrowed, fixed], [[], []])))
