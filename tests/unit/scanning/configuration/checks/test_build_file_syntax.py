from seawall.scanning.configuration.checks.build_file_syntax import BUILD_FILE_SYNTAX
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, lines


def test_what_cannot_be_read_is_found_at_its_line() -> None:
    text = "RUN early\nFROM a:1\nRUNN x\nRUN <<EOF\ntrue\n# seawall: ignore runs-as-root\n"
    found = in_build_file(BUILD_FILE_SYNTAX, text)
    assert sorted(zip(lines(found), evidence(found), strict=True)) == [
        (1, "RUN before the first FROM"),
        (3, "'RUNN' is no instruction"),
        (4, "the here-document 'EOF' has no end"),
        (5, "'TRUE' is no instruction"),
        (6, "an ignore comment needs a check's id and a reason"),
    ]


def test_a_file_that_builds_nothing_is_found() -> None:
    assert evidence(in_build_file(BUILD_FILE_SYNTAX, "ARG A\n")) == ["no FROM: it builds nothing"]


def test_a_whole_file_is_fine() -> None:
    assert in_build_file(BUILD_FILE_SYNTAX, "FROM a:1\nRUN <<EOF\nx\nEOF\nCMD\n") == []
