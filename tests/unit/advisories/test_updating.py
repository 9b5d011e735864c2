"""Updating, from a folder and from a real server on loopback, also when things go wrong."""

import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seawall.advisories import (
    AdvisoryStore,
    ChangeKind,
    Folder,
    Mirror,
    Origin,
    Outcome,
    StoreState,
    origin,
    update,
)
from seawall.advisories import updating as module
from seawall.advisories.ecosystems import BY_DEFAULT, ECOSYSTEMS
from seawall.errors import BadFeed, FeedUnavailable, StoreUnusable, UsageError
from tests.unit.advisories.records import NOW, below, record
from tests.unit.advisories.server import (
    EPSS,
    KEV,
    LoopbackMirror,
    feeds,
    flaws,
    lay_out,
    serving,
    zipped,
)

ALL = ["osv/Debian", "osv/PyPI", "kev", "epss"]


@pytest.fixture(autouse=True)
def _no_pauses_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib3.util.Retry.DEFAULT_BACKOFF_MAX", 0)
    monkeypatch.setattr("urllib3.util.Retry.get_backoff_time", lambda _: 0)


def two_feeds(count: int = 20) -> dict[str, bytes]:
    return feeds(
        Debian=zipped(
            [record(f"DSA-{n}", below("Debian:12", f"thing-{n}", "2")) for n in range(count)]
        ),
        PyPI=zipped(flaws("PyPI", count)),
    )


@pytest.fixture
def mirror() -> Iterator[LoopbackMirror]:
    with serving(two_feeds()) as server:
        yield server


def load(home: Path, source: Origin, now: datetime = NOW, **choices: Any) -> Outcome:
    return update(home / "advisories.sqlite", source, lambda *_: None, now, **choices)


def fetch(home: Path, server: LoopbackMirror, now: datetime = NOW, **choices: Any) -> Outcome:
    return load(home, Mirror(server.url, home), now, **choices)


def counts(home: Path) -> dict[str, int]:
    with AdvisoryStore.open(home / "advisories.sqlite") as store:
        return {feed.name: feed.records for feed in store.feeds()}


def state(home: Path) -> StoreState:
    with AdvisoryStore.open(home / "advisories.sqlite") as store:
        return store.state()


def names(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir())


def test_a_mirror_is_fetched_into_a_store(tmp_path: Path, mirror: LoopbackMirror) -> None:
    outcome = fetch(tmp_path, mirror)
    assert [state.name for state in outcome.changed] == ALL
    assert outcome.unused == ["Android"]
    assert not outcome.failed
    assert counts(tmp_path) == {"epss": 1, "kev": 1, "osv/Debian": 20, "osv/PyPI": 20}
    assert names(tmp_path) == ["advisories.sqlite"]
    with AdvisoryStore.open(tmp_path / "advisories.sqlite") as store:
        assert store.likelihood("CVE-2020-1000").exploited_since == "2020-01-02"


def test_what_has_not_changed_is_kept_and_its_age_renewed(
    tmp_path: Path, mirror: LoopbackMirror
) -> None:
    fetch(tmp_path, mirror)
    later = fetch(tmp_path, mirror, NOW + timedelta(days=3))
    assert later.unchanged == ALL
    assert mirror.answered("/PyPI/all.zip") == [200, 304]
    with AdvisoryStore.open(tmp_path / "advisories.sqlite") as store:
        assert {feed.obtained for feed in store.feeds()} == {"2026-11-23T12:00:00Z"}
        assert store.counts()["advisories"] == 40


def test_only_what_changed_is_read_again(tmp_path: Path, mirror: LoopbackMirror) -> None:
    fetch(tmp_path, mirror)
    mirror.files["/PyPI/all.zip"] = zipped(flaws("PyPI", 21, fixed="3.0"))
    outcome = fetch(tmp_path, mirror)
    assert [state.name for state in outcome.changed] == ["osv/PyPI"]
    assert counts(tmp_path)["osv/PyPI"] == 21


def test_a_server_without_etags_is_fetched_again(tmp_path: Path, mirror: LoopbackMirror) -> None:
    mirror.has_etags = False
    fetch(tmp_path, mirror)
    assert [state.name for state in fetch(tmp_path, mirror).changed] == ALL


def test_a_mirror_of_whole_hosts_has_the_bucket_one_level_down(tmp_path: Path) -> None:
    moved = {
        path if path in (KEV, EPSS) else f"/osv-vulnerabilities{path}": content
        for path, content in two_feeds().items()
    }
    with serving(moved) as server:
        assert [state.name for state in fetch(tmp_path, server).changed] == ALL


def test_a_server_that_stumbles_is_asked_again(tmp_path: Path, mirror: LoopbackMirror) -> None:
    mirror.faults["/PyPI/all.zip"] = ["500", "503"]
    mirror.faults["/Debian/all.zip"] = ["short", "short"]
    assert not fetch(tmp_path, mirror).failed
    assert counts(tmp_path)["osv/Debian"] == 20


@pytest.mark.parametrize(
    ("path", "fault", "feed"),
    [
        ("/PyPI/all.zip", ["500"] * 20, "osv/PyPI"),
        ("/PyPI/all.zip", ["403"], "osv/PyPI"),
        ("/PyPI/all.zip", ["short"] * 20, "osv/PyPI"),
        (KEV, ["404"], "kev"),
        (EPSS, ["404"], "epss"),
    ],
)
def test_a_feed_that_does_not_answer_keeps_its_earlier_content(
    tmp_path: Path, mirror: LoopbackMirror, path: str, fault: list[str], feed: str
) -> None:
    fetch(tmp_path, mirror)
    before = counts(tmp_path)
    mirror.files["/PyPI/all.zip"] = zipped(flaws("PyPI", 30))
    mirror.files[KEV] += b" "
    mirror.files[EPSS] += b"\n"
    mirror.faults[path] = fault
    later = fetch(tmp_path, mirror, NOW + timedelta(days=1))
    assert [type(error) for error in later.failed] == [FeedUnavailable]
    assert path in str(later.failed[0])
    assert counts(tmp_path)[feed] == before[feed]
    with AdvisoryStore.open(tmp_path / "advisories.sqlite") as store:
        obtained = {state.name: state.obtained[:10] for state in store.feeds()}
    assert obtained.pop(feed) == "2026-11-20"
    assert set(obtained.values()) == {"2026-11-21"}


def encrypted() -> bytes:
    content = bytearray(zipped(flaws("PyPI", 30)))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(signature, at + 1)) >= 0:
            content[at + place] |= 1
    return bytes(content)


def undecodable_name() -> bytes:
    content = zipped(flaws("PyPI", 30)).replace(b"R-7.json", b"\xff-7.json")
    flagged = bytearray(content)
    at = -1
    while (at := flagged.find(b"PK\x01\x02", at + 1)) >= 0:
        flagged[at + 9] |= 0x08  # says that names are UTF-8
    return bytes(flagged)


SPEAKING_OF_OTHERS = zipped(flaws("npm", 30))
BAD_ZIPS = {
    "not a zip": b"<html>",
    "nothing": b"",
    "an empty zip": zipped([]),
    "a zip of another ecosystem": SPEAKING_OF_OTHERS,
    "cut": zipped(flaws("PyPI", 30))[:-200],
    "its middle is damaged": zipped(flaws("PyPI", 30), zipfile.ZIP_STORED).replace(
        b"introduced", b"intruduced", 1
    ),
    "encrypted": encrypted(),
    "a name that is no text": undecodable_name(),
    "a member that unpacks to too much": zipped([*flaws("PyPI", 30), b" " * (33 << 20)]),
    "records that cannot be read": zipped([b"[]"] * 30),
    "most records cannot be read": zipped([*flaws("PyPI", 5), *[b"{"] * 25]),
    "most records lost their versions": zipped(
        [*flaws("PyPI", 5), *(record(f"X-{n}") for n in range(25))]
    ),
    "a fifth is missing": zipped(flaws("PyPI", 16)),
}


@pytest.mark.parametrize("content", BAD_ZIPS.values(), ids=BAD_ZIPS)
def test_a_feed_with_bad_content_keeps_its_earlier_content(
    tmp_path: Path, mirror: LoopbackMirror, content: bytes
) -> None:
    fetch(tmp_path, mirror)
    mirror.files["/PyPI/all.zip"] = content
    outcome = fetch(tmp_path, mirror)
    assert [type(error) for error in outcome.failed] == [BadFeed]
    assert "osv/PyPI" in str(outcome.failed[0])
    assert counts(tmp_path)["osv/PyPI"] == 20
    with AdvisoryStore.open(tmp_path / "advisories.sqlite") as store:
        assert len(store.named("PYP-19")) == 1
    mirror.files["/PyPI/all.zip"] = zipped(flaws("PyPI", 22))  # not asked with a bad one's ETag
    assert not fetch(tmp_path, mirror).failed
    assert counts(tmp_path)["osv/PyPI"] == 22


@pytest.mark.parametrize("path", [KEV, EPSS])
@pytest.mark.parametrize("content", [b"", b"<html>", b'{"vulnerabilities": []}', b"\x1f\x8b"])
def test_bad_scores_and_catalogues_keep_the_earlier_ones(
    tmp_path: Path, mirror: LoopbackMirror, path: str, content: bytes
) -> None:
    fetch(tmp_path, mirror)
    mirror.files[path] = content
    assert [type(error) for error in fetch(tmp_path, mirror).failed] == [BadFeed]
    with AdvisoryStore.open(tmp_path / "advisories.sqlite") as store:
        told = store.likelihood("CVE-2020-1000")
        assert (told.exploited_since, told.probability) == ("2020-01-02", 0.5)


def test_a_loss_of_many_records_can_be_accepted(tmp_path: Path, mirror: LoopbackMirror) -> None:
    fetch(tmp_path, mirror)
    mirror.files["/PyPI/all.zip"] = zipped(flaws("PyPI", 3))
    assert fetch(tmp_path, mirror).failed[0].hint.endswith("--force accepts it")
    assert not fetch(tmp_path, mirror, force=True).failed
    assert counts(tmp_path)["osv/PyPI"] == 3


def test_not_even_by_force_is_an_empty_feed_accepted(
    tmp_path: Path, mirror: LoopbackMirror
) -> None:
    fetch(tmp_path, mirror)
    mirror.files["/PyPI/all.zip"] = zipped([])
    assert fetch(tmp_path, mirror, force=True).failed
    assert counts(tmp_path)["osv/PyPI"] == 20


def test_a_few_records_may_go(tmp_path: Path, mirror: LoopbackMirror) -> None:
    fetch(tmp_path, mirror)
    mirror.files["/PyPI/all.zip"] = zipped(flaws("PyPI", 18))
    assert not fetch(tmp_path, mirror).failed
    assert counts(tmp_path)["osv/PyPI"] == 18


def test_records_that_break_the_schema_are_counted_and_skipped(
    tmp_path: Path, mirror: LoopbackMirror
) -> None:
    hostile = record(
        "X-\ud800", below("PyPI", "a\ud800b", "1"), aliases=["\udfff"], summary="\ud800"
    )
    mirror.files["/PyPI/all.zip"] = zipped([*flaws("PyPI", 20), b"{", b"[" * 99_999, hostile])
    outcome = fetch(tmp_path, mirror)
    state = next(state for state in outcome.changed if state.name == "osv/PyPI")
    assert (state.records, state.skipped) == (21, 2)


def test_an_id_that_stands_twice_is_taken_once(tmp_path: Path, mirror: LoopbackMirror) -> None:
    mirror.files["/PyPI/all.zip"] = zipped([*flaws("PyPI", 20), *flaws("PyPI", 5)])
    assert not fetch(tmp_path, mirror).failed
    with AdvisoryStore.open(tmp_path / "advisories.sqlite") as store:
        assert store.counts()["advisories"] == 40


def test_dates_in_the_future_do_not_become_the_newest(
    tmp_path: Path, mirror: LoopbackMirror
) -> None:
    several = flaws("PyPI", 4)
    dates = ["2026-11-19T23:59:59.5Z", "2027-07-09T15:54:00Z", "soon", "2026-11-20T08:00:00+09:00"]
    for content, date in zip(several, dates, strict=True):
        content["modified"] = date
    mirror.files["/PyPI/all.zip"] = zipped(several)
    mirror.files[KEV] = (
        b'{"vulnerabilities": [{"cveID": "CVE-2020-1000", "dateAdded": "2031-01-01"},'
        b'{"cveID": "CVE-2020-1001", "dateAdded": "2026-05-05"}]}'
    )
    newest = {state.name: state.newest for state in fetch(tmp_path, mirror).changed}
    assert newest["osv/PyPI"] == "2026-11-19T23:59:59.5Z"
    assert newest["kev"] == "2026-05-05"


def test_only_chosen_ecosystems_are_asked_for(tmp_path: Path, mirror: LoopbackMirror) -> None:
    outcome = fetch(tmp_path, mirror, ecosystems=frozenset({"PyPI"}))
    assert [state.name for state in outcome.changed] == ["osv/PyPI", "kev", "epss"]
    assert mirror.answered("/Debian/all.zip") == []


def test_a_chosen_ecosystem_that_is_not_there_is_named(
    tmp_path: Path, mirror: LoopbackMirror
) -> None:
    outcome = fetch(tmp_path, mirror, ecosystems=frozenset({"PyPI", "npm"}))
    assert [str(error) for error in outcome.failed] == ["osv/npm: not among what there is"]


def test_an_ecosystem_that_went_away_is_named_and_stays_in_the_store(
    tmp_path: Path, mirror: LoopbackMirror
) -> None:
    fetch(tmp_path, mirror)
    mirror.files["/ecosystems.txt"] = b"PyPI\n"
    outcome = fetch(tmp_path, mirror)
    assert [str(error) for error in outcome.failed] == ["osv/Debian: not among what there is"]
    assert counts(tmp_path)["osv/Debian"] == 20


def test_releases_in_the_list_of_ecosystems_are_one_directory(
    tmp_path: Path, mirror: LoopbackMirror
) -> None:
    mirror.files["/ecosystems.txt"] = b"Debian:12\r\nDebian:11\nPyPI\n\n"
    assert [state.name for state in fetch(tmp_path, mirror).changed] == ALL


def test_nothing_at_all_is_an_error_and_leaves_no_store(tmp_path: Path) -> None:
    with serving({}) as server, pytest.raises(FeedUnavailable, match=r"ecosystems\.txt: not there"):
        fetch(tmp_path, server)
    with serving({"/ecosystems.txt": b"PyPI"}) as server, pytest.raises(FeedUnavailable):
        fetch(tmp_path, server)
    assert names(tmp_path) == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path, mirror: LoopbackMirror) -> None:
    with serving({}) as gone:
        url = gone.url
    with pytest.raises(FeedUnavailable, match="no answer"):
        load(tmp_path, Mirror(url, tmp_path))


def test_no_fault_tells_what_may_be_secret_in_a_mirrors_address(tmp_path: Path) -> None:
    with serving({}) as server:
        there = server.url.replace("://", "://ada:hunter2@")
        for url in (there, f"{server.url}/?sig=hunter2"):
            with pytest.raises(FeedUnavailable) as error:
                load(tmp_path, Mirror(url, tmp_path))
            assert "hunter2" not in str(error.value)
            assert server.url.removeprefix("http://") in str(error.value)
    for url in (there, "https://ada:hunter2@a b/", "https://ada:hunter2@[::1/x"):
        with pytest.raises(FeedUnavailable) as error:
            load(tmp_path, Mirror(url, tmp_path))
        assert "hunter2" not in str(error.value)
    with pytest.raises(UsageError) as refused:
        Mirror("ftp://ada:hunter2@h/", tmp_path)
    assert "hunter2" not in str(refused.value)


def test_an_endless_list_of_ecosystems_is_refused(tmp_path: Path) -> None:
    with (
        serving({"/ecosystems.txt": b"x\n" * (1 << 20)}) as server,
        pytest.raises(FeedUnavailable, match="more than"),
    ):
        fetch(tmp_path, server)


def test_a_feed_that_never_ends_is_refused(
    tmp_path: Path, mirror: LoopbackMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origin, "_FEED_BYTES", 1000)
    outcome = fetch(tmp_path, mirror)
    assert any("more than 1,000 bytes" in str(error) for error in outcome.failed)


def test_a_catalogue_that_is_too_large_is_refused_before_it_is_read(
    tmp_path: Path, mirror: LoopbackMirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FILE_BYTES", 10)
    assert len(fetch(tmp_path, mirror).failed) == 2


def test_the_public_feeds_are_the_default(tmp_path: Path) -> None:
    public = Mirror(None, tmp_path)
    assert public._url("osv/crates.io").endswith("osv-vulnerabilities/crates.io/all.zip")
    assert public._url("kev") == origin.KEV_URL
    assert public._url("epss") == origin.EPSS_URL


@pytest.mark.parametrize("url", ["file:///etc", "ftp://x", "x"])
def test_only_http_is_a_mirror(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError):
        Mirror(url, tmp_path)


# --- folders -------------------------------------------------------------------------------------


@pytest.mark.parametrize("below_root", ["", "osv", "osv-vulnerabilities"])
def test_a_folder_is_imported_wherever_its_ecosystems_are(tmp_path: Path, below_root: str) -> None:
    files = two_feeds()
    scores = {path: files.pop(path) for path in (KEV, EPSS)}
    lay_out(tmp_path / "in" / below_root, files)
    lay_out(tmp_path / "in", scores)
    outcome = load(tmp_path / "home", Folder(tmp_path / "in"))
    assert [state.name for state in outcome.changed] == ALL
    assert not outcome.failed


def test_an_unchanged_folder_is_not_read_again(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "in", two_feeds())
    load(tmp_path / "home", Folder(folder))
    assert load(tmp_path / "home", Folder(folder)).unchanged == ALL


def test_kev_and_epss_may_have_short_names(tmp_path: Path) -> None:
    files = two_feeds()
    files["/kev.json"], files["/epss.csv.gz"] = files.pop(KEV), files.pop(EPSS)
    outcome = load(tmp_path / "home", Folder(lay_out(tmp_path / "in", files)))
    assert not outcome.failed


def test_a_folder_without_kev_is_imported_without_it(tmp_path: Path) -> None:
    files = two_feeds()
    del files[KEV]
    outcome = load(tmp_path / "home", Folder(lay_out(tmp_path / "in", files)))
    assert [type(error) for error in outcome.failed] == [FeedUnavailable]
    assert counts(tmp_path / "home") == {"epss": 1, "osv/Debian": 20, "osv/PyPI": 20}


def test_a_folder_may_be_read_only_and_stays_as_it_is(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "in", two_feeds())
    before = {path: path.stat() for path in folder.rglob("*")}
    for path in sorted(before, reverse=True):
        path.chmod(0o500 if path.is_dir() else 0o400)
    folder.chmod(0o500)
    try:
        assert not load(tmp_path / "home", Folder(folder)).failed
        assert set(folder.rglob("*")) == set(before)
    finally:
        for path in (folder, *before):
            path.chmod(0o700)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_fails_by_itself(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "in", two_feeds())
    (folder / "PyPI" / "all.zip").chmod(0)
    outcome = load(tmp_path / "home", Folder(folder))
    assert [type(error) for error in outcome.failed] == [FeedUnavailable]


def test_a_folder_without_feeds_is_wrong_use(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError):
            Folder(place)


# --- interruptions and others at work ------------------------------------------------------------

IMPORT = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from seawall.advisories import Folder, Mirror, update
home = Path(sys.argv[1])
origin = Folder(Path(sys.argv[2])) if sys.argv[2][0] == "/" else Mirror(sys.argv[2], home)
def progress(what, done, total):
    print(what, flush=True)
    if what.startswith(sys.argv[3]):
        time.sleep(60)
update(home / "advisories.sqlite", origin, progress, datetime.now(UTC))
"""


def importing(home: Path, source: Path | str, stop_at: str) -> subprocess.Popen[str]:
    """Start an import that stops where `stop_at` is reported, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(home), str(source), stop_at],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(stop_at):
            break
    return process


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("stop_at", ["osv/PyPI: reading", "osv/PyPI", "epss"])
def test_a_killed_import_leaves_the_earlier_store_and_the_next_one_tidies_up(
    tmp_path: Path, stop_at: str
) -> None:
    home = tmp_path / "home"
    load(home, Folder(lay_out(tmp_path / "in", two_feeds())))
    before = state(home)
    kill(importing(home, lay_out(tmp_path / "in", two_feeds(2000)), stop_at))
    assert counts(home)["osv/PyPI"] == 20
    assert state(home) == before
    assert len(names(home)) == 2  # the store, and what the killed one left
    outcome = load(home, Folder(tmp_path / "in"))
    assert not outcome.failed
    assert counts(home)["osv/PyPI"] == 2000
    assert outcome.changes == {ChangeKind.NEW: 2 * 1980}
    after = state(home)
    assert after == replace(before, serial=before.serial + 1, token=after.token)
    assert after.token != before.token
    assert names(home) == ["advisories.sqlite"]


def test_a_killed_download_is_tidied_up_by_the_next(tmp_path: Path, mirror: LoopbackMirror) -> None:
    kill(importing(tmp_path, mirror.url, "osv/PyPI"))
    assert any(name.endswith(".part") for name in names(tmp_path))
    assert not fetch(tmp_path, mirror).failed
    assert names(tmp_path) == ["advisories.sqlite"]


def test_an_update_waits_for_another_and_then_fetches_nothing_twice(
    tmp_path: Path, mirror: LoopbackMirror
) -> None:
    waiting: list[str] = []
    outcomes: list[Outcome] = []

    def run() -> None:
        path = tmp_path / "advisories.sqlite"
        outcomes.append(
            update(path, Mirror(mirror.url, tmp_path), lambda w, *_: waiting.append(w), NOW)
        )

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(outcome.changed) for outcome in outcomes) == [0, 0, 4]
    assert "waiting for another update" in waiting
    assert names(tmp_path) == ["advisories.sqlite"]


def test_a_killed_update_does_not_keep_others_waiting(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "in", two_feeds())
    home = tmp_path / "home"
    process = importing(home, folder, "osv/PyPI")
    waiting: list[str] = []

    def progress(what: str, *_: object) -> None:
        if what == "waiting for another update":
            waiting.append(what)
            threading.Timer(0.3, kill, [process]).start()

    assert not update(home / "advisories.sqlite", Folder(folder), progress, NOW).failed
    assert waiting
    assert process.wait() == -signal.SIGKILL  # by us: it did not come to its own end


def test_a_damaged_store_is_made_anew_by_an_update(tmp_path: Path, mirror: LoopbackMirror) -> None:
    fetch(tmp_path, mirror)
    (tmp_path / "advisories.sqlite").write_bytes(b"junk")
    with pytest.raises(StoreUnusable):
        counts(tmp_path)
    assert [state.name for state in fetch(tmp_path, mirror).changed] == ALL
    assert counts(tmp_path)["osv/PyPI"] == 20


def test_stamps_are_in_utc(tmp_path: Path, mirror: LoopbackMirror) -> None:
    fetch(tmp_path, mirror, datetime.fromisoformat("2026-11-20T21:00:00+09:00"))
    with AdvisoryStore.open(tmp_path / "advisories.sqlite") as store:
        assert {feed.obtained for feed in store.feeds()} == {"2026-11-20T12:00:00Z"}
        assert NOW.tzinfo is UTC


def test_a_mirror_is_asked_for_the_usual_ecosystems_and_a_folder_for_all() -> None:
    there = ["Debian", "Hackage", "Red Hat"]
    outcome = Outcome()
    usual = module._wanted(there, {}, None, BY_DEFAULT, outcome)
    assert usual == ["osv/Debian"]
    everything = module._wanted(there, {}, None, frozenset(ECOSYSTEMS), outcome)
    assert everything == [f"osv/{name}" for name in there]
    assert outcome.failed == []
