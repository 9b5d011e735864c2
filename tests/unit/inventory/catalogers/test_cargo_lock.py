from seawall.inventory.catalogers.cargo_lock import CARGO_LOCK
from tests.unit.inventory.catalogers.locks import named, recorded


def test_crates_of_others_are_named_and_the_project_is_not() -> None:
    found = recorded(CARGO_LOCK, "cargo/Cargo.lock")
    assert {"smallvec 1.6.0", "time 0.1.43", "winapi 0.3.9"} <= set(found)
    assert not any(name.startswith("shop ") for name in found)


def test_a_crate_from_a_repository_counts() -> None:
    content = (
        '[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "git+https://example.org/a#0123"\n'
    )
    assert named(CARGO_LOCK, content) == ["a 1.0.0"]


def test_a_file_without_packages_names_nothing() -> None:
    assert named(CARGO_LOCK, "version = 3\npackage = 1\n") == []
