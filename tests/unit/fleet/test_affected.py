"""Blast radius: what a flaw, a package or a layer reaches."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings

from seawall.errors import UnknownTarget
from seawall.fleet.affected import Affected, BlastRadius, affected_by
from seawall.fleet.record import ImageRecord
from seawall.fleet.store import Fleet
from seawall.fleet.workloads import Workload
from seawall.model import Severity
from tests.unit.fleet.families import (
    FIRST,
    LATER,
    Step,
    component,
    digest,
    families,
    finding,
    image,
    judge,
    keep,
    new_fleet,
)

CVE = "CVE-2026-0001"
BASE = [Step("os", {("libc", "usr"): "1"}), Step("tls", {("tls", "usr"): "1"})]
RUNTIME = [*BASE, Step("node", {("node", "usr"): "18"})]
APP = [*RUNTIME, Step("app", {("left-pad", "app"): "1"})]
FIXED = [*RUNTIME, Step("fix", {("tls", "usr"): "2"})]
OTHER = [Step("other os", {("libc", "usr"): "1"}), Step("own tls", {("tls", "app"): "1"})]


def family(fleet: Fleet) -> None:
    for name, steps, names in (
        ("app", APP, ("shop/app:1", "shop/app:latest")),  # the youngest one first
        ("base", BASE, ("base:1",)),
        ("runtime", RUNTIME, ("runtime:18",)),
        ("fixed", FIXED, ("shop/fixed:1",)),
        ("other", OTHER, ("other:1",)),
    ):
        keep(fleet, image(name, steps, names=names))
    tls = component("tls", "1")
    judge(fleet, [(finding(CVE, tls, aliases=("GHSA-x",)), tls)], LATER)


def drawn(image: Affected) -> object:
    return (image.names[0], [drawn(one) for one in image.derived])


def running(fleet: Fleet, name: str, container: str, ended: str = "") -> None:
    with fleet.writing():
        fleet.workloads.started(
            Workload(
                container * 64, f"c-{container}", digest(name), name, "docker", "h", FIRST, ended
            ),
            FIRST,
        )


def test_a_flaw_is_followed_through_three_generations(fleet: Fleet) -> None:
    family(fleet)
    running(fleet, "image app", "a")
    running(fleet, "image app", "b", LATER)
    running(fleet, "image fixed", "f")
    radius = affected_by(fleet, CVE)
    first, second = radius.origins
    assert [drawn(root) for root in first.roots] == [
        ("base:1", [("runtime:18", [("shop/app:1", [])])])
    ]
    assert (first.diff_id, first.created_by) == (digest("step tls"), "RUN tls")
    assert first.is_of_image
    assert first.images == 3
    assert [drawn(root) for root in second.roots] == [("other:1", [])]
    assert (radius.images, radius.containers) == (4, 1)
    assert [flaw.id for flaw in radius.flaws] == [CVE]
    (hit,) = radius.packages
    assert hit == ("npm", "tls", "1", "9")
    app = first.roots[0].derived[0].derived[0]
    assert app.names == ("shop/app:1", "shop/app:latest")
    assert [container.name for container in app.containers] == ["c-a"]
    assert (app.first_seen, app.since, app.until) == (FIRST, LATER, "")
    assert [depth for depth, _ in radius.walk()] == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("GHSA-x", {"base:1", "runtime:18", "shop/app:1", "other:1"}),
        ("ghsa-X", {"base:1", "runtime:18", "shop/app:1", "other:1"}),
        ("tls", {"base:1", "runtime:18", "shop/app:1", "other:1", "shop/fixed:1"}),
        ("tls@2", {"shop/fixed:1"}),
        ("left-pad@1", {"shop/app:1"}),
        ("pkg:npm/tls@1", {"base:1", "runtime:18", "shop/app:1", "other:1"}),
        ("pkg:npm/Tls", {"base:1", "runtime:18", "shop/app:1", "other:1", "shop/fixed:1"}),
        (digest("step node"), {"runtime:18", "shop/app:1", "shop/fixed:1"}),
        ("pkg:pypi/tls", set()),
        ("tls@3", set()),
        ("ls", set()),
        ("pkg:", set()),
        ("", set()),
        ("sha256:00", set()),
    ],
)
def test_it_is_asked_for_by_many_names(fleet: Fleet, what: str, names: set[str]) -> None:
    family(fleet)
    if what in ("pkg:", "sha256:00"):
        with pytest.raises(UnknownTarget):
            affected_by(fleet, what)
        return
    assert {one.names[0] for _, one in affected_by(fleet, what).walk()} == names


def test_a_source_package_and_its_own_version_name_what_is_built_from_it(fleet: Fleet) -> None:
    from dataclasses import replace

    record = image("one", [Step("os", {("libtls3", "var"): "1-b2"})], kind="deb")
    (layer,) = record.layers
    ((one, place),) = layer.contents
    built = replace(one, package=replace(one.package, source="tls", source_version="1"))
    keep(fleet, replace(record, layers=(replace(layer, contents=((built, place),)),)))
    for what in ("tls", "tls@1", "libtls3", "libtls3@1-b2"):
        assert affected_by(fleet, what).images == 1
    assert affected_by(fleet, "tls@1-b2").images == 0


def test_a_layer_of_no_known_image_is_told_with_the_images_that_share_it(fleet: Fleet) -> None:
    for name in ("app", "fixed"):
        keep(fleet, image(name, APP if name == "app" else FIXED, names=(f"{name}:1",)))
    libc = component("libc", "1")
    judge(fleet, [(finding(CVE, libc), libc)])
    (origin,) = affected_by(fleet, CVE).origins
    assert origin.diff_id == digest("step os")
    assert not origin.is_of_image
    assert origin.images == len(origin.roots) == 2


def test_what_is_gone_is_named_only_where_others_are_built_from_it(fleet: Fleet) -> None:
    family(fleet)
    with fleet.writing():
        for name in ("base", "other", "app"):
            fleet.images.gone(digest(f"image {name}"), LATER)
    radius = affected_by(fleet, CVE)
    (origin,) = radius.origins
    (base,) = origin.roots
    assert drawn(base) == ("base:1", [("runtime:18", [])])
    assert base.gone == LATER
    assert (radius.images, origin.images, radius.images_gone) == (1, 1, 0)
    past = affected_by(fleet, CVE, past=True)
    assert (past.images, past.images_gone, len(list(past.walk()))) == (1, 3, 4)


def test_what_is_resolved_is_told_only_about_the_past(fleet: Fleet) -> None:
    family(fleet)
    with fleet.writing():
        rows = [one.id for one in fleet.findings.named(CVE)]
        fleet.findings.resolve(dict.fromkeys(rows, "withdrawn"), "2026-03-01T00:00:00Z")
    assert affected_by(fleet, CVE) == BlastRadius(CVE, (), (), (), 0, 0, 0)
    past = affected_by(fleet, CVE, past=True)
    assert {one.until for _, one in past.walk()} == {"2026-03-01T00:00:00Z"}
    assert past.images == 4


def test_of_findings_that_share_a_name_the_most_severe_stands_for_each_flaw(fleet: Fleet) -> None:
    keep(fleet, image("base", BASE, names=("base:1",)))
    tls, libc = component("tls", "1"), component("libc", "1")
    shared = {"aliases": ("DSA-1",)}
    judge(
        fleet,
        [
            (finding(CVE, tls, severity=Severity.LOW, fixed_in="", **shared), tls),
            (finding("CVE-2026-0002", tls, **shared), tls),
            (finding(CVE, libc, severity=Severity.CRITICAL, **shared), libc),
        ],
    )
    radius = affected_by(fleet, "DSA-1")
    assert [(f.id, f.severity) for f in radius.flaws] == [
        (CVE, Severity.CRITICAL),
        ("CVE-2026-0002", Severity.HIGH),
    ]
    assert [(p.name, p.fixed_in) for p in radius.packages] == [("libc", "9"), ("tls", "9")]


# --- any family -----------------------------------------------------------------------------------


def lowest(record: ImageRecord, names: Iterable[str]) -> dict[str, int]:
    """Return for each version of a package that an image shows the lowest layer with it."""
    found: dict[str, int] = {}
    for number, layer in enumerate(record.layers):
        for one, _ in layer.contents:
            if one.package.name in names:
                found.setdefault(one.package.version, number)
    return found


def chains(record: ImageRecord) -> list[str]:
    return [layer.chain_id for layer in record.layers]


def expected(records: Iterable[ImageRecord], name: str) -> dict[str, tuple[str, str | None]]:
    """Return by digest the layer that brings a package lowest, and the image it comes from."""
    has = {r.digest: (r, there) for r in records if (there := lowest(r, [name]))}
    found = {}
    for key, (record, mine) in has.items():
        nearest, depth = None, 0
        for other, (base, theirs) in has.items():
            size = len(base.layers)
            if not depth < size < len(record.layers) or chains(base) != chains(record)[:size]:
                continue
            if any(theirs.get(version) == number for version, number in mine.items()):
                nearest, depth = other, size
        found[key] = (record.layers[min(mine.values())].chain_id, nearest)
    return found


@settings(max_examples=150, deadline=None)
@given(families())
def test_the_tree_is_what_the_records_say(steps: dict[str, list[Step]]) -> None:
    records = [image(name, of, names=(f"{name}:1",)) for name, of in steps.items()]
    with new_fleet() as fleet:
        for record in records:
            keep(fleet, record)
        for name in "abc":
            wanted = expected(records, name)
            if not any(
                one.package.name == name
                for r in records
                for layer in r.layers
                for one, _ in layer.contents
            ):
                assert affected_by(fleet, name).origins == ()
                continue
            radius = affected_by(fleet, name)
            found: dict[str, tuple[str, str | None]] = {}
            for origin in radius.origins:
                assert origin.images == sum(1 for _ in _below(origin.roots))
                for root in origin.roots:
                    assert wanted[root.digest] == (origin.chain_id, None)
                    found[root.digest] = wanted[root.digest]
            for _, one in radius.walk():
                for derived in one.derived:
                    found[derived.digest] = (wanted[derived.digest][0], one.digest)
            assert found == wanted
            assert radius.images == len(wanted)


def _below(roots: Iterable[Affected]) -> Iterable[Affected]:
    for root in roots:
        yield root
        yield from _below(root.derived)
