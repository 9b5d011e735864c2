"""Look-back, on both databases; against the records themselves where images are random."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.fleet.component import Component, Place
from seawall.fleet.indicators import Match, PackageIndicator, Seen, parse_indicator
from seawall.fleet.look_back import (
    MOST_PLACES,
    Answer,
    NewSighting,
    check_new,
    look_back,
    watch,
)
from seawall.fleet.notifying.notice import NoticeKind, decode
from seawall.fleet.record import ImageRecord
from seawall.fleet.store import Fleet
from seawall.fleet.store.images import StoredImage
from seawall.fleet.workloads import Workload
from seawall.model import Finding, Incomplete, Kind, Package, Severity, Urgency
from seawall.scanning.content.background import Background
from seawall.scanning.content.file_digests import FileList, LayerFiles
from tests.unit.fleet.families import (
    BOOKWORM,
    FIRST,
    LATER,
    Step,
    digest,
    families,
    image,
    keep,
    new_fleet,
)

EVIL = b"\x7fELF evil"
EVIL_SHA256 = hashlib.sha256(EVIL).hexdigest()


def listed(*files: tuple[bytes, bytes], links: Sequence[bytes] = ()) -> FileList:
    layer = LayerFiles(Background())
    for path, data in files:
        list(layer.passing(path, len(data), iter([data])))
    for path in links:
        layer.link(path)
    return layer.listed()


def asked(fleet: Fleet, kind: str, text: str) -> Answer:
    return look_back(fleet, parse_indicator(kind, text))


def found(answer: Answer) -> dict[str, list[Seen]]:
    return {one.image.digest: list(one.places) for one in answer.found}


def keep_files(fleet: Fleet, files: dict[str, FileList]) -> None:
    with fleet.writing():
        fleet.indicators.keep_files(files)


def run(fleet: Fleet, of: str, *, name: str = "web", ended: str = "", number: int = 1) -> Workload:
    workload = Workload(f"{number:064x}", name, of, "web:1", "docker", "host", FIRST, ended)
    with fleet.writing():
        fleet.workloads.started(workload, FIRST)
    return workload


def secret(rule: str, layer: str, kind: Kind = Kind.SECRET) -> Finding:
    return Finding(
        kind, rule, Severity.HIGH, Urgency.NOW, "it is there", layer, "app/.env", evidence="AKIA…"
    )


def looked_at(record: ImageRecord, rules: Sequence[str], *findings: Finding) -> ImageRecord:
    return replace(record, other_findings=findings, asked_rules=tuple(rules))


# --- packages --------------------------------------------------------------------------------


def naively(records: dict[str, ImageRecord], indicator: PackageIndicator) -> dict[str, set[Seen]]:
    """Return the places in each image, from what the records say."""
    places = {
        record.digest: {
            Seen(place.path, layer.diff_id, f"pkg:pypi/{one.package.name}@{one.package.version}")
            for layer in record.layers
            for one, place in layer.contents
            if indicator.match(one) is Match.YES
        }
        for record in records.values()
    }
    return {name: seen for name, seen in places.items() if seen}


@settings(deadline=None)
@given(families(), st.sampled_from(["a", "b@1", "a@2", "c<2", "a>=1,<3", "pkg:pypi/b", "b<1"]))
def test_packages_are_found_in_exactly_the_images_whose_records_have_them(
    family: dict[str, list[Step]], text: str
) -> None:
    indicator = parse_indicator("package", text)
    assert isinstance(indicator, PackageIndicator)
    records = {name: image(name, steps, kind="pypi") for name, steps in family.items()}
    with new_fleet() as fleet:
        for record in records.values():
            keep(fleet, record)
        answer = look_back(fleet, indicator)
        expected = naively(records, indicator)
        assert {name: set(seen) for name, seen in found(answer).items()} == expected
        assert all(len(one.places) == one.places_total for one in answer.found)
        assert answer.not_found == len(records) - len(expected)
        assert not answer.not_known
        # One by one, as when they are new, the images say the same.
        asked = fleet.indicators.add(indicator, "", FIRST)
        for record in records.values():
            stored = fleet.images.find(record.digest)
            assert stored is not None
            with fleet.writing():
                news = check_new(fleet, stored, LATER)
            assert {one.asked.id for one in news} == (
                {asked.id} if record.digest in expected else set()
            )
            for one in news:
                assert set(one.seen.places) == expected[record.digest]


def test_an_image_that_is_gone_is_found_with_its_names_and_containers(fleet: Fleet) -> None:
    old = image("old", [Step("base", {("xz", "usr/lib/xz"): "5.6.1"})], names=("shop/web:1",))
    new = image("new", [Step("new", {("xz", "usr/lib/xz"): "5.6.2"})], names=("shop/web:1",))
    keep(fleet, old)
    ran = run(fleet, old.digest, ended=LATER)
    keep(fleet, new, LATER)
    with fleet.writing():
        fleet.images.gone(old.digest, LATER)
    answer = asked(fleet, "package", "xz<5.6.2")
    [one] = answer.found
    assert (one.image.digest, one.image.gone) == (old.digest, LATER)
    assert (one.image.first_seen, one.image.last_seen) == (FIRST, FIRST)
    [span] = one.names
    assert (span.name, span.first_seen, span.until) == ("shop/web:1", FIRST, LATER)
    assert one.containers == (ran,)
    assert one.places == (Seen("usr/lib/xz", digest("step base"), "pkg:npm/xz@5.6.1"),)
    assert (answer.not_found, answer.not_known) == (1, ())


def test_what_runs_comes_first_and_what_is_gone_last(fleet: Fleet) -> None:
    for name in ("gone", "there", "runs"):
        keep(fleet, image(name, [Step(name, {("a", "x"): "1"})]))
    run(fleet, image("runs", [Step("runs", {})]).digest)
    with fleet.writing():
        fleet.images.gone(digest("image gone"), LATER)
    order = [one.image.digest for one in asked(fleet, "package", "a").found]
    assert order == [digest(f"image {name}") for name in ("runs", "there", "gone")]


def test_a_container_is_known_by_any_digest_of_its_image(fleet: Fleet) -> None:
    record = replace(image("x", [Step("x", {("a", "x"): "1"})]), other_digests=("sha256:manifest",))
    keep(fleet, record)
    ran = run(fleet, "sha256:manifest")
    [one] = asked(fleet, "package", "a").found
    assert one.containers == (ran,)


def test_a_version_that_cannot_be_compared_is_not_known_and_says_what_to_do(fleet: Fleet) -> None:
    record = image("x", [Step("x", {("runc", "bin/runc"): "weird version"})], names=("x:1",))
    layer = replace(
        record.layers[0],
        contents=((Component(Package("generic", "runc", "weird version")), Place("bin/runc")),),
    )
    keep(fleet, replace(record, layers=(layer,)))
    answer = asked(fleet, "package", "runc<1.1.12")
    [one] = answer.not_known
    assert (answer.found, answer.not_found) == ((), 0)
    assert "runc@weird" in one.why
    assert one.remedy == "seawall images rescan --read x:1"


def test_images_that_could_not_be_read_whole_are_counted_in_a_note(fleet: Fleet) -> None:
    keep(fleet, replace(image("x", [Step("x", {})]), incomplete=(Incomplete("a.jar", "damaged"),)))
    has = image("y", [Step("y", {("log4j", "x"): "1"})])
    keep(fleet, replace(has, incomplete=(Incomplete("a.jar", "damaged"),)))
    answer = asked(fleet, "package", "log4j")
    assert answer.not_found == 1
    note = "1 image without it could not be read whole: it may be in what is left"
    assert answer.notes == (note,)


def test_a_name_with_letters_that_are_no_utf_8_or_zero_is_found(fleet: Fleet) -> None:
    strange = Component(Package("deb", "a\udcffb\0c", "1"), None, BOOKWORM)
    record = image("x", [Step("x", {})])
    layer = replace(record.layers[0], contents=((strange, Place("p\udcff\0")),))
    keep(fleet, replace(record, layers=(layer,)))
    [one] = look_back(fleet, PackageIndicator("a\udcffb\0c")).found
    assert one.places[0].path == "p\udcff\0"


# --- files -----------------------------------------------------------------------------------


def test_a_file_is_found_in_all_images_with_the_layer_that_brought_it(fleet: Fleet) -> None:
    base, app = Step("base", {}), Step("app", {})
    keep(fleet, image("base", [base]))
    keep(fleet, image("app", [base, app]))
    keep(fleet, image("other", [Step("other", {})]))
    keep_files(
        fleet,
        {
            digest("step base"): listed((b"bin/good", b"good")),
            digest("step app"): listed((b"tmp/a", b"x"), (b"tmp/\xff", EVIL), (b"opt/evil", EVIL)),
            digest("step other"): listed(),
        },
    )
    answer = asked(fleet, "file", EVIL_SHA256)
    [one] = answer.found
    assert one.image.digest == digest("image app")
    assert [place.path for place in one.places] == [r"tmp/\xff", "opt/evil"]
    assert {place.layer for place in one.places} == {digest("step app")}
    assert (answer.not_found, answer.not_known) == (2, ())
    assert "64 bits" in answer.notes[0]
    good = asked(fleet, "file", hashlib.sha256(b"good").hexdigest())
    assert found(good).keys() == {digest("image base"), digest("image app")}
    assert not asked(fleet, "file", hashlib.sha256(b"").hexdigest()).found


def test_an_image_with_a_layer_whose_files_nobody_noted_is_not_known(fleet: Fleet) -> None:
    base, app = Step("base", {}), Step("app", {})
    keep(fleet, image("app", [base, app], names=("app:1",)))
    keep(fleet, image("gone", [Step("gone", {})]))
    with fleet.writing():
        fleet.images.gone(digest("image gone"), LATER)
    keep_files(fleet, {digest("step base"): listed((b"bin/x", b"x"))})
    answer = asked(fleet, "file", EVIL_SHA256)
    there, gone = answer.not_known
    assert there.why == "nobody noted which files one of its layers brought"
    assert there.remedy == "seawall images rescan --read app:1"
    assert "cannot be known any more" in gone.remedy
    assert (answer.found, answer.not_found) == ((), 0)
    # What is found is found, whatever the other layers hold.
    assert found(asked(fleet, "path", "bin/x")).keys() == {digest("image app")}


def test_names_are_found_of_files_links_and_empty_files(fleet: Fleet) -> None:
    keep(fleet, image("x", [Step("x", {})]))
    files = listed((b"root/.ssh/id_rsa", b"key"), (b"tmp/empty", b""), links=[b"etc/cron.d/evil"])
    keep_files(fleet, {digest("step x"): files})
    for pattern, path in (
        ("id_rsa", "root/.ssh/id_rsa"),
        ("/tmp/*", "tmp/empty"),
        ("*/cron.d/*", "etc/cron.d/evil"),
    ):
        [one] = asked(fleet, "path", pattern).found
        assert [place.path for place in one.places] == [path]
    assert asked(fleet, "path", "no/such").not_found == 1


def test_of_very_many_places_some_are_told_and_all_are_counted(fleet: Fleet) -> None:
    keep(fleet, image("x", [Step("x", {}), Step("y", {})]))
    many = [(b"srv/%d" % number, EVIL) for number in range(3 * MOST_PLACES)]
    keep_files(fleet, {digest("step x"): listed(*many), digest("step y"): listed((b"y", EVIL))})
    for answer in (asked(fleet, "path", "srv/*"), asked(fleet, "file", EVIL_SHA256)):
        [one] = answer.found
        assert len(one.places) == MOST_PLACES
        assert one.places_total in (3 * MOST_PLACES, 3 * MOST_PLACES + 1)


def test_a_change_that_is_in_an_image_twice_is_told_once(fleet: Fleet) -> None:
    keep(fleet, image("x", [Step("x", {}), Step("y", {}), Step("x", {})]))
    keep_files(fleet, {digest("step x"): listed((b"a", EVIL)), digest("step y"): listed()})
    [one] = asked(fleet, "file", EVIL_SHA256).found
    assert one.places_total == 1


# --- secrets and malware ---------------------------------------------------------------------

AWS = "secrets:aws-access-key"


def test_a_rule_is_found_not_found_or_not_known_by_what_each_image_was_asked(fleet: Fleet) -> None:
    made = {
        name: image(name, [Step(name, {})], names=(f"{name}:1",))
        for name in ("has", "asked", "older", "unread", "malware")
    }
    hit = secret("aws-access-key", digest("step has"))
    keep(fleet, looked_at(made["has"], [AWS, "secrets:other"], hit, hit))
    keep(fleet, looked_at(made["asked"], [AWS, "secrets:other"]))
    keep(fleet, looked_at(made["older"], ["secrets:other"]))
    keep(fleet, made["unread"])
    # A rule for malware of the same name is another one.
    keep(fleet, looked_at(made["malware"], ["malware:aws-access-key"]))
    answer = asked(fleet, "secret", "aws-access-key")
    assert found(answer) == {
        made["has"].digest: [Seen("app/.env", digest("step has"), "AKIA…")],
    }
    assert answer.not_found == 1
    assert {one.image.digest: one.why for one in answer.not_known} == {
        made["older"].digest: "it was read before this rule was there, or without it",
        made["malware"].digest: "it was read before this rule was there, or without it",
        made["unread"].digest: "nobody looked into its files",
    }
    assert answer.notes == ()


def test_an_image_without_a_hit_whose_files_were_not_all_read_is_in_a_note(fleet: Fleet) -> None:
    gap = (Incomplete("srv/large", "only the first bytes were looked through"),)
    keep(fleet, replace(looked_at(image("x", [Step("x", {})]), [AWS]), incomplete=gap))
    answer = asked(fleet, "secret", "aws-access-key")
    assert answer.not_found == 1
    assert answer.notes[0].startswith("1 image without it could not be read whole")


def test_of_a_bill_of_materials_the_image_itself_is_to_be_added(fleet: Fleet) -> None:
    keep(fleet, replace(image("x", [Step("x", {})]), target="sbom:x.cdx.json"))
    for kind, text in (("secret", "aws-access-key"), ("file", EVIL_SHA256), ("path", "x")):
        [one] = asked(fleet, kind, text).not_known
        assert "seawall images add TARGET" in one.remedy


def test_malware_is_asked_for_by_the_rules_that_find_it(fleet: Fleet) -> None:
    record = image("x", [Step("x", {})])
    hit = secret("mine.yar:Miner", digest("step x"), Kind.MALWARE)
    keep(fleet, looked_at(record, ["malware:mine.yar:Miner"], hit))
    assert found(asked(fleet, "malware", "mine.yar:Miner")).keys() == {record.digest}
    assert not asked(fleet, "secret", "mine.yar:Miner").found


def test_a_rule_that_nobody_asked_is_said_with_those_that_may_be_meant(fleet: Fleet) -> None:
    keep(fleet, looked_at(image("x", [Step("x", {})]), [AWS]))
    answer = asked(fleet, "secret", "aws-acces-key")
    assert answer.not_found == 0
    assert answer.notes == (
        "no image was ever asked about a rule of this name: is it aws-access-key?",
    )


def test_an_image_that_is_read_again_with_a_new_rule_can_answer(fleet: Fleet) -> None:
    record = image("x", [Step("x", {})])
    keep(fleet, looked_at(replace(record, analyser="1"), ["secrets:other"]))
    assert len(asked(fleet, "secret", "aws-access-key").not_known) == 1
    keep(fleet, looked_at(replace(record, analyser="2"), ["secrets:other", AWS]))
    assert asked(fleet, "secret", "aws-access-key").not_found == 1


# --- what is asked of every new image --------------------------------------------------------


def news(fleet: Fleet, stored: StoredImage, at: str = LATER) -> list[NewSighting]:
    with fleet.writing():
        return check_new(fleet, stored, at)


def notices(fleet: Fleet) -> list[object]:
    return list(fleet.database.rows("SELECT document FROM outbox ORDER BY id"))


def test_a_new_image_with_what_is_asked_for_is_told_once(fleet: Fleet) -> None:
    old = keep(fleet, image("old", [Step("old", {("xz", "usr/lib/xz"): "5.6.1"})]))
    answer = watch(fleet, parse_indicator("package", "xz<5.6.2"), "the XZ backdoor", FIRST)
    assert found(answer).keys() == {old.digest}
    assert not notices(fleet)  # whoever asks reads the answer
    assert not news(fleet, old)
    fresh = keep(fleet, image("new", [Step("new", {("xz", "opt/xz"): "5.6.0"})], names=("n:1",)))
    run(fleet, fresh.digest)
    [one] = news(fleet, fresh)
    assert (one.asked.note, one.seen.places_total) == ("the XZ backdoor", 1)
    [(document,)] = fleet.database.rows("SELECT document FROM outbox")
    notice = decode(bytes(document))
    assert notice.kind is NoticeKind.INDICATOR
    [flaw] = notice.flaws
    assert flaw.id == "package: xz<5.6.2"
    assert flaw.summary == "the XZ backdoor"
    assert flaw.reason == "pkg:npm/xz@5.6.0 in opt/xz"
    assert (flaw.images[0].names, flaw.images[0].running) == (("n:1",), ("web",))
    fleet.database.run("DELETE FROM outbox")  # it was delivered
    assert not news(fleet, fresh)
    assert not notices(fleet)
    seen = fleet.indicators.sightings(one.asked.id)
    assert [(s.image, s.detail) for s in seen] == [
        (fresh.id, "pkg:npm/xz@5.6.0 in opt/xz"),
        (old.id, "pkg:npm/xz@5.6.1 in usr/lib/xz"),
    ]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("file", EVIL_SHA256), ("path", "*/evil"), ("secret", "aws-access-key")],
)
def test_each_kind_is_asked_of_a_new_image(fleet: Fleet, kind: str, text: str) -> None:
    fleet.indicators.add(parse_indicator(kind, text), "", FIRST)
    clean = keep(fleet, looked_at(image("clean", [Step("clean", {})]), [AWS]))
    hit = secret("aws-access-key", digest("step bad"))
    bad = keep(fleet, looked_at(image("bad", [Step("bad", {})]), [AWS], hit))
    keep_files(
        fleet,
        {
            digest("step clean"): listed((b"bin/x", b"x")),
            digest("step bad"): listed((b"opt/evil", EVIL)),
        },
    )
    assert not news(fleet, clean)
    assert len(news(fleet, bad)) == 1
    assert len(notices(fleet)) == 1


def test_what_is_asked_no_more_is_not_told(fleet: Fleet) -> None:
    indicator = parse_indicator("package", "a")
    fleet.indicators.add(indicator, "", FIRST)
    assert fleet.indicators.remove(indicator, LATER)
    assert not fleet.indicators.remove(indicator, LATER)
    stored = keep(fleet, image("x", [Step("x", {("a", "x"): "1"})]))
    assert not news(fleet, stored)
    again = fleet.indicators.add(indicator, "again", LATER)
    assert [one.asked for one in news(fleet, stored)] == [again]


def test_asking_beside_images_that_share_everything_reads_layers_once(fleet: Fleet) -> None:
    with fleet.writing():
        for number in range(300):
            record = image(str(number), [Step("base", {("a", "x"): "1"})])
            fleet.images.add(replace(record, digest=digest(f"image {number}")), FIRST)
    assert len(asked(fleet, "package", "a").found) == 300
