import pytest

from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.npm import installed
from seawall.model import Incomplete, Package

PATH = "app/node_modules/lodash/package.json"


def test_name_and_version_make_a_package() -> None:
    content = b'{"name": "lodash", "version": "4.17.20", "main": "lodash.js"}'
    assert list(installed(ImageFile(PATH, content))) == [Package("npm", "lodash", "4.17.20")]


def test_a_scope_is_part_of_the_name() -> None:
    content = b'{"name": "@babel/core", "version": "7.20.12"}'
    assert list(installed(ImageFile(PATH, content))) == [Package("npm", "@babel/core", "7.20.12")]


def test_a_byte_order_mark_does_not_hide_a_package() -> None:
    content = b'\xef\xbb\xbf{"name": "bom", "version": "1.0.0"}'
    assert list(installed(ImageFile(PATH, content))) == [Package("npm", "bom", "1.0.0")]


@pytest.mark.parametrize(
    "content",
    [
        b'{"type": "module"}',
        b'{"name": "part"}',
        b'{"name": "x", "version": 3}',
        b'{"name": ["x"], "version": "1.0.0"}',
        b'{"name": "not a name", "version": "1.0.0"}',
        b"[]",
    ],
)
def test_what_names_no_package_is_passed_over(content: bytes) -> None:
    assert list(installed(ImageFile(PATH, content))) == []


def test_a_damaged_file_of_an_installed_package_is_said_to_be_unread() -> None:
    assert [type(fact) for fact in installed(ImageFile(PATH, b"{"))] == [Incomplete]


def test_a_damaged_file_among_a_packages_own_tests_is_nobodys_loss() -> None:
    path = "app/node_modules/resolve/test/resolver/malformed/package.json"
    assert list(installed(ImageFile(path, b"{"))) == []


def test_the_made_up_packages_of_a_packages_own_tests_are_not_installed() -> None:
    content = b'{"name": "made-up", "version": "1.0.0"}'
    path = "app/node_modules/resolve/test/resolver/made-up/package.json"
    assert list(installed(ImageFile(path, content))) == []


@pytest.mark.parametrize("name", ["@playwright/test", "@scope/fixtures", "test", "tests"])
def test_a_package_called_test_is_no_made_up_one(name: str) -> None:
    content = f'{{"name": "{name}", "version": "1.40.0"}}'.encode()
    found = installed(ImageFile(f"app/node_modules/{name}/package.json", content))
    assert list(found) == [Package("npm", name, "1.40.0")]
    below = f"app/node_modules/{name}/fixtures/x/package.json"
    assert list(installed(ImageFile(below, content))) == []


def test_a_project_below_a_folder_called_test_is_installed() -> None:
    content = b'{"name": "real", "version": "1.0.0"}'
    path = "srv/test/node_modules/real/package.json"
    assert list(installed(ImageFile(path, content))) == [Package("npm", "real", "1.0.0")]


def test_json_nested_beyond_all_measure_ends_in_a_word_not_in_a_crash() -> None:
    facts = list(installed(ImageFile(PATH, b"[" * 200_000)))
    assert [type(fact) for fact in facts] == [Incomplete]


def test_an_address_in_the_place_of_a_version_is_not_told() -> None:
    content = b'{"name": "x", "version": "git+https://deploy:secret@example.org/x"}'
    (fact,) = installed(ImageFile(PATH, content))
    assert isinstance(fact, Incomplete)
    assert "secret" not in repr(fact)


def test_a_version_that_is_no_text_is_said_to_be_unread() -> None:
    content = b'{"name": "x", "version": "\\ud800"}'
    assert [type(fact) for fact in installed(ImageFile(PATH, content))] == [Incomplete]
