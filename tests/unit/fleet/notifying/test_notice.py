from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.fleet.notifying import notice as notices
from seawall.fleet.notifying.notice import AffectedImage, FoundPackage, bounded, decode, encode
from tests.unit.fleet.notifying import samples
from tests.unit.fleet.notifying.samples import AT, JOBS, NOW, WEB


@given(samples.notices)
def test_a_notice_comes_back_as_it_was(notice: notices.Notice) -> None:
    assert decode(encode(notice)) == bounded(notice)


@given(samples.notices)
def test_what_is_bounded_stays_as_it_is(notice: notices.Notice) -> None:
    assert bounded(bounded(notice)) == bounded(notice)


def test_the_json_is_one_line_that_says_version_kind_and_words() -> None:
    line = encode(samples.notice())
    assert b"\n" not in line
    document = msgspec.json.decode(line)
    assert (document["version"], document["kind"], document["at"]) == (1, "new", AT)
    flaw = document["flaws"][0]
    assert (flaw["severity"], flaw["urgency"]) == ("critical", "fix now")
    assert flaw["packages"][0] == {
        "name": "libssl3",
        "installed": "3.0.11-1~deb12u2",
        "fixed_in": "3.0.13-1~deb12u1",
    }
    assert flaw["images"][0]["running"] == ["web-1", "web-2"]


def test_a_line_begins_with_the_id_and_no_other_line_does() -> None:
    one, other = samples.notice(), samples.brought()
    assert encode(one).startswith(notices.beginning(one))
    assert not encode(other).startswith(notices.beginning(one))


def test_lists_are_cut_with_what_runs_first_and_totals_that_are_true() -> None:
    images = tuple(AffectedImage(f"sha256:{n:064}") for n in range(70))
    packages = tuple(FoundPackage(f"p{n}", "1") for n in range(30))
    flaw = samples.flaw(
        images=(*images, WEB), images_total=0, running_total=0, packages=packages, packages_total=0
    )
    cut = bounded(samples.notice(flaw)).flaws[0]
    assert len(cut.images) == 50
    assert cut.images[0] == WEB
    assert (cut.images_total, cut.running_total) == (71, 1)
    assert (len(cut.packages), cut.packages_total) == (20, 30)


def test_the_largest_notice_is_bounded() -> None:
    long = "€" * 100_000
    image = AffectedImage(long, (long,) * 100, (long,) * 100)
    flaw = samples.flaw(long, summary=long, aliases=(long,) * 100, images=(image,) * 2)
    assert len(encode(samples.notice(flaw, note=long))) < 800_000


def test_bytes_that_are_no_text_are_spelled() -> None:
    image = replace(JOBS, names=("name\udcff",))
    assert decode(encode(samples.notice(samples.flaw(images=(image,))))).flaws[0].images[
        0
    ].names == ("name\\udcff",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        b"[" * 100_000,
        b'{"version":2,"id":"x","kind":"new","at":""}',
        b'{"version":1,"id":"x","kind":"new","at":"","flaws":[{"id":"a","severity":"dire",'
        b'"urgency":"fix now"}]}',
    ],
)
def test_what_is_no_notice_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="notice"):
        decode(data)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with suppress(ValueError):
        decode(data)


def test_fields_that_later_versions_add_are_ignored() -> None:
    line = encode(samples.notice()).replace(b'{"version":1,', b'{"version":1,"new_field":[1],')
    assert decode(line) == bounded(samples.notice())


@given(st.lists(st.text()), st.lists(st.text()))
def test_the_same_texts_and_only_those_have_the_same_identity(
    one: list[str], two: list[str]
) -> None:
    assert (notices.identity(*one) == notices.identity(*two)) == (one == two)


def test_each_test_notice_is_another_one() -> None:
    one = notices.test_notice(NOW)
    assert one.id != notices.test_notice(NOW.replace(microsecond=1)).id
    assert one.at == "2026-11-22T09:30:00.000000Z"
