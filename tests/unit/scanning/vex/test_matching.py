from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from seawall.model import Distribution, Image, ImageRef
from seawall.scanning.vex import (
    Component,
    Product,
    Statement,
    Status,
    image_names,
    verdict,
    why_not,
)
from tests.unit.scanning.reports.samples import AWS_KEY, DEBIAN, GLIBC, REPORT

ID = REPORT.image.digest
MANIFEST = "sha256:" + "5" * 64
IMAGE = replace(REPORT.image, ref=ImageRef("registry", f"ghcr.io/shop/api:2.3@{MANIFEST}"), tags=())
NAMES = image_names(IMAGE, DEBIAN)


def statement(*products: Product, **changes: Any) -> Statement:
    usual: dict[str, Any] = {
        "file": "vex.json",
        "number": 1,
        "names": frozenset({"CVE-2023-4911"}),
        "status": Status.FIXED,
        "since": datetime(2026, 1, 1, tzinfo=UTC),
        "products": products,
    }
    return Statement(**(usual | changes))


def of(name: str, *parts: str) -> Product:
    return Product(Component(name, (name,)), tuple(Component(part, (part,)) for part in parts))


def reason(*products: Product, image: Image = IMAGE, **changes: Any) -> str:
    names = image_names(image, DEBIAN)
    return why_not(statement(*products, **changes), GLIBC, names)


@pytest.mark.parametrize(
    "name",
    [
        f"pkg:oci/api@{ID}",
        f"pkg:oci/api@{MANIFEST}?repository_url=mirror.example/other",
        f"pkg:oci/api@{ID.replace(':', '%3A')}",
        "pkg:oci/api",
        "pkg:oci/api?tag=2.3",
        "pkg:oci/api?repository_url=ghcr.io/shop/api&tag=2.3",
        "pkg:oci/api?repository_url=ghcr.io/shop",
        "pkg:oci/api?arch=amd64",
        "pkg:docker/shop/api@2.3",
        f"pkg:docker/shop/api@{MANIFEST}",
        ID,
        "ghcr.io/shop/api:2.3",
        f"registry:ghcr.io/shop/api:2.3@{MANIFEST}",
        "pkg:deb/debian/libc6@2.36-9+deb12u1",
        "pkg:deb/debian/glibc",
    ],
)
def test_a_product_is_the_image_by_digest_tag_or_name_or_the_package(name: str) -> None:
    assert reason(of(name)) == ""


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (f"pkg:oci/api@sha256:{'0' * 64}", "digest differs: sha256:000"),
        ("pkg:oci/shop", "image name differs: shop ≠ api"),
        ("pkg:docker/other/api", "image name differs: other/api ≠ ghcr.io/shop/api"),
        ("pkg:oci/api?tag=2.4", "tag differs: 2.4 ≠ 2.3"),
        ("pkg:oci/api?repository_url=docker.io/shop", "repository differs: docker.io/shop ≠"),
        ("pkg:oci/api?arch=arm64", "architecture differs: arm64 ≠ amd64"),
        ("https://example.org/api", "is neither this image nor this package"),
        ("pkg:deb/debian/libc6@2.37", "version differs: 2.37 ≠ 2.36-9+deb12u1"),
        ("pkg:npm/lodash", "name differs: npm ≠ deb"),
    ],
)
def test_a_product_that_is_neither_says_in_what_it_differs(name: str, told: str) -> None:
    assert told in reason(of(name))


def test_parts_are_needed_where_they_are_named() -> None:
    assert reason(of(ID, "pkg:deb/debian/libc6")) == ""
    assert reason(of(ID, "pkg:npm/a", "pkg:deb/debian/glibc")) == ""
    assert reason(of(ID, "pkg:npm/a", "pkg:deb/debian/libc6@1")) == (
        "product matches, subcomponent version differs: 1 ≠ 2.36-9+deb12u1"
    )
    assert "is no package-url" in reason(of(ID, "libc6"))


def test_one_product_of_several_is_enough_and_else_all_are_told() -> None:
    assert reason(of("pkg:npm/a"), of(ID)) == ""
    many = [of(f"pkg:deb/debian/libc6@{number}") for number in range(5)]
    assert reason(*many).endswith("; and 2 more")


def test_a_name_on_docker_hub_may_be_short_or_whole() -> None:
    image = replace(IMAGE, ref=ImageRef("docker", "debian:12"), tags=("debian:12",))
    for name in ("pkg:oci/debian?repository_url=docker.io/library/debian", "pkg:docker/debian@12"):
        assert reason(of(name), image=image) == ""
    whole = "pkg:oci/debian?repository_url=index.docker.io/library/debian&tag=12"
    assert reason(of(whole), image=image) == ""


def test_a_directory_is_known_by_its_target_only() -> None:
    directory = Image(ImageRef("dir", "/srv"), "", ())
    assert reason(of("dir:/srv"), image=directory) == ""
    assert "this image has no name" in reason(of("pkg:oci/srv"), image=directory)


def test_a_distribution_is_known_by_its_cpe_as_far_as_that_goes() -> None:
    rhel = Distribution("rhel", "9.4", cpe="cpe:/o:redhat:enterprise_linux:9::baseos")
    names = image_names(IMAGE, rhel)

    def told(cpe: str) -> str:
        part = (Component("x", ("pkg:deb/debian/libc6",)),)
        return why_not(statement(Product(Component(cpe, (), (cpe,)), part)), GLIBC, names)

    assert told("cpe:/a:redhat:enterprise_linux:9::appstream") == ""
    assert told("cpe:2.3:o:redhat:enterprise_linux:9:*:*:*:*:*:*:*") == ""
    assert told("cpe:/o:redhat:enterprise_linux") == ""
    assert "this image is cpe:/o:redhat" in told("cpe:/o:redhat:enterprise_linux:8")
    assert "names no CPE" in why_not(
        statement(Product(Component("x", (), ("cpe:/o:redhat:enterprise_linux:9",)))), GLIBC, NAMES
    )


def test_a_statement_on_another_flaw_or_with_a_fault_does_not_apply() -> None:
    assert reason(of(ID), names=frozenset({"CVE-1"})) == "it speaks of CVE-1"
    assert reason(of(ID), fault="it gives no reason") == "it gives no reason"
    assert reason() == "it names no product"
    assert "this is a secret" in why_not(statement(of(ID)), AWS_KEY, NAMES)
    assert reason(of(ID), names=frozenset({"DSA-5514-1"})) == ""  # an alias


def test_the_newest_statement_decides_and_of_equals_the_last() -> None:
    old = statement(of(ID), since=datetime(2026, 1, 1, tzinfo=UTC))
    new = statement(of(ID), since=datetime(2026, 2, 1, tzinfo=UTC), status=Status.AFFECTED)
    last = replace(new, number=2)
    for order in ([old, new], [new, old]):
        assert verdict(GLIBC, order, NAMES).deciding is new
    assert verdict(GLIBC, [new, last, old], NAMES).deciding is last


def test_among_equally_old_ones_the_findings_own_id_goes_before_an_alias() -> None:
    own = statement(of(ID))
    alias = replace(own, number=2, names=frozenset({"DSA-5514-1"}))
    assert verdict(GLIBC, [own, alias], NAMES).deciding is own


def test_what_does_not_apply_is_kept_with_its_reason() -> None:
    other = statement(of("pkg:npm/a"))
    found = verdict(GLIBC, [other], NAMES)
    assert found.deciding is None
    [(refused, told)] = found.refused
    assert refused is other
    assert "npm ≠ deb" in told
