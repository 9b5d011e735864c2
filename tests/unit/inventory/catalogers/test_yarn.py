import pytest

from seawall.inventory.catalogers.yarn import YARN
from tests.unit.inventory.catalogers.locks import JAVASCRIPT, named, recorded


def test_both_forms_name_the_packages_of_the_project() -> None:
    assert set(recorded(YARN, "yarn/1/yarn.lock")) == JAVASCRIPT
    assert set(recorded(YARN, "yarn/4/yarn.lock")) == JAVASCRIPT


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("a@^1.0.0, a@~1.2.0", ["a 1.2.3"]),
        ('"@a/b@^1.0.0"', ["@a/b 1.2.3"]),
        ('"x@npm:@real/name@^1.0.0"', ["@real/name 1.2.3"]),
        ('"a@npm:^1.0.0"', ["a 1.2.3"]),
        ('"a@git+https://example.org/a.git"', ["a 1.2.3"]),
        ('"a@file:archive/a-1.2.3.tgz#0123"', ["a 1.2.3"]),
        ('"a@file:../a"', []),
        ('"a@link:../a"', []),
    ],
)
def test_yarn_1_names_what_was_found_for_what_was_asked(asked: str, found: list[str]) -> None:
    content = f'# yarn lockfile v1\n\n{asked}:\n  version "1.2.3"\n  dependencies:\n    b "^9"\n'
    assert named(YARN, content) == found


@pytest.mark.parametrize(
    ("resolution", "found"),
    [
        ("a@npm:1.2.3", ["a 1.2.3"]),
        ("@a/b@npm:1.2.3", ["@a/b 1.2.3"]),
        ("a@patch:a@npm%3A1.2.3#optional!builtin<compat/a>", ["a 1.2.3"]),
        ("a@https://example.org/a.git#commit=0123", ["a 1.2.3"]),
        ("a@workspace:packages/a", []),
        ("a@portal:../a::locator=b", []),
        ("a@link:../a::locator=b", []),
    ],
)
def test_berry_names_what_an_entry_resolved_to(resolution: str, found: list[str]) -> None:
    entry = f'"x@^1":\n  version: 1.2.3\n  resolution: "{resolution}"\n  dependencies:\n    b: ^9\n'
    assert named(YARN, f"__metadata:\n  version: 8\n\n{entry}") == found


def test_a_file_with_conflicts_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1 is none of yarn's"):
        named(YARN, '<<<<<<< HEAD\na@^1:\n  version "1.0.0"\n')


def test_an_empty_lock_file_names_nothing() -> None:
    assert named(YARN, "# yarn lockfile v1\n\n\n") == []
