"""Taking images into the fleet: as a whole, or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seawall.advisories import AdvisoryStore
from seawall.errors import TooManyFindings
from seawall.fleet import Fleet, keeping
from seawall.fleet.keeping import check_not_refused, keep
from seawall.fleet.notifying.notice import decode
from seawall.fleet.record import LayerRecord
from tests.unit.advisories.records import Record, below, record
from tests.unit.fleet.samples import at, deb, digest, everything, image, publish

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def advisory(number: int) -> Record:
    name = f"CVE-2026-{1000 + number}"
    return record(f"DEBIAN-{name}", below("Debian:12", "linux", "6.2"), upstream=[name])


def test_an_image_with_too_many_findings_is_refused_as_a_whole(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 KB of package list name one source package again and again: each has all its flaws."""
    monkeypatch.setattr(keeping, "_MOST", 300)
    kernels = [at(deb(f"linux-image-{n}", f"6.1-{n}", source="linux")) for n in range(120)]
    honest = image("honest", {"base": kernels[:10]})
    hostile = image("hostile", {"base": kernels[:10], "app": kernels})
    path = publish(tmp_path, {"Debian": [advisory(number) for number in range(10)]})
    with AdvisoryStore.open(path) as store:
        kept = keep(fleet, honest, store, NOW, code="c", tells=True)
        assert len(kept.findings) == 100
        before = everything(fleet.database)
        with pytest.raises(TooManyFindings, match="hostile:1: more than 300 findings") as caught:
            keep(fleet, hostile, store, NOW, code="c", tells=True)
        assert caught.value.exit_code == 4
        after = everything(fleet.database)
        noted = {row for row in after.pop("meta") if not row[0].startswith("refused:")}
        assert noted == set(before.pop("meta"))
        assert after == before
        other = image("other", {"base": kernels[:20]})
        assert len(keep(fleet, other, store, NOW, code="c").findings) == 200


def test_a_bill_of_materials_has_no_image_refused(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_MOST", 1)
    claimed = image("web", {"base": [at(deb("linux", "6.1"))]}, is_claimed=True)
    path = publish(tmp_path, {"Debian": [advisory(1), advisory(2)]})
    with AdvisoryStore.open(path) as store, pytest.raises(TooManyFindings):
        keep(fleet, claimed, store, NOW)
    check_not_refused(fleet, digest("web"), NOW)


def test_an_image_is_told_when_it_is_read_though_a_bill_of_materials_was_before(
    fleet: Fleet, tmp_path: Path
) -> None:
    linux = {"base": [at(deb("linux", "6.1"))]}
    claimed = image("web", {}, analyser="sbom 1", is_claimed=True)
    claimed = replace(claimed, layers=(LayerRecord("sbom:web", "", "", ()),))
    read = image("web", linux, analyser="1", other_findings=())
    path = publish(tmp_path, {"Debian": [advisory(1)]})
    with AdvisoryStore.open(path) as store:
        for record_ in (claimed, read, claimed, read):
            keep(fleet, record_, store, NOW, tells=True)
    rows = fleet.database.rows("SELECT document FROM outbox ORDER BY id")
    told = [len(decode(bytes(document)).flaws) for (document,) in rows]
    assert sorted(told) == [0, 1]


def test_an_image_that_was_refused_lately_need_not_be_read_again(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_MOST", 1)
    hostile = image("hostile", {"base": [at(deb("linux", "6.1"))]})
    check_not_refused(fleet, digest("hostile"), NOW)
    path = publish(tmp_path, {"Debian": [advisory(1), advisory(2)]})
    with AdvisoryStore.open(path) as store, pytest.raises(TooManyFindings):
        keep(fleet, hostile, store, NOW)
    with pytest.raises(TooManyFindings, match="refused"):
        check_not_refused(fleet, digest("hostile"), NOW + timedelta(days=6))
    check_not_refused(fleet, digest("hostile"), NOW + timedelta(days=7))
    check_not_refused(fleet, digest("other"), NOW)
