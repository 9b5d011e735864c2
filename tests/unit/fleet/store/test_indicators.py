from dataclasses import replace

from seawall.fleet.indicators import parse_indicator
from seawall.fleet.store import Fleet
from seawall.fleet.store.indicators import Sighting
from seawall.scanning.content.file_digests import FileList
from tests.unit.fleet.families import FIRST, LATER


def keep_files(fleet: Fleet, files: dict[str, FileList]) -> None:
    with fleet.writing():
        fleet.indicators.keep_files(files)


def test_what_is_asked_already_is_added_once(fleet: Fleet) -> None:
    first = fleet.indicators.add(parse_indicator("package", "a@1"), "why", FIRST)
    assert fleet.indicators.add(parse_indicator("package", "a==1"), "other", LATER) == first
    fleet.indicators.remove(first.indicator, LATER)
    assert fleet.indicators.listed() == []
    assert fleet.indicators.listed(also_removed=True) == [replace(first, removed=LATER)]


def test_a_kind_of_a_later_version_is_left_alone(fleet: Fleet) -> None:
    fleet.database.run(
        "INSERT INTO indicator (id, kind, value, note, added, removed) "
        "VALUES (1, 'domain', 'evil.example', '', ?, '')",
        (FIRST,),
    )
    assert fleet.indicators.listed() == []
    assert fleet.indicators.add(parse_indicator("path", "x"), "", FIRST).id == 2


def test_the_files_of_a_layer_are_kept_once(fleet: Fleet) -> None:
    first, other = FileList(b"12345678", b"a", b"b"), FileList(b"", b"c", b"d")
    keep_files(fleet, {"sha256:1": first})
    keep_files(fleet, {"sha256:1": other, "sha256:2": other, "": other})
    assert dict(fleet.indicators.digests()) == {
        "sha256:1": first.digests,
        "sha256:2": other.digests,
    }
    assert fleet.indicators.with_files(["sha256:1", "sha256:3"]) == {"sha256:1"}


def test_of_an_indicator_in_an_image_the_first_sighting_stays(fleet: Fleet) -> None:
    first = Sighting(1, 1, "in a", FIRST)
    fleet.indicators.sighted([first, Sighting(2, 1, "in b", LATER)])
    fleet.indicators.sighted([Sighting(1, 1, "in c", LATER)])
    assert fleet.indicators.sightings(1) == [first]
    assert fleet.indicators.sightings(image=1) == [Sighting(2, 1, "in b", LATER), first]
    assert len(fleet.indicators.sightings()) == 2
    assert fleet.indicators.sightings(3) == []
