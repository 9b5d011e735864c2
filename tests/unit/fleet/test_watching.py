"""What a runtime tells of images, in the fleet."""

from dataclasses import replace

from seawall.fleet.store import Fleet
from seawall.fleet.watching import take_note, take_stock
from seawall.fleet.workloads import ImageArrived, RuntimeImage
from tests.unit.fleet.samples import T0, T1, T2, add, at, deb, digest, image

PLACE = "docker:prod"
WEB = image("web", {"base": [at(deb("bash", "5.2-1"))]})


def stock(fleet: Fleet, moment: str, *images: RuntimeImage) -> list[str]:
    wanted = take_stock(fleet, PLACE, images, (), runtime="docker", host="prod", at=moment)
    return [one.digest for one in wanted]


def test_an_image_that_was_pushed_later_is_known_by_its_manifest(fleet: Fleet) -> None:
    """Who asks by what the registry calls it must not be told that nobody saw it."""
    add(fleet, WEB)
    pushed, again = digest("pushed"), digest("pushed elsewhere")
    stock(fleet, T0, RuntimeImage(WEB.digest, ("web:1",), ""))
    assert fleet.images.with_digest(pushed) == []
    stock(fleet, T1, RuntimeImage(WEB.digest, ("web:1",), "", (pushed,)))
    told = ImageArrived(T2, WEB.digest, "", (again,))
    assert take_note(fleet, PLACE, told, runtime="docker", host="prod") is None
    for manifest in (pushed, again):
        assert [one.digest for one in fleet.images.named(f"web@{manifest}")] == [WEB.digest]
    stock(fleet, T2, RuntimeImage(WEB.digest, ("web:1",), ""))
    (stored,) = fleet.images.with_digest(pushed)  # what it was called is true for ever
    assert (stored.names, stored.gone) == (("web:1",), "")


def test_an_image_that_is_known_by_hearsay_is_to_be_read(fleet: Fleet) -> None:
    """Whoever writes a bill of materials writes any digest into it."""
    add(fleet, replace(WEB, analyser="sbom 1", is_claimed=True))
    there = RuntimeImage(WEB.digest, ("web:1",), "")
    assert stock(fleet, T0, there) == [WEB.digest]
    told = take_note(fleet, PLACE, ImageArrived(T0, WEB.digest, ""), runtime="docker", host="prod")
    assert told is not None
    assert told.digest == WEB.digest
    add(fleet, WEB)
    assert stock(fleet, T1, there) == []
