from seawall.scanning.configuration.checks.unpinned_base import UNPINNED_BASE
from tests.unit.scanning.configuration.subjects import PINNED, evidence, in_build_file


def test_a_tag_alone_is_found() -> None:
    assert evidence(in_build_file(UNPINNED_BASE, "FROM debian:12\n")) == ["debian:12"]


def test_a_digest_is_fine_and_no_tag_is_the_business_of_another_check() -> None:
    assert in_build_file(UNPINNED_BASE, f"FROM {PINNED} AS a\nFROM debian\nFROM a\n") == []
