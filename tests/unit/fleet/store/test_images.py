"""Images in the store, on each database: what is kept, and how it is found again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.errors import CorruptImage, FleetUnusable
from seawall.fleet.component import Place
from seawall.fleet.record import ImageRecord, LayerRecord, Located
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.model import Finding, Incomplete, Kind, Severity, Urgency
from tests.unit.fleet.conftest import Opener
from tests.unit.fleet.samples import (
    DEBIAN,
    ROCKY,
    T0,
    T1,
    T2,
    add,
    at,
    deb,
    digest,
    empty,
    everything,
    having,
    image,
    pypi,
    shown,
)

BASH, CURL, CURL_NEW = deb("bash", "5.2-1"), deb("curl", "7.88-1"), deb("curl", "7.88-2")
JINJA = pypi("jinja2", "3.1.2", owner="deb:python3-jinja2")
BASE = {"base": [at(BASH), at(CURL)]}


def found(fleet: Fleet, name: str) -> StoredImage:
    stored = fleet.images.find(digest(name))
    assert stored is not None
    return stored


def test_an_image_is_found_with_all_that_was_known_of_it(fleet: Fleet) -> None:
    gap = Incomplete("etc/\udce9", "no text \0", digest("base"))
    secret = Finding(Kind.SECRET, "key", Severity.HIGH, Urgency.NOW, "it is there", path="a\udcff")
    record = image(
        "web",
        BASE,
        target="docker:web:1",
        os="linux",
        architecture="arm64",
        created="2026-01-01T00:00:00Z",
        analyser="a",
        incomplete=(gap,),
        other_findings=(secret,),
        other_digests=(digest("manifest"),),
    )
    add(fleet, record)
    stored = found(fleet, "web")
    assert stored == fleet.images.find(digest("manifest")) == fleet.images.by_id(stored.id)
    assert (stored.first_seen, stored.last_seen, stored.gone) == (T0, T0, "")
    assert (stored.names, stored.analyser) == (("web:1",), "a")
    facts = fleet.images.facts(stored.id)
    assert (facts.distribution, facts.target, facts.os) == (DEBIAN, "docker:web:1", "linux")
    assert (facts.architecture, facts.created) == ("arm64", "2026-01-01T00:00:00Z")
    assert list(facts.incomplete) == [gap]
    assert facts.other_findings is not None
    assert [replace(f, aliases=()) for f in facts.other_findings] == [secret]
    (layer,) = fleet.images.layers(stored)
    assert (layer.chain_id, layer.diff_id, layer.created_by) == (
        digest("base"),
        digest("base"),
        "RUN base",
    )
    assert fleet.images.find(digest("other")) is None


def test_texts_that_no_database_keeps_come_back_as_they_were(fleet: Fleet) -> None:
    odd = "caf\udce9/\0/\ufdd00000/\ud800"
    component = pypi(odd, odd)
    record = image("odd", {"base": [(component, Place(odd, odd)), at(component, odd + "x")]})
    record = replace(record, names=(odd,), analyser=odd)
    add(fleet, record)
    assert shown(fleet, record.digest) == {digest("base"): set(record.layers[0].contents)}
    assert found(fleet, "odd").names == (odd,)
    assert [one.digest for one in fleet.images.named(odd + ":latest")] == []
    assert [one.digest for one in fleet.images.named(odd)] == [record.digest]


def test_texts_of_any_length_are_kept(fleet: Fleet) -> None:
    """No index holds more than 2,704 bytes in PostgreSQL; an image holds what its maker likes."""
    long = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(20_000))
    system = replace(DEBIAN, name=long)
    component = replace(deb(long, "1"), distribution=system)
    versions = pypi("jinja2", ".".join(str(n * 7919 % 10007) for n in range(900)))
    record = image("long", {"base": [at(component, long), at(versions)]}, distribution=system)
    add(fleet, replace(record, names=(long, "short:1")))
    assert shown(fleet, record.digest) == {digest("base"): set(record.layers[0].contents)}
    assert found(fleet, "long").names == ("short:1",)
    component_row = next(fleet.database.rows("SELECT id FROM component"))[0]
    fleet.findings.set_gaps({component_row: [long, long]})
    assert fleet.findings.gaps([component_row]) == {component_row: [long]}


def test_adding_an_image_again_tells_that_it_is_still_there(fleet: Fleet) -> None:
    record = image("web", BASE, analyser="a")
    with fleet.writing():
        assert fleet.images.add(record, T0)
        assert not fleet.images.add(replace(record, names=("web:2",)), T1)
    stored = found(fleet, "web")
    assert (stored.first_seen, stored.last_seen) == (T0, T1)
    assert stored.names == ("web:1", "web:2")


def test_another_analyser_replaces_what_an_image_shows(fleet: Fleet) -> None:
    record = image("web", {"base": [at(BASH)], "app": [at(CURL)]}, analyser="a")
    other = image("web", {"base": [at(BASH)], "app": [at(CURL_NEW), at(JINJA)]}, analyser="b")
    same = image("same", {"base": [at(BASH)], "app": [at(CURL)]}, analyser="a")
    add(fleet, record, same)
    with fleet.writing():
        assert fleet.images.add(other, T1)
    assert shown(fleet, digest("web")) == {r.chain_id: set(r.contents) for r in other.layers}
    assert shown(fleet, digest("same")) == {r.chain_id: set(r.contents) for r in same.layers}
    assert having(fleet) == {
        BASH: {digest("web"), digest("same")},
        CURL: {digest("same")},
        CURL_NEW: {digest("web")},
        JINJA: {digest("web")},
    }
    assert found(fleet, "web").analyser == "b"
    assert (found(fleet, "web").first_seen, found(fleet, "web").last_seen) == (T0, T1)


def test_components_that_are_new_wait_to_be_judged(fleet: Fleet) -> None:
    add(fleet, image("one", BASE), image("two", {**BASE, "app": [at(JINJA)]}))
    assert len(list(fleet.database.rows("SELECT component FROM pending"))) == 3
    assert len(list(fleet.database.rows("SELECT id FROM component"))) == 3
    assert len(list(fleet.database.rows("SELECT id FROM layer"))) == 2


def test_what_a_later_layer_removes_is_not_in_the_image(fleet: Fleet) -> None:
    add(
        fleet,
        image("base", BASE),
        image("slim", {"base": [at(BASH)], "app": []}),
        image("new", {"base": [at(BASH)], "app2": [at(CURL_NEW)]}),
    )
    assert having(fleet)[CURL] == {digest("base")}
    assert having(fleet)[BASH] == {digest("base"), digest("slim"), digest("new")}


def test_what_the_first_image_with_a_layer_had_removed_is_in_the_next(fleet: Fleet) -> None:
    add(fleet, image("slim", {"base": [at(BASH)], "app": []}), image("base", BASE))
    assert having(fleet)[CURL] == {digest("base")}


def test_a_package_in_two_places_is_there_until_both_are_gone(fleet: Fleet) -> None:
    one, other = at(JINJA, "usr/lib/a"), at(JINJA, "opt/b")
    add(
        fleet,
        image("both", {"base": [one, other]}),
        image("first", {"base": [one], "x": []}),
        image("none", {"base": [], "y": []}),
    )
    assert having(fleet)[JINJA] == {digest("both"), digest("first")}
    assert shown(fleet, digest("first"))[digest("base")] == {one}


PLACES = [Place("a"), Place("b"), Place("a", "offset 0x1f")]
POOL = [
    (component, place)
    for component in (BASH, CURL, CURL_NEW, JINJA, pypi("jinja2", "3.1.3"))
    for place in PLACES
]
LAYERS = st.dictionaries(
    st.sampled_from(["base", "app", "data", "fix"]),
    st.lists(st.sampled_from(POOL), unique=True, max_size=5),
    min_size=1,
    max_size=4,
)
RECORDS = st.lists(
    st.builds(
        lambda name, layers, analyser: image(name, layers, analyser=analyser),
        st.sampled_from(["one", "two", "three", "four", "five"]),
        LAYERS,
        st.sampled_from("ab"),
    ),
    min_size=1,
    max_size=8,
)


def is_as_recorded(fleet: Fleet, records: Sequence[ImageRecord]) -> bool:
    """Compare the fleet with what was told of it: the last of each image and analyser counts."""
    current: dict[str, ImageRecord] = {}
    for record in records:
        if record.digest not in current or current[record.digest].analyser != record.analyser:
            current[record.digest] = record
    expected: dict[object, set[str]] = {component: set() for component in having(fleet)}
    for record in current.values():
        told = {layer.chain_id: set(layer.contents) for layer in record.layers}
        assert shown(fleet, record.digest) == told
        for layer in record.layers:
            for component, _ in layer.contents:
                expected[component].add(record.digest)
    assert having(fleet) == expected
    return True


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=RECORDS, order=st.randoms())
def test_images_are_what_their_records_say_in_whatever_order_they_came(
    fleet: Fleet, records: list[ImageRecord], order: object
) -> None:
    empty(fleet)
    for number, record in enumerate(records):
        add(fleet, record)
        assert is_as_recorded(fleet, records[: number + 1])
    other = list(records)
    order.shuffle(other)  # type: ignore[attr-defined] # a random.Random
    empty(fleet)
    add(fleet, *other)
    assert is_as_recorded(fleet, other)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=RECORDS)
def test_images_are_what_their_records_say_though_little_is_remembered(
    fleet: Fleet, records: list[ImageRecord]
) -> None:
    empty(fleet)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seawall.fleet.store.images._KEPT", 3)
        add(fleet, *records)
    assert is_as_recorded(fleet, records)


def test_several_images_are_found_at_once_by_any_of_their_digests(fleet: Fleet) -> None:
    add(fleet, image("one", BASE, other_digests=(digest("manifest"),)), image("two", BASE))
    one, two = found(fleet, "one"), found(fleet, "two")
    asked = [digest("manifest"), digest("two"), digest("unknown")]
    assert fleet.images.rows_of(asked) == {digest("manifest"): one.id, digest("two"): two.id}
    assert fleet.images.by_ids([one.id, two.id, 99]) == {one.id: one, two.id: two}


def test_both_databases_keep_the_same_rows(
    sqlite_opener: Opener, postgresql_opener: Opener
) -> None:
    kept = []
    for opener in (sqlite_opener, postgresql_opener):
        with Fleet(opener()) as fleet:
            add(fleet, image("one", BASE), image("two", {"base": [at(BASH)], "app": [at(JINJA)]}))
            add(fleet, image("three", {**BASE, "é\udce9": [at(CURL_NEW, "x\udcff")]}), at=T1)
            fleet.images.seen(digest("one"), ["one:2"], T2)
            fleet.images.gone(digest("two"), T2)
            kept.append(everything(fleet.database))
    assert kept[0] == kept[1]
    assert all(len(kept[0][name]) for name in ("image", "layer", "component", "subject", "tag"))


def test_a_transaction_that_fails_takes_back_all_of_an_image(fleet: Fleet) -> None:
    def fail() -> None:
        with fleet.writing():
            fleet.images.add(image("web", BASE), T0)
            raise KeyError

    before = everything(fleet.database)
    with pytest.raises(KeyError):
        fail()
    assert everything(fleet.database) == before
    add(fleet, image("web", BASE))
    assert having(fleet) == {BASH: {digest("web")}, CURL: {digest("web")}}


# --- names and times ------------------------------------------------------------------------------


def test_a_name_means_one_image_at_a_time(fleet: Fleet) -> None:
    add(fleet, image("old", BASE, names=("web:1", "web:stable")))
    add(fleet, image("new", {**BASE, "fix": []}, names=("web:1",)), at=T1)
    assert found(fleet, "old").names == ("web:stable",)
    assert found(fleet, "new").names == ("web:1",)
    assert [one.digest for one in fleet.images.named("web:1")] == [digest("new")]
    fleet.images.seen(digest("old"), ["web:1"], T2)
    assert found(fleet, "old").names == ("web:1", "web:stable")
    assert found(fleet, "new").names == ()
    fleet.images.seen(digest("new"), ["web:1"], T2)  # in the same second
    assert (found(fleet, "old").names, found(fleet, "new").names) == (("web:stable",), ("web:1",))


def test_an_image_that_lost_its_name_is_still_there(fleet: Fleet) -> None:
    add(fleet, image("web", BASE, names=("web:1", "web:2")))
    fleet.images.untagged("web:1", T1)
    assert found(fleet, "web").names == ("web:2",)
    fleet.images.left(digest("web"), [], T1)
    assert (found(fleet, "web").names, found(fleet, "web").gone) == ((), "")


def test_an_image_that_is_gone_is_still_known_and_may_return(fleet: Fleet) -> None:
    add(fleet, image("web", BASE))
    fleet.images.gone(digest("web"), T1)
    fleet.images.gone(digest("web"), T2)
    fleet.images.gone(digest("nothing"), T2)
    assert (found(fleet, "web").gone, found(fleet, "web").names) == (T1, ())
    assert having(fleet)[BASH] == {digest("web")}
    assert [one.digest for one in fleet.images.named("web:1")] == [digest("web")]
    add(fleet, image("web", BASE), at=T2)
    assert (found(fleet, "web").gone, found(fleet, "web").names) == ("", ("web:1",))


def test_images_are_found_by_parts_of_a_digest_and_by_names(fleet: Fleet) -> None:
    add(fleet, image("web", BASE, names=("web:latest", "web:2")))
    whole = digest("web")
    for text in (whole, whole[7:], whole[:20], whole[7:13], "web", "web:latest", "web:2"):
        assert [one.digest for one in fleet.images.named(text)] == [whole]
    for text in (whole[7:12], "we", "web:3", "", "%", "web%", "sha256:"):
        assert fleet.images.named(text) == []


def named(fleet: Fleet, text: str) -> list[str]:
    return [one.digest for one in fleet.images.named(text)]


def add_at(fleet: Fleet, place: str, *records: ImageRecord) -> None:
    with fleet.writing():
        for record in records:
            fleet.images.add(record, T0, place)


def test_a_name_that_means_two_images_in_two_places_is_not_decided(fleet: Fleet) -> None:
    ours, theirs = image("ours", BASE, names=("web:1",)), image("theirs", BASE, names=("web:1",))
    add_at(fleet, "docker:prod", ours)
    add_at(fleet, "docker:laptop", theirs)
    assert named(fleet, "web:1") == [ours.digest, theirs.digest]
    fleet.images.seen(ours.digest, ["web:1"], T1, place="docker:laptop")
    assert named(fleet, "web:1") == [ours.digest]  # all places agree
    fleet.images.gone(ours.digest, T1, "docker:prod")
    fleet.images.gone(ours.digest, T2, "docker:laptop")
    assert named(fleet, "web:1") == [ours.digest]  # what it meant last
    assert fleet.images.places_of(found(fleet, "theirs")) == ["docker:laptop"]


def test_a_name_of_hex_digits_is_no_digest(fleet: Fleet) -> None:
    good = image("good", BASE, names=("facade:latest", f"{'facade':0<12}:latest"))
    evil = replace(image("evil", BASE, names=()), digest="sha256:" + "facade".ljust(64, "0"))
    add(fleet, good, evil)
    assert named(fleet, "facade") == [good.digest]
    assert named(fleet, "facade0") == named(fleet, "sha256:facade") == [evil.digest]
    # As we show digests: people copy that, and others name images.
    assert named(fleet, "facade".ljust(12, "0")) == [good.digest, evil.digest]


def test_no_name_stands_for_a_digest(fleet: Fleet) -> None:
    """Whoever makes an archive writes any names into it."""
    wanted = digest("wanted")
    names = (wanted, f"web@{wanted}", f"web:1@{wanted}", wanted[:19])
    add(fleet, image("evil", BASE, names=names))
    assert [named(fleet, text) for text in names] == [[]] * 4
    add(fleet, image("wanted", BASE))
    assert [named(fleet, text) for text in names] == [[wanted]] * 4


def test_a_manifest_is_a_digest_of_its_image(fleet: Fleet) -> None:
    manifest = digest("manifest")
    add(fleet, image("web", BASE, other_digests=(manifest,)))
    for text in (manifest, f"web@{manifest}", f"host:5000/web:1@{manifest}", manifest[:20]):
        assert named(fleet, text) == [digest("web")]
    assert named(fleet, f"web@{digest('other')}") == []


def test_an_index_stands_for_all_its_images_that_were_seen(fleet: Fleet) -> None:
    index = digest("index")
    add(fleet, image("amd64", BASE, other_digests=(index, digest("one"))))
    assert [one.digest for one in fleet.images.with_digest(index)] == [digest("amd64")]
    add(fleet, image("arm64", {"other": []}, other_digests=(index, digest("two"))))
    both = [digest("amd64"), digest("arm64")]
    assert [one.digest for one in fleet.images.with_digest(index)] == both
    assert named(fleet, f"web@{index}") == both
    assert fleet.images.find(index) == found(fleet, "amd64")  # that which came first
    assert [one.digest for one in fleet.images.with_digest(digest("two"))] == [digest("arm64")]
    assert fleet.images.with_digest(digest("none")) == []


def test_a_manifest_that_is_a_configuration_too_hides_no_image(fleet: Fleet) -> None:
    """One document may be both; who writes it chooses which image it is the manifest of."""
    add(fleet, image("clean", {"other": []}, analyser="a", other_digests=(digest("web"),)))
    with fleet.writing():
        assert fleet.images.add(image("web", BASE, analyser="a"), T1)
    assert found(fleet, "web").digest == digest("web")
    assert having(fleet)[BASH] == {digest("web")}


def test_a_bill_of_materials_does_not_stand_before_the_image_whose_manifest_it_names(
    fleet: Fleet,
) -> None:
    manifest = digest("manifest")
    claims = image("manifest", {"sbom": []}, analyser="sbom 1")
    add(fleet, claims)
    assert named(fleet, manifest) == [manifest]
    add(fleet, image("web", BASE, analyser="a", other_digests=(manifest,)))
    assert named(fleet, manifest) == named(fleet, "web:1") == [digest("web")]
    assert named(fleet, "manifest:1") == [digest("web")]  # what the bill of materials calls it
    assert fleet.images.find(manifest) == found(fleet, "web")
    assert fleet.images.rows_of([manifest]) == {manifest: found(fleet, "web").id}


def test_what_a_place_lists_no_more_is_gone_from_it(fleet: Fleet) -> None:
    place = "registry:host/web"
    kept = image("kept", BASE, names=("web:1", "web:old"))
    moved = image("moved", {"moved": []}, names=("web:2",))
    deleted = image("deleted", {"deleted": []}, names=("web:3",))
    other = image("other", {"other": []}, names=("web:4",), other_digests=(digest("index"),))
    pinned = image("pinned", {"pinned": []}, names=())
    unread = image("unread", {"unread": []}, names=("web:5",))
    add_at(fleet, place, kept, moved, deleted, other, pinned, unread)
    add_at(fleet, "docker:prod", moved)
    now = {"web:1", "web:2", "web:4", "web:5"}
    fleet.images.seen(kept.digest, ["web:1", "web:2"], T1, place=place)
    fleet.images.seen(digest("arm64"), ["web:4"], T1, place=place)
    fleet.images.seen(other.digest, [], T1, place=place)
    fleet.images.untagged("web:4", T1, place)  # another platform of the index has the name now
    met = {kept.digest, digest("arm64"), digest("index")}
    assert fleet.images.listed(place, now, met, T1, T2) == 2
    gone = {one.digest: one.gone for one in fleet.images.all() if one.gone}
    assert gone == {deleted.digest: T2}  # the one that moved is still in Docker
    assert fleet.images.places_of(found(fleet, "moved")) == ["docker:prod"]
    assert found(fleet, "kept").names == ("web:1", "web:2")
    assert found(fleet, "unread").names == ("web:5",)
    assert fleet.images.places_with_images() == ["docker:prod", place]


def test_what_was_added_while_a_place_was_listed_stays(fleet: Fleet) -> None:
    add(fleet, image("web", BASE), at=T1)
    assert fleet.images.listed("", set(), set(), T0, T2) == 0
    assert (found(fleet, "web").names, found(fleet, "web").gone) == (("web:1",), "")
    assert fleet.images.listed("", set(), set(), T1, T2) == 1
    assert (found(fleet, "web").names, found(fleet, "web").gone) == ((), T2)


def test_images_that_were_seen_last_come_first(fleet: Fleet) -> None:
    add(fleet, image("a", BASE))
    add(fleet, image("b", BASE), at=T1)
    add(fleet, image("c", BASE))
    assert [one.digest for one in fleet.images.all()] == [digest("b"), digest("c"), digest("a")]


# --- many, and damage -----------------------------------------------------------------------------


def test_thousands_are_kept_and_found(fleet: Fleet) -> None:
    several = [at(pypi(f"thing-{n}", "1"), f"place/{n}") for n in range(6_000)]
    add(fleet, image("large", {"base": several}), image("less", {"base": several[1:], "x": []}))
    assert shown(fleet, digest("large"))[digest("base")] == set(several)
    images = having(fleet)
    assert images.pop(several[0][0]) == {digest("large")}
    assert set(map(frozenset, images.values())) == {frozenset({digest("large"), digest("less")})}


def test_components_are_shared_only_where_judgement_is_the_same(fleet: Fleet) -> None:
    other = replace(BASH, distribution=ROCKY)
    owned = replace(JINJA, owner=BASH.package, distribution=DEBIAN)
    several = [BASH, other, JINJA, owned, pypi("jinja2", "3.1.2", locked=True)]
    add(fleet, image("web", {"base": [at(c) for c in several]}))
    assert set(having(fleet)) == set(several)


@pytest.mark.parametrize(
    ("table", "column"),
    [("layer", "contents"), ("image", "document"), ("component", "document")],
)
def test_damage_is_told_with_the_place(fleet: Fleet, table: str, column: str) -> None:
    add(fleet, image("web", BASE))
    fleet.database.run(f"UPDATE {table} SET {column} = ?", (b"\xc1damaged",))  # noqa: S608 - above

    def read() -> None:
        shown(fleet, digest("web"))
        fleet.images.facts(found(fleet, "web").id)

    with pytest.raises(FleetUnusable, match="damaged") as told:
        read()
    assert fleet.database.place in str(told.value)


def test_a_fleet_of_another_version_is_left_as_it_is(opener: Opener) -> None:
    with Fleet(opener()) as fleet:
        add(fleet, image("web", BASE))
        fleet.notes.set("format", "another")
    with pytest.raises(FleetUnusable, match="another version"):
        Fleet(opener())


def test_opening_a_fleet_does_not_wait_for_its_writer(opener: Opener) -> None:
    with Fleet(opener()) as fleet, fleet.writing():
        fleet.images.add(image("web", BASE), T0)
        with Fleet(opener()) as other:
            assert other.images.find(digest("web")) is None


# --- who may replace whom -------------------------------------------------------------------------

ALL = ("malware:m", "secrets:a", "secrets:b")


def claimed(name: str, layers: dict[str, list[Located]], **more: Any) -> ImageRecord:
    """Return what a bill of materials says of the image of that name."""
    contents = tuple(pair for pairs in layers.values() for pair in pairs)
    layer = LayerRecord(f"sbom:{digest(name)}", "", "", contents)
    return replace(image(name, layers, **more), layers=(layer,), is_claimed=True)


@pytest.mark.parametrize("analyser", ["a", "b"])
def test_a_bill_of_materials_never_stands_before_the_image_itself(
    fleet: Fleet, analyser: str
) -> None:
    real = image("web", BASE, analyser="a", other_findings=())
    told = claimed("web", {"x": [at(JINJA)]}, analyser=analyser)
    add(fleet, told)
    assert fleet.images.facts(found(fleet, "web").id).is_claimed
    with fleet.writing():
        assert fleet.images.add(real, T1)
    assert shown(fleet, real.digest) == {real.layers[0].chain_id: set(BASE["base"])}
    with fleet.writing():
        assert not fleet.images.add(told, T2)
    stored = found(fleet, "web")
    assert shown(fleet, real.digest) == {real.layers[0].chain_id: set(BASE["base"])}
    assert (stored.last_seen, stored.analyser) == (T2, "a")
    assert not fleet.images.facts(stored.id).is_claimed


def test_a_newer_bill_of_materials_replaces_an_older_one(fleet: Fleet) -> None:
    chain = f"sbom:{digest('web')}"
    add(fleet, claimed("web", {"x": [at(JINJA), at(BASH)]}, analyser="sbom 1 a"))
    with fleet.writing():
        assert not fleet.images.add(claimed("web", {}, analyser="sbom 1 a"), T1)
        assert fleet.images.add(claimed("web", {"x": [at(CURL)]}, analyser="sbom 2 a"), T1)
    assert shown(fleet, digest("web")) == {chain: {at(CURL)}}


@pytest.mark.parametrize(
    ("before", "after", "replaces"),
    [
        (ALL, ("malware:m",), False),
        (ALL, ("malware:m", "secrets:a"), False),
        (ALL, (), False),
        (("malware:m",), ("secrets:a",), False),
        (("malware:m",), ALL, True),
        ((), ALL, True),
        (ALL, ALL, True),
        (ALL, ("malware:other", "secrets:a", "secrets:b"), True),  # rules of one's own changed
    ],
)
def test_a_reading_that_looked_for_less_replaces_none_by_the_same_code(
    fleet: Fleet, before: tuple[str, ...], after: tuple[str, ...], *, replaces: bool
) -> None:
    add(fleet, image("web", BASE, analyser="1 x", other_findings=(), asked_rules=before))
    again = image("web", BASE, analyser="1 y", other_findings=(), asked_rules=after)
    with fleet.writing():
        assert fleet.images.add(again, T1) is replaces
    kept = after if replaces else before
    facts = fleet.images.facts(found(fleet, "web").id)
    assert fleet.indicators.rules(facts.asked_rules) == set(kept)
    assert fleet.images.asked_kinds(facts.asked_rules) == {rule.split(":")[0] for rule in kept}
    with fleet.writing():  # what another version of the code finds is another matter
        assert fleet.images.add(replace(again, analyser="2 y"), T2)


def test_a_layer_that_is_known_on_another_base_or_as_another_one_is_refused(fleet: Fleet) -> None:
    real = image("web", {**BASE, "app": [at(JINJA)]})
    base, top = real.layers
    # Whoever may choose a diff-id takes the chain-id of a stack: then what is below is not seen.
    hostile = replace(real, digest=digest("hostile"), layers=(replace(top, diff_id=top.chain_id),))
    for first, second in ((hostile, real), (real, hostile)):
        empty(fleet)
        add(fleet, first)
        for _ in range(2):  # from what is remembered, and from what is stored
            with pytest.raises(CorruptImage, match="another content, or on another base"):
                add(fleet, second)
            fleet.images.forget()
        assert fleet.images.find(second.digest) is None
        assert set(shown(fleet, first.digest)) == {layer.chain_id for layer in first.layers}
    empty(fleet)
    add(fleet, real, image("other", {"base": BASE["base"], "app": [at(CURL_NEW)]}))
    assert set(shown(fleet, digest("other"))) == {base.chain_id, top.chain_id}
