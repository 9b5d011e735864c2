from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.scanning.configuration import CHECKS, BuildFile, Dockerfile, parse
from seawall.scanning.configuration.dockerfile import expanded
from tests.patience import ends

FILES = sorted((Path(__file__).parents[3] / "data" / "dockerfiles").glob("*.Dockerfile"))


def keywords(file: Dockerfile) -> list[tuple[str, int, int]]:
    return [(i.keyword, i.line, i.last_line) for i in file.instructions]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_dockerfile_is_read_without_damage(path: Path) -> None:
    text = path.read_text()
    file = parse(text)
    assert file.damage == ()
    assert file.stages
    lines = text.splitlines()
    for instruction in file.instructions:
        written = lines[instruction.line - 1].split()
        assert instruction.keyword in (written[0].upper(), written[1].upper())


def test_continued_lines_are_joined_over_comments_and_empty_lines() -> None:
    file = parse("FROM a\nRUN x && \\\n  # why\n\n  y \\ \n  z\nCMD c\n")
    assert keywords(file) == [("FROM", 1, 1), ("RUN", 2, 6), ("CMD", 7, 7)]
    assert [c.words for c in file.instructions[1].commands] == [("x",), ("y", "z")]


def test_the_escape_directive_changes_what_continues_a_line() -> None:
    file = parse("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN dir C:\\ `\n && b\n")
    assert keywords(file) == [("FROM", 3, 3), ("RUN", 4, 5)]
    late = parse("# a comment\n# escape=`\nFROM a\nRUN x `\nRUN y\n")
    assert [k for k, _, _ in keywords(late)] == ["FROM", "RUN", "RUN"]


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert keywords(parse("\ufeffFROM a\r\nRUN x \\\r\n  y\r\n")) == [("FROM", 1, 1), ("RUN", 2, 3)]


def test_stages_are_named_and_chained_in_any_case() -> None:
    file = parse("from a:1 as Base\nrun x\nFROM b AS other\nFROM base\nCOPY --from=other a b\n")
    assert [(s.base, s.name, s.parent) for s in file.stages] == [
        ("a:1", "base", None),
        ("b", "other", None),
        ("base", "", 0),
    ]
    assert [i.line for i in file.shipped] == [1, 2, 4, 5]


def test_variables_are_filled_in_where_their_value_is_known() -> None:
    file = parse(
        "ARG TAG=12\nARG NONE\nFROM debian:${TAG}-slim AS a\nFROM x:$NONE\nARG TAG\n"
        "ENV HOME=/home/$TAG\nWORKDIR ${HOME}/${SUB:-sub}\nUSER $UNKNOWN\nCOPY \\$HOME /x\n"
    )
    assert [s.base for s in file.stages] == ["debian:12-slim", "x:$NONE"]
    assert [i.text for i in file.stages[1].instructions[1:]] == [
        "HOME=/home/12",
        "/home/12/sub",
        "$UNKNOWN",
        "\\$HOME /x",
    ]


def test_an_argument_of_one_stage_is_unknown_in_the_next_and_its_environment_is_not() -> None:
    file = parse("FROM a AS b\nARG U=x\nENV V=y\nFROM b AS c\nFROM c\nUSER $U\nWORKDIR /$V\n")
    assert [i.text for i in file.stages[2].instructions] == ["$U", "/y"]


def test_variables_that_double_one_another_stay_small() -> None:
    text = "FROM a\nENV A=aaaaaaaaaa\n" + "ENV A=$A$A$A$A\n" * 100
    assert max(len(i.text) for i in parse(text).instructions) < 20_000


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$A", "1"),
        ("${A}", "1"),
        ("${A:+yes}${B:+no}", "yes"),
        ("${B-else}", "else"),
        ("$B ${B:?gone} $", "$B ${B:?gone} $"),
        ("\\$A", "\\$A"),
    ],
)
def test_forms_of_variables(text: str, result: str) -> None:
    assert expanded(text, {"A": "1"}) == result


def test_flags_and_both_forms_are_told_apart() -> None:
    file = parse(
        'FROM --platform=linux/arm64 a\nCOPY --chown=1:1 --link ["a b", "/c"]\nCMD [not json]\n'
        'RUN --mount=type=cache,target=/x --network=none y --not-a-flag\nENTRYPOINT ["x", "y"]\n'
    )
    copy, cmd, run, entry = file.stages[0].instructions
    assert file.stages[0].base == "a"
    assert (copy.flags, copy.words) == ((("chown", "1:1"), ("link", "")), ("a b", "/c"))
    assert cmd.exec_form is None
    assert [name for name, _ in run.flags] == ["mount", "network"]
    assert [c.words for c in run.commands] == [("y", "--not-a-flag")]
    assert entry.exec_form == ("x", "y")


def test_here_documents_are_skipped_or_run() -> None:
    file = parse(
        "FROM a\nRUN <<EOF\napt-get update\nFROM no\nEOF\nRUN python3 <<'PY' && b\nimport os\nPY\n"
        "COPY <<-ONE <<TWO /etc/\n\tFROM no\n\tONE\nRUN no\nTWO\nRUN bash <<-E\n\tx | y\n\tE\n"
        "RUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF\nRUN echo '<<EOF'\n"
    )
    assert file.damage == ()
    assert [k for k, _, _ in keywords(file)] == ["FROM", "RUN", "RUN", "COPY", "RUN", "RUN", "RUN"]
    commands = [[c.words[0] for c in i.commands] for i in file.instructions if i.keyword == "RUN"]
    assert commands[0] == ["apt-get", "FROM"]
    assert commands[1] == ["python3", "b"]
    assert commands[2] == ["x", "y"]
    assert "import" not in commands[3]


def test_triggers_are_marked() -> None:
    [instruction] = parse("FROM a\nONBUILD RUN x\n").stages[0].instructions
    assert (instruction.keyword, instruction.is_trigger) == ("RUN", True)
    assert parse("FROM a\nONBUILD ONBUILD RUN x\n").damage


def test_an_ignore_comment_belongs_to_the_next_instruction() -> None:
    file = parse(
        "FROM a\n# seawall: ignore runs-as-root,latest-tag: decided in review\n# more\nUSER root\n"
        "# seawall:ignore x a reason\n\nCMD x\n"
    )
    user, cmd = file.stages[0].instructions
    [ignore] = user.ignores
    assert (ignore.checks, ignore.reason, ignore.line) == (
        ("runs-as-root", "latest-tag"),
        "decided in review",
        2,
    )
    assert cmd.ignores == ()


def test_env_and_arg_give_names_and_values() -> None:
    file = parse('FROM a\nENV A=1 B="x y" C=a\\ b\nENV OLD some value\nARG D E=5\n')
    assert [i.assignments for i in file.stages[0].instructions] == [
        (("A", "1"), ("B", "x y"), ("C", "a b")),
        (("OLD", "some value"),),
        (("D", ""), ("E", "5")),
    ]


WORDS = (
    "FROM a AS b, RUN, <<EOF,EOF,$A,${,\",',`,[,#, ,|,COPY --from=,ENV A=$A$A,ONBUILD ,curl,$(,-k"
)
PIECES = st.sampled_from([*WORDS.split(","), "USER ", "\n", "\\\n", "# escape=`\n"])


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_any_text_is_read_and_judged_without_an_exception(text: str) -> None:
    file = BuildFile("Dockerfile", parse(text))
    lines = text.count("\n") + 1
    for check in CHECKS:
        for problem in check.build_file(file) if check.build_file else ():
            line = problem.instruction.line if problem.instruction else problem.line
            assert 1 <= line <= lines
            assert problem.message
            assert problem.remedy


HOSTILE = {
    "open here-documents": "FROM a\n" + "RUN <<A\n" * 100_000,
    "many here-documents in a line": "FROM a\nRUN " + "<<A " * 100_000,
    "one long line": "FROM a\nRUN " + "x" * 1_000_000,
    "open quotes": "FROM a\nRUN " + "\"'" * 300_000,
    "escapes": "FROM a\nENV " + "\\" * 900_000,
    "continued for ever": "FROM a\nRUN x" + "\\\n" * 500_000,
    "triggers": "FROM a\n" + "ONBUILD " * 100_000,
    "variables": "FROM a\nENV A=b\nENV " + "$A" * 400_000,
    "open variables": "FROM a\nENV A=b\nENV " + "${A:-" * 200_000,
    "stages": "FROM a AS b\n" * 80_000,
    "chained stages": "FROM a AS s0\n"
    + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(100_000)),
    "nested shells": "FROM a\nRUN " + "sh -c 'eval " * 120_000,
    "pipes": "FROM a\nRUN " + "curl x | sh;" * 80_000,
    "ENV words": "FROM a\nENV " + "A_PASSWORD=b7 " * 70_000,
    "brackets": "FROM a\nCMD " + "[" * 900_000,
    "comments": "# seawall: ignore a b\n" * 100_000 + "FROM a\n",
    "trusted": "FROM a\nRUN echo " + "[" * 900_000,
    "flags": "FROM a\nRUN " + "--a=b " * 150_000,
    "addresses": "FROM a\nADD https://" + "a@" * 400_000 + " /x\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_made_to_be_slow_is_not(name: str) -> None:
    with ends():
        file = BuildFile("Dockerfile", parse(HOSTILE[name]))
        for check in CHECKS:
            if check.build_file:
                list(check.build_file(file))
