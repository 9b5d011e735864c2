"""A short run of the fuzzer; the long one is ``make fuzz``."""

from pathlib import Path

from tests.fuzz import archives
from tests.unit.images import building


def test_damaged_images_end_in_an_inventory_or_in_an_error_of_ours(tmp_path: Path) -> None:
    summary = archives.run(1500, 7, 60, tmp_path, print)
    assert summary.failures == []
    assert summary.outcomes["ok"] > 100
    assert summary.outcomes["refused: CorruptImage"] > 100
    assert summary.outcomes["refused: DigestMismatch"] > 10


def test_the_seeds_themselves_are_read_in_every_form(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    for image in archives.seeds():
        for source, form in archives.FORMS:
            path.write_bytes(building.archived(form(image)))
            assert archives.read(source, path) == "ok"


def test_the_same_seed_makes_the_same_archives() -> None:
    first, second = archives.Maker(3), archives.Maker(3)
    assert [first.make() for _ in range(20)] == [second.make() for _ in range(20)]
