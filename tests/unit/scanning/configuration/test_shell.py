import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.scanning.configuration.shell import commands


def split(text: str) -> list[tuple[str, ...]]:
    return [command.words for command in commands(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b && c || d; e & f", [("a", "b"), ("c",), ("d",), ("e",), ("f",)]),
        ("a 'b c' \"d e\" f\\ g", [("a", "b c", "d e", "f g")]),
        ("a \\\n b # c && d\ne", [("a", "b"), ("e",)]),
        ("a>out 2>&1 <in b", [("a", "b")]),
        ("if a; then b; else c; fi", [("a",), ("b",), ("c",)]),
        ("X=1 sudo -u me env Y=2 time a b", [("a", "b")]),
        ("timeout -k 5 10 a", [("a",)]),
        ("a $(b c) `d` ${E:-f g}", [("a",), ("b", "c"), ("d",), ("${E:-f g}",)]),
        ("sh -c 'a && b'", [("sh", "-c", "a && b"), ("a",), ("b",)]),
        ("bash -euxc 'a | b'", [("bash", "-euxc", "a | b"), ("a",), ("b",)]),
        ("{ a; }", [("a",)]),
        ("a '", [("a", "'")]),
        ("", []),
        ("sudo", [("sudo",)]),
        ("echo a#b", [("echo", "a#b")]),
    ],
)
def test_commands_are_told_apart(text: str, expected: list[tuple[str, ...]]) -> None:
    assert split(text) == expected


def test_operators_prefixes_and_files_are_kept() -> None:
    first, second = commands("X=1 sudo curl -o a b 2>/dev/null | sh > /etc/x")
    assert (first.prefixes, first.assignments, first.files) == (("sudo",), ("X=1",), ("/dev/null",))
    assert (second.after, second.files) == ("|", ("/etc/x",))


@given(st.text(alphabet="ab \n\t\"'\\$(){}<>|&;#`=-0", max_size=200))
def test_any_text_has_commands_with_a_program(text: str) -> None:
    assert all(command.words and isinstance(command.name, str) for command in commands(text))
