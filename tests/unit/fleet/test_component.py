"""What is judged once: the identity of a component, and what it has to be judged again for."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.fleet.component import (
    Component,
    Namespace,
    Place,
    Watch,
    decode,
    decode_distribution,
    digest_of,
    encode,
    encode_distribution,
    located,
    namespace_of,
    package_at,
    watches,
)
from seawall.model import Distribution, Inventory, Package
from seawall.versions import key
from tests.unit.fleet.databases.test_text import ANY
from tests.unit.fleet.samples import DEBIAN, ROCKY, deb, pypi

SMALL = ANY.map(lambda text: text[:3])
PACKAGES = st.builds(
    Package,
    st.sampled_from(["deb", "rpm", "pypi", "npm"]),
    SMALL,
    SMALL,
    SMALL,
    SMALL,
    SMALL,
    owner=SMALL,
    module=SMALL,
    locked=st.booleans(),
)
DISTRIBUTIONS = st.builds(
    Distribution, SMALL, SMALL, SMALL, SMALL, SMALL, st.lists(SMALL, max_size=2).map(tuple)
)
COMPONENTS = st.builds(Component, PACKAGES, st.none() | PACKAGES, st.none() | DISTRIBUTIONS)


@given(COMPONENTS)
def test_a_component_comes_back_from_its_bytes(component: Component) -> None:
    data = encode_distribution(component.distribution)
    assert decode_distribution(data) == component.distribution
    assert decode(encode(component), component.distribution) == component


@given(COMPONENTS, COMPONENTS)
def test_a_digest_stands_for_one_component(one: Component, other: Component) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)
    assert len(digest_of(one)) == 16


FIELDS: dict[str, Any] = {
    "type": "rpm",
    "name": "x",
    "version": "2",
    "source": "x",
    "source_version": "2",
    "arch": "arm64",
    "owner": "deb:x",
    "module": "x:1",
    "locked": True,
}


def test_all_that_judgement_depends_on_is_part_of_a_component() -> None:
    package = Package("deb", "a", "1")
    several = [
        Component(package, None, DEBIAN),
        Component(package),
        Component(package, None, ROCKY),
    ]
    several += [Component(replace(package, **{f: v}), None, DEBIAN) for f, v in FIELDS.items()]
    several += [Component(package, replace(package, **{f: v})) for f, v in FIELDS.items()]
    several += [Component(package, None, replace(DEBIAN, channels=("lts",)))]
    assert len({digest_of(one) for one in several}) == len(several)
    left = {"layer", "path", "evidence"}
    assert set(Package.__slots__) == {*FIELDS, *left}


@given(st.binary(max_size=30))
def test_what_is_no_component_is_refused(data: bytes) -> None:
    for read in (lambda: decode(data, None), lambda: decode_distribution(data)):
        try:
            read()
        except ValueError:
            continue


def test_a_component_is_watched_by_each_name_and_its_version() -> None:
    component = deb("libssl3", "3.0.11-1", source="openssl")
    namespace = Namespace("deb", DEBIAN)
    assert namespace_of(component) == namespace
    found = list(watches(component))
    assert Watch(namespace, "openssl", key("dpkg", "3.0.11-1")) in found
    assert {watch.namespace for watch in found} == {namespace}


def test_a_version_without_an_order_is_watched_by_name_alone() -> None:
    assert list(watches(pypi("jinja2", "three.one"))) == [
        Watch(Namespace("pypi", None), "jinja2", None)
    ]


def test_an_owner_is_watched_by_name_in_its_own_namespace() -> None:
    owner = Package("deb", "python3-jinja2", "3.1.2-1", "jinja2")
    component = replace(pypi("jinja2", "3.1.2"), owner=owner, distribution=DEBIAN)
    assert Watch(Namespace("pypi", DEBIAN), "jinja2", key("pep440", "3.1.2")) in watches(component)
    assert Watch(Namespace("deb", DEBIAN), "jinja2", None) in watches(component)


def test_what_nobody_advises_about_is_not_watched() -> None:
    assert list(watches(Component(Package("unheard-of", "x", "1")))) == []


def test_names_and_keys_that_no_index_holds_are_left_out_or_watched_by_name() -> None:
    assert list(watches(pypi("x" * 1001, "1"))) == []
    assert [w.name for w in watches(pypi("x" * 1000, "1"))] == ["x" * 1000]
    (watch,) = watches(pypi("x", ".".join(str(n * 7919 % 10007) for n in range(900))))
    assert watch.key is None


def test_components_of_an_image_are_found_with_their_places_and_layers() -> None:
    owner = Package("deb", "python3-jinja2", "3.1.2-1", layer="sha256:a", path="status")
    wheel = Package(
        "pypi", "jinja2", "3.1.2", layer="sha256:a", path="lib", owner="deb:python3-jinja2"
    )
    free = replace(wheel, owner="", path="opt", layer="sha256:b", evidence="offset 0x1")
    inventory = Inventory("x", "sha256:x", DEBIAN, (owner, wheel, free))
    found = {
        place.path: (component, place, layer) for component, place, layer in located(inventory)
    }
    assert found["status"][0] == Component(replace(owner, layer="", path=""), None, DEBIAN)
    assert found["lib"][0].owner == found["status"][0].package
    assert found["lib"][0].distribution == DEBIAN
    assert found["opt"] == (pypi("jinja2", "3.1.2"), Place("opt", "offset 0x1"), "sha256:b")
    again = {package_at(*each) for each in found.values()}
    assert again == set(inventory.packages)


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x92\x90\xc0"])
def test_damage_says_what_it_is_not(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a stored component"):
        decode(data, None)
    with pytest.raises(ValueError, match="not a stored distribution"):
        decode_distribution(data)
