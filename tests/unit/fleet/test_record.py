"""What the fleet keeps of an image that was read."""

import hashlib
from dataclasses import replace

import pytest

from seawall.errors import UsageError
from seawall.fleet.record import chain_ids, record_of
from seawall.model import Image, ImageConfig, ImageRef, Incomplete, Inventory, Layer, Package
from tests.unit.fleet.samples import DEBIAN, digest

ONE, TWO, EMPTY = digest("one"), digest("two"), digest("empty")
REF = ImageRef("docker", "web:1")


def chain(*diff_ids: str) -> str:
    """Return a chain-id as the specification defines it, by recursion."""
    *below, top = diff_ids
    if not below:
        return top
    return "sha256:" + hashlib.sha256(f"{chain(*below)} {top}".encode()).hexdigest()


def image(*diff_ids: str, known: str = digest("web")) -> Image:
    layers = tuple(Layer(diff_id, f"RUN {diff_id}") for diff_id in diff_ids)
    config = ImageConfig(created="2026-01-01T00:00:00Z")
    return Image(REF, known, layers, "linux", "amd64", ("web:1", "web:2"), config)


def inventory(*packages: Package, layers: tuple[str, ...] = ()) -> Inventory:
    gaps = (Incomplete("etc/x", "damaged"),)
    return Inventory("docker:web:1", digest("web"), DEBIAN, packages, gaps, layers)


def package(name: str, layer: str, path: str = "status") -> Package:
    return Package("deb", name, "1", layer=layer, path=path)


def test_a_chain_is_as_the_specification_defines_it() -> None:
    diff_ids = [ONE, TWO, EMPTY, EMPTY]
    assert list(chain_ids(diff_ids)) == [chain(*diff_ids[: n + 1]) for n in range(4)]
    assert list(chain_ids([])) == []


def test_a_record_says_what_each_layer_brought() -> None:
    record = record_of(
        image(ONE, TWO), inventory(package("bash", ONE), package("curl", TWO)), analyser="a"
    )
    assert [layer.chain_id for layer in record.layers] == [ONE, chain(ONE, TWO)]
    assert [layer.diff_id for layer in record.layers] == [ONE, TWO]
    assert [layer.created_by for layer in record.layers] == [f"RUN {ONE}", f"RUN {TWO}"]
    names = [[c.package.name for c, _ in layer.contents] for layer in record.layers]
    assert names == [["bash"], ["curl"]]
    assert (record.digest, record.names, record.target) == (
        digest("web"),
        ("web:1", "web:2"),
        "docker:web:1",
    )
    assert (record.os, record.architecture, record.created) == (
        "linux",
        "amd64",
        "2026-01-01T00:00:00Z",
    )
    assert record.incomplete == (Incomplete("etc/x", "damaged"),)
    assert (record.analyser, record.distribution, record.other_findings) == ("a", DEBIAN, None)


def test_a_package_is_kept_once_for_each_place() -> None:
    twice = (package("bash", ONE), package("bash", ONE), package("bash", ONE, "other"))
    (layer,) = record_of(image(ONE), inventory(*twice)).layers
    assert [place.path for _, place in layer.contents] == ["status", "other"]


def test_a_layer_that_is_there_twice_brings_its_packages_once() -> None:
    record = record_of(image(EMPTY, ONE, EMPTY), inventory(package("bash", EMPTY)))
    assert [len(layer.contents) for layer in record.layers] == [1, 0, 0]
    assert len({layer.chain_id for layer in record.layers}) == 3


def test_a_package_of_no_known_layer_is_in_the_last_one() -> None:
    record = record_of(image(ONE, TWO), inventory(package("bash", ""), package("curl", "other")))
    assert [len(layer.contents) for layer in record.layers] == [0, 2]


def test_layers_that_only_the_inventory_knows_are_used() -> None:
    record = record_of(image(), inventory(package("bash", ONE), layers=(ONE, TWO)))
    assert [layer.chain_id for layer in record.layers] == [ONE, chain(ONE, TWO)]
    assert len(record.layers[0].contents) == 1


def test_an_image_without_layers_is_one() -> None:
    record = record_of(image(), inventory(package("bash", "")))
    (layer,) = record.layers
    assert (layer.chain_id, layer.diff_id) == (digest("web"), "")
    assert len(layer.contents) == 1


def test_what_a_bill_of_materials_says_is_one_layer_that_no_image_has() -> None:
    """Whoever wrote it chose the names of layers: they might be those of another image."""
    named = replace(image(ONE, TWO), ref=ImageRef("sbom", "x.json"))
    told = inventory(package("bash", ONE), package("curl", TWO), layers=(ONE, TWO))
    record = record_of(named, told)
    (layer,) = record.layers
    assert (layer.chain_id, layer.diff_id) == (f"sbom:{digest('web')}", "")
    assert [component.package.name for component, _ in layer.contents] == ["bash", "curl"]
    assert record.is_claimed
    assert not record_of(image(ONE, TWO), told).is_claimed


def test_what_has_no_digest_is_refused() -> None:
    with pytest.raises(UsageError, match="no digest"):
        record_of(image(ONE, known=""), inventory())
