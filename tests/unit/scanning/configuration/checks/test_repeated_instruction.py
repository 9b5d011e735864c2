from seawall.scanning.configuration.checks.repeated_instruction import REPEATED_INSTRUCTION
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, lines


def test_the_ones_without_effect_are_found() -> None:
    text = "FROM a:1\nCMD a\nENTRYPOINT b\nCMD c\nCMD d\nHEALTHCHECK NONE\nHEALTHCHECK CMD x\n"
    found = in_build_file(REPEATED_INSTRUCTION, text)
    assert lines(found) == [2, 4, 6]
    assert evidence(found)[0] == "CMD in lines 2 and 4"


def test_one_in_each_stage_is_fine_and_so_is_a_trigger() -> None:
    text = "FROM a:1 AS x\nCMD a\nFROM x\nCMD b\nONBUILD CMD c\n"
    assert in_build_file(REPEATED_INSTRUCTION, text) == []
