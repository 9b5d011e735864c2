"""What cannot be matched is counted and named; which distribution a document is about."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from seawall.errors import LimitExceeded
from seawall.inventory.sbom.reading import contents, parse_sbom
from seawall.inventory.sbom.reading.contents import is_same
from seawall.model import Distribution
from tests.unit.inventory.sbom.reading.documents import (
    cyclonedx,
    library,
    package,
    parsed,
    spdx,
)
from tests.unit.inventory.sbom.samples import INVENTORY, written

MUSL = library("musl", "1.2.3-r0", "pkg:apk/alpine/musl@1.2.3-r0?distro=alpine-3.18.4")
BASH = library("bash", "5.0-4", "pkg:deb/debian/bash@5.0-4?distro=debian-12")
DASH = library("dash", "0.5-1", "pkg:deb/debian/dash@0.5-1?distro=debian-12.4")


def reasons(*components: dict[str, object]) -> list[str]:
    return [gap.reason for gap in parsed(cyclonedx(*components)).inventory.incomplete]


def test_what_cannot_be_matched_is_counted_and_named() -> None:
    several = [library(f"vendored{number}", "1") for number in range(7)]
    assert reasons(*several) == [
        "7 packages without package-url cannot be matched: "
        "vendored0, vendored1, vendored2, vendored3, vendored4 and 2 more"
    ]
    assert reasons(library("ms", "", "pkg:npm/ms")) == [
        "1 package without version cannot be matched: ms"
    ]
    assert reasons({"type": "library", "version": "1"}) == [
        "1 package without package-url cannot be matched: without a name"
    ]


def test_a_damaged_package_url_costs_its_component_only() -> None:
    inventory = parsed(cyclonedx(BASH, library("ms", "1", "npm:ms@1"), DASH)).inventory
    assert [package.name for package in inventory.packages] == ["bash", "dash"]
    assert [gap.reason for gap in inventory.incomplete] == [
        "component 2 (ms): its package-url is none"
    ]
    document = spdx(package("ms", "1", "pkg:npm"), package("x", "1", "pkg:npm/x@1"))
    inventory = parsed(document).inventory
    assert [each.name for each in inventory.packages] == ["x"]
    assert [gap.reason for gap in inventory.incomplete] == [
        "package 1 (ms): its package-url is none"
    ]


def test_of_many_damaged_parts_the_first_are_told_and_the_rest_counted() -> None:
    said = reasons(
        *[{"type": "library", "name": f"n{number}", "version": 1} for number in range(103)]
    )
    assert said[0] == "component 1 (n0): Expected `str | null`, got `int` - at `$.version`"
    assert len(said) == 101
    assert said[-1] == "and 3 more damaged parts like these"


def test_what_a_damaged_part_says_is_told_shortened() -> None:
    (said,) = reasons({"type": "library", "name": "n" * 10_000, "version": 1})
    assert len(said) < 200


def test_a_gap_names_the_file() -> None:
    (gap,) = parsed(cyclonedx(library("x", "1")), "shop.json").inventory.incomplete
    assert (gap.path, gap.layer) == ("shop.json", "")


def test_a_document_without_packages_is_incomplete() -> None:
    assert reasons() == ["the document names no package at all"]


def test_a_package_that_is_there_twice_is_there_once() -> None:
    assert len(parsed(cyclonedx(BASH, BASH)).inventory.packages) == 1


def test_without_a_part_for_it_the_distribution_is_that_of_most_package_urls() -> None:
    inventory = parsed(cyclonedx(MUSL, BASH, DASH)).inventory
    assert inventory.distribution == Distribution("debian", "12")
    assert [package.name for package in inventory.packages] == ["bash", "dash"]
    assert [gap.reason for gap in inventory.incomplete] == [
        "1 package of another distribution (alpine 3.18.4) cannot be matched: musl"
    ]


def test_of_several_parts_that_are_distributions_the_packages_choose() -> None:
    systems = [
        {"type": "operating-system", "name": "alpine", "version": "3.18.4"},
        {"type": "operating-system", "name": "debian", "version": "12", "description": "Debian 12"},
    ]
    inventory = parsed(cyclonedx(*systems, BASH)).inventory
    assert inventory.distribution == Distribution("debian", "12", name="Debian 12")


def test_packages_without_any_distribution_stay_for_the_matching_to_refuse() -> None:
    inventory = parsed(cyclonedx(library("bash", "5", "pkg:deb/debian/bash@5"))).inventory
    assert inventory.distribution is None
    assert [package.name for package in inventory.packages] == ["bash"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("debian", "12"), ("debian", "12.4"), True),
        (("alpine", "3.18.4"), ("alpine", "3.18"), True),
        (("debian", "1"), ("debian", "12"), False),
        (("ubuntu", "22.04"), ("ubuntu", "22.10"), False),
        (("debian", "12"), ("ubuntu", "12"), False),
        (("debian", "", "sid"), ("debian", "", "trixie"), False),
        (("debian", "12", "bookworm"), ("debian", "", "bookworm"), True),
        (("debian", "12"), ("debian", "", "bookworm"), True),
    ],
)
def test_two_names_of_one_release_are_one(
    one: Sequence[str], other: Sequence[str], same: bool
) -> None:
    first, second = (
        Distribution(id=each[0], version=each[1], codename="".join(each[2:]))
        for each in (one, other)
    )
    assert is_same(first, second) == is_same(second, first) == same


@pytest.mark.parametrize("form", ["cyclonedx-json", "spdx-json"])
def test_parts_are_limited(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(contents, "_MOST", 5)
    few = replace(INVENTORY, packages=INVENTORY.packages[:3])
    parse_sbom(written(few, form).encode(), "x")
    with pytest.raises(LimitExceeded, match="more than 5 parts"):
        parse_sbom(written(INVENTORY, form).encode(), "x")
    with pytest.raises(LimitExceeded, match="more than 5 parts"):
        parsed(cyclonedx(*[{"type": "file", "name": "x"}] * 6))
