import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.fleet.notifying import Notice, NoticeKind
from seawall.fleet.notifying.bundling import ALONE, bundled, plan
from seawall.fleet.notifying.notice import bounded, identity
from seawall.model import Severity
from tests.unit.fleet.notifying.samples import JOBS, WEB, flaw, notice


def some(count: int, kind: NoticeKind = NoticeKind.NEW) -> list[Notice]:
    levels = list(Severity)
    return [notice(flaw(f"CVE-2026-{n}", severity=levels[n % 5]), kind=kind) for n in range(count)]


def test_few_notices_go_by_themselves() -> None:
    notices = some(ALONE)
    assert plan(notices) == {one.id: one.id for one in notices}


def test_one_that_would_be_left_over_goes_by_itself_too() -> None:
    notices = some(ALONE + 1)
    assert plan(notices) == {one.id: one.id for one in notices}


@settings(max_examples=30, deadline=None)
@given(st.integers(ALONE + 2, 80), st.randoms())
def test_of_many_the_most_pressing_go_alone_and_one_message_has_the_others(
    count: int, shuffle: random.Random
) -> None:
    notices = some(count)
    shuffle.shuffle(notices)
    planned = plan(notices)
    members = Counter(planned.values())
    [(bundle, size)] = members.most_common(1)
    assert size == count - ALONE
    assert set(planned) == {one.id for one in notices}
    alone = [one for one in notices if planned[one.id] == one.id]
    together = [one for one in notices if planned[one.id] == bundle]
    least = min(one.flaws[0].severity for one in alone)
    assert all(one.flaws[0].severity <= least for one in together)
    assert bundle == identity("bundle", *sorted(one.id for one in together))
    assert bundled(bundle, together) == bundled(bundle, together[::-1])


def test_kinds_are_not_mixed() -> None:
    planned = plan(some(ALONE + 5) + some(ALONE + 5, NoticeKind.RESOLVED))
    assert sorted(Counter(planned.values()).values())[-2:] == [5, 5]


def test_a_bundle_counts_all_and_names_the_most_pressing() -> None:
    many = bundled("ab" * 16, some(300))
    assert (many.id, many.kind, many.flaws_total) == ("ab" * 16, NoticeKind.NEW, 300)
    assert len(many.flaws) == 200
    assert many.flaws[0].severity is Severity.CRITICAL
    assert "300 advisories" in many.note
    assert bounded(many) == many


def test_images_that_bring_the_same_flaw_stand_at_that_flaw() -> None:
    plain = flaw(images=(), images_total=0, running_total=0)
    brought = [
        notice(plain, kind=NoticeKind.IMAGE, image=image, id=identity(image.digest))
        for image in (JOBS, WEB)
    ]
    [found] = bundled("ab" * 16, brought).flaws
    assert found.images == (WEB, JOBS)
    assert (found.images_total, found.running_total) == (2, 1)


def test_an_image_that_is_listed_twice_counts_once() -> None:
    one = flaw(images=(WEB, JOBS), images_total=2, running_total=1)
    two = flaw(images=(WEB,), images_total=1, running_total=1)
    [found] = bundled("ab" * 16, [notice(one), notice(two, id="cd" * 16)]).flaws
    assert (found.images_total, found.running_total, len(found.images)) == (2, 1, 2)
