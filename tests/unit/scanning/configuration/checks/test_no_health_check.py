from seawall.scanning.configuration.checks.no_health_check import NO_HEALTH_CHECK
from tests.unit.scanning.configuration.subjects import in_build_file, in_image, lines


def test_an_image_without_one_is_found() -> None:
    assert len(in_image(NO_HEALTH_CHECK)) == 1
    assert in_image(NO_HEALTH_CHECK, has_health_check=True) == []


def test_a_dockerfile_without_one_is_found_at_its_last_stage() -> None:
    text = "FROM a:1 AS x\nHEALTHCHECK CMD x\nFROM a:1\nCMD y\n"
    assert lines(in_build_file(NO_HEALTH_CHECK, text)) == [3]


def test_one_in_the_chain_or_a_decision_against_it_is_fine() -> None:
    assert in_build_file(NO_HEALTH_CHECK, "FROM a:1 AS x\nHEALTHCHECK CMD x\nFROM x\n") == []
    assert in_build_file(NO_HEALTH_CHECK, "FROM a:1\nHEALTHCHECK NONE\n") == []
