"""Advice on newer bases, and what a new version of an image changes."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.fleet.rebase import Change, PackageChange, advice, pull_preview
from seawall.fleet.record import ImageRecord, LayerRecord
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.model import Distribution, FixState, Urgency
from tests.unit.fleet.families import (
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

OLD = [Step("os", {("libc", "usr"): "1", ("tls", "usr"): "1", ("cron", "usr"): "1"})]
NEW = [Step("newer os", {("libc", "usr"): "2", ("tls", "usr"): "1", ("cron", "usr"): "2"})]
APP = [*OLD, Step("app", {("left-pad", "app"): "1"})]


def flaws(fleet: Fleet, **versions: str) -> None:
    """Give the versions of packages that exist a flaw each, of one name for all versions."""
    for name, text in versions.items():
        for version in text.split():
            one = component(name.replace("_", "-"), version)
            judge(fleet, [(finding(f"CVE-{name}-{version}", one), one)])


def ids(change: Change) -> tuple[list[str], list[str], list[str]]:
    return (
        sorted(one.id for one in change.vanish),
        sorted(one.id for one in change.appear),
        sorted(one.id for one in change.stay),
    )


def test_a_name_of_the_base_that_means_a_newer_image_is_advised(fleet: Fleet) -> None:
    keep(fleet, image("old", OLD, names=("debian:12",)))
    app = keep(fleet, image("app", APP, names=("app:1",)))
    newer = keep(fleet, image("new", NEW, names=("debian:12",)), LATER)
    flaws(fleet, libc="1 2", tls="1", left_pad="1", cron="1")
    given = advice(fleet, app)
    assert given.base is not None
    assert given.base.digest == digest("image old")
    assert (given.base_names, given.why) == (("debian:12",), "")
    (option,) = given.options
    assert option.image == newer
    assert option.is_same_name
    assert ids(option.change) == (
        ["CVE-cron-1", "CVE-libc-1"],
        ["CVE-libc-2"],
        ["CVE-left_pad-1", "CVE-tls-1"],
    )
    assert str(option) == (f"rebase on debian:12 ({newer.digest}): 2 findings vanish, 1 appears")
    assert (option.touched, option.is_other_release) == ((), False)


def test_what_the_own_layers_did_to_the_base_stays_done_and_is_named(fleet: Fleet) -> None:
    keep(fleet, image("old", OLD, names=("debian:12",)))
    steps = [*OLD, Step("fix", {("libc", "usr"): "1.5", ("cron", "usr"): ""})]
    app = keep(fleet, image("app", steps))
    keep(fleet, image("new", NEW, names=("debian:12",)), LATER)
    flaws(fleet, libc="1 1.5 2", cron="1 2", tls="1")
    (option,) = advice(fleet, app).options
    assert ids(option.change) == ([], [], ["CVE-libc-1.5", "CVE-tls-1"])
    assert option.touched == ("cron", "libc")
    assert str(option.change) == "0 findings vanish, 0 appear"


def test_a_later_image_of_the_same_repository_is_advised_after_what_is_better(
    fleet: Fleet,
) -> None:
    keep(fleet, image("old", OLD, names=("reg:5000/base:1",)), LATER)
    app = keep(fleet, image("app", APP), LATER)
    keep(fleet, image("earlier", [Step("e", {("libc", "usr"): "0"})], names=("reg:5000/base:0",)))
    later = "2026-03-01T00:00:00Z"
    for name, tag in (
        ("two", "reg:5000/base:2"),
        ("upper", "reg:5000/BASE:3"),
        ("elsewhere", "base:2"),
        ("longer", "reg:5000/base-slim:2"),
        ("other", "reg:5000/base:2-arm"),
    ):
        steps = [Step(name, {("libc", "usr"): "2"})]
        record = image(name, steps, names=(tag,))
        keep(fleet, replace(record, architecture="arm64" if name == "other" else "amd64"), later)
    record = image("new", NEW, names=("reg:5000/base:1",))
    keep(fleet, replace(record, created="2025-01-01T00:00:00Z"), later)
    flaws(fleet, libc="1", tls="1")
    given = advice(fleet, replace_architecture(fleet, app.digest))
    assert [option.names for option in given.options] == [
        ("reg:5000/base:2",),
        ("reg:5000/base:1",),
    ]
    assert [option.is_same_name for option in given.options] == [False, True]


def replace_architecture(fleet: Fleet, of: str) -> StoredImage:
    """Read the image again, by other code that knows its architecture."""
    record = replace(image("app", APP), architecture="amd64", analyser="2")
    assert record.digest == of
    return keep(fleet, record, LATER)


def test_without_a_known_base_nothing_is_guessed(fleet: Fleet) -> None:
    app = keep(fleet, image("app", APP))
    keep(fleet, image("new", NEW, names=("debian:12",)))
    given = advice(fleet, app)
    assert (given.base, given.options) == (None, ())
    assert "no known image is its base" in given.why


def test_a_base_without_a_name_or_without_a_successor_says_so(fleet: Fleet) -> None:
    keep(fleet, image("old", OLD))
    app = keep(fleet, image("app", APP))
    assert "never known by a name" in advice(fleet, app).why
    keep(fleet, image("old", OLD, names=("debian:12",)))
    assert advice(fleet, app).why == "nothing newer is known of its base debian:12"


def test_where_nothing_is_newer_of_the_base_its_own_base_is_advised(fleet: Fleet) -> None:
    keep(fleet, image("old", OLD, names=("debian:12",)))
    middle = [*OLD, Step("company", {("agent", "usr"): "1"})]
    keep(fleet, image("company", middle, names=("company/base:1",)))
    app = keep(fleet, image("app", [*middle, Step("app", {("left-pad", "app"): "1"})]))
    assert advice(fleet, app).why == "nothing newer is known of its base company/base:1"
    keep(fleet, image("new", NEW, names=("debian:12",)), LATER)
    given = advice(fleet, app)
    assert given.base is not None
    assert given.base.names == ()  # its name means the newer one
    assert given.base_names == ("debian:12",)
    newer = [Step("newer company", {("agent", "usr"): "2"})]
    keep(fleet, image("company 2", newer, names=("company/base:2",)), LATER)
    assert advice(fleet, app).base_names == ("company/base:1",)


def test_an_image_that_is_gone_is_not_advised(fleet: Fleet) -> None:
    keep(fleet, image("old", OLD, names=("debian:12",)))
    app = keep(fleet, image("app", APP))
    newer = keep(fleet, image("new", NEW, names=("debian:12",)), LATER)
    with fleet.writing():
        fleet.images.gone(newer.digest, LATER)
    assert advice(fleet, app).options == ()


def test_another_release_of_the_distribution_is_told(fleet: Fleet) -> None:
    def built(name: str, steps: list[Step], *names: str) -> ImageRecord:
        return image(name, steps, names=names, kind="deb")

    keep(fleet, built("old", OLD, "debian:12"))
    app = keep(fleet, built("app", APP))
    trixie = replace(built("new", NEW, "debian:13"), distribution=Distribution("debian", "13"))
    keep(fleet, trixie, LATER)
    (option,) = advice(fleet, app).options
    assert option.is_other_release


def test_findings_that_need_no_action_and_resolved_ones_have_no_part(fleet: Fleet) -> None:
    old = keep(fleet, image("old", OLD))
    new = keep(fleet, image("new", NEW))
    libc, newer = component("libc", "1"), component("libc", "2")
    judge(
        fleet,
        [
            (finding("CVE-1", libc, urgency=Urgency.HIDDEN), libc),
            (finding("CVE-2", libc, locked=True), libc),
            (finding("CVE-3", libc), libc),
            (finding("CVE-4", newer, state=FixState.UNFIXED), newer),
        ],
    )
    with fleet.writing():
        fleet.findings.resolve({fleet.findings.named("CVE-3")[0].id: "withdrawn"}, LATER)
    assert ids(pull_preview(fleet, old, new).change) == ([], ["CVE-4"], [])


def test_a_preview_says_what_a_pull_changes(fleet: Fleet) -> None:
    old = keep(fleet, image("1", [*OLD, Step("app", {("a", "app"): "1", ("a", "lib"): "3"})]))
    new = keep(fleet, image("2", [*OLD, Step("next", {("a", "app"): "2", ("b", "app"): "1"})]))
    gone = keep(fleet, image("3", OLD))
    flaws(fleet, a="1 2", b="1", tls="1")
    preview = pull_preview(fleet, old, new)
    assert preview.added == (PackageChange("npm", "b", (), ("1",)),)
    assert preview.changed == (PackageChange("npm", "a", ("1", "3"), ("2",)),)
    assert preview.removed == ()
    assert ids(preview.change) == (["CVE-a-1"], ["CVE-a-2", "CVE-b-1"], ["CVE-tls-1"])
    assert [p.name for p in pull_preview(fleet, new, gone).removed] == ["a", "b"]
    same = pull_preview(fleet, old, old)
    assert (same.added, same.removed, same.changed) == ((), (), ())
    assert ids(same.change)[:2] == ([], [])


# --- any family -----------------------------------------------------------------------------------

_Shown = set[tuple[str, str, str]]  # package, path, version


def shown(layers: Iterable[LayerRecord]) -> _Shown:
    return {
        (one.package.name, place.path, one.package.version)
        for layer in layers
        for one, place in layer.contents
    }


def named(there: _Shown, bad: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the flaws of packages: one for each bad version of a name."""
    return {(f"CVE-{name}-{v}", name) for name, _, v in there if (name, v) in bad}


_bad = st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from("12")))


@settings(max_examples=120, deadline=None)
@given(families(), families(), _bad)
def test_the_forecast_is_what_the_records_say(
    family: dict[str, list[Step]], others: dict[str, list[Step]], bad: set[tuple[str, str]]
) -> None:
    records = {name: image(name, steps) for name, steps in family.items()}
    newer = image("newer", [*next(iter(others.values()))[:1], Step("x", {("a", "usr"): "2"})])
    with new_fleet() as fleet:
        stored = {name: keep(fleet, replace(r, names=("base:1",))) for name, r in records.items()}
        successor = keep(fleet, replace(newer, names=("base:1",)), LATER)
        everything = [row for (row,) in fleet.database.rows("SELECT id FROM component")]
        for one in fleet.images.components(everything).values():
            if (one.package.name, one.package.version) in bad:
                flaw = f"CVE-{one.package.name}-{one.package.version}"
                judge(fleet, [(finding(flaw, one), one)])
        for name, record in records.items():
            given = advice(fleet, stored[name])
            base = nearest(record, records.values())
            assert (given.base.digest if given.base else "") == (base.digest if base else "")
            if base is None:
                assert not given.options
                continue
            (option,) = given.options
            assert option.image.digest == successor.digest
            before, own = shown(record.layers), shown(record.layers[len(base.layers) :])
            kept = {(n, p) for n, p, _ in shown(record.layers[: len(base.layers)])}
            mine = {(n, p) for n, p, _ in own}
            lost = {(n, p) for n, p, _ in shown(base.layers)} - kept
            then = {one for one in shown(newer.layers) if one[:2] not in lost | mine}
            had, has = named(before, bad), named(own | then, bad)
            assert option.touched == tuple(sorted({n for n, *_ in shown(newer.layers) - then}))
            assert told(option.change) == (had - has, has - had, had & has)
            preview = pull_preview(fleet, stored[name], successor)
            whole = named(shown(newer.layers), bad)
            assert told(preview.change) == (had - whole, whole - had, had & whole)


def told(change: Change) -> tuple[set[tuple[str, str]], ...]:
    parts = (change.vanish, change.appear, change.stay)
    assert all(len(part) == len({(f.id, f.name) for f in part}) for part in parts)
    return tuple({(f.id, f.name) for f in part} for part in parts)


def nearest(record: ImageRecord, records: Iterable[ImageRecord]) -> ImageRecord | None:
    chain = [layer.chain_id for layer in record.layers]
    bases = [
        one
        for one in records
        if len(one.layers) < len(chain)
        and [layer.chain_id for layer in one.layers] == chain[: len(one.layers)]
    ]
    return max(bases, key=lambda one: len(one.layers), default=None)
