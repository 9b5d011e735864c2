import json

import pytest

from seawall.inventory.catalogers.npm_lock import NPM_LOCK
from tests.unit.inventory.catalogers.locks import JAVASCRIPT, named, recorded


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
def test_all_versions_name_the_same_packages(version: str) -> None:
    assert set(recorded(NPM_LOCK, f"npm/{version}/package-lock.json")) == JAVASCRIPT


def test_addresses_are_no_versions() -> None:
    dependencies = {
        "from-git": {"version": "git+ssh://git@example.org/x.git#0123"},
        "from-folder": {"version": "file:../x"},
        "from-archive": {"version": "https://example.org/x-1.0.0.tgz"},
        "alias": {"version": "npm:@real/name@1.0.0"},
        "plain": {"version": "1.0.0-rc.1", "dev": True},
    }
    content = json.dumps({"lockfileVersion": 1, "dependencies": dependencies})
    assert named(NPM_LOCK, content) == ["@real/name 1.0.0", "plain 1.0.0-rc.1"]


def test_links_and_workspaces_are_parts_of_the_project_and_addresses_no_versions() -> None:
    packages = {
        "": {"name": "shop", "version": "1.0.0"},
        "node_modules/x": {"version": "git+https://deploy:secret@example.org/x"},
        "packages/cart": {"name": "cart", "version": "1.0.0"},
        "node_modules/cart": {"resolved": "packages/cart", "link": True, "version": "1.0.0"},
        "node_modules/a/node_modules/@b/c": {"version": "2.0.0"},
        "packages/cart/node_modules/d": {"version": "3.0.0"},
    }
    content = json.dumps({"lockfileVersion": 3, "packages": packages})
    assert named(NPM_LOCK, content) == ["@b/c 2.0.0", "d 3.0.0"]


def test_dependencies_nested_deep_do_not_crash() -> None:
    content = (
        '{"dependencies":' + '{"a":{"version":"1.0.0","dependencies":' * 300 + "{}" + "}}" * 300
    )
    assert named(NPM_LOCK, content + "}") == ["a 1.0.0"]


@pytest.mark.parametrize(
    "content", ["{}", '{"packages": []}', '{"packages": {"node_modules/a": 1}}']
)
def test_what_names_no_package_is_passed_over(content: str) -> None:
    assert named(NPM_LOCK, content) == []
