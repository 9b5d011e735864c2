import pytest

from seawall.inventory.catalogers.pnpm import PNPM
from tests.unit.inventory.catalogers.locks import JAVASCRIPT, named, recorded


@pytest.mark.parametrize("version", ["5.2", "5.4", "6.0", "9.0"])
def test_all_versions_name_the_same_packages(version: str) -> None:
    assert set(recorded(PNPM, f"pnpm/{version}/pnpm-lock.yaml")) == JAVASCRIPT


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("/a/1.2.3", ["a 1.2.3"]),
        ("/@a/b/1.2.3_react@16.0.0+@c+d@1.0.0", ["@a/b 1.2.3"]),
        ("registry.example.org/@a/b/1.2.3", ["@a/b 1.2.3"]),
        ("/@a/b@1.2.3(react@16.0.0)(@c/d@1.0.0)", ["@a/b 1.2.3"]),
        ("registry.example.org/a@1.2.3-rc.1", ["a 1.2.3-rc.1"]),
        ("'@a/b@1.2.3'", ["@a/b 1.2.3"]),
        ("a@1.2.3+build", ["a 1.2.3+build"]),
        ("file:packages/a", []),
        ("link:../a", []),
        ("github.com/user/repo/0123abc", []),
    ],
)
def test_a_key_names_the_package(key: str, found: list[str]) -> None:
    content = f"packages:\n\n  {key}:\n    resolution: {{integrity: sha512-x}}\n    dev: true\n"
    assert named(PNPM, content) == found


def test_a_package_from_a_repository_says_its_name_inside() -> None:
    content = """\
packages:
  github.com/user/repo/0123abc:
    resolution: {tarball: https://codeload.example.org/user/repo}
    name: real
    version: 1.2.3
  b@https://codeload.example.org/user/b/tar.gz/0123:
    resolution: {tarball: https://codeload.example.org/user/b}
    version: 2.0.0
  c@file:packages/c:
    resolution: {directory: packages/c, type: directory}
    version: 3.0.0
snapshots:
  d@4.0.0: {}
"""
    assert named(PNPM, content) == ["real 1.2.3", "b 2.0.0"]


def test_a_key_of_more_than_a_thousand_characters_is_read() -> None:
    peers = "".join(f"(peer-{number}@1.0.0)" for number in range(100))
    content = (
        f"packages:\n\n  ? /a@1.2.3{peers}\n  : resolution: {{integrity: x}}\n    dev: false\n"
    )
    assert named(PNPM, content) == ["a 1.2.3"]


def test_a_text_over_several_lines_is_no_package() -> None:
    content = """\
packages:
  /a@1.0.0:
    deprecated: |-
      use another
  /no@9.9.9:
    deprecated: >-
      x
  /b@2.0.0:
    dev: true
"""
    assert named(PNPM, content) == ["a 1.0.0", "no 9.9.9", "b 2.0.0"]
    inside = (
        "packages:\n  /a@1.0.0:\n    deprecated: >-\n      text\n\n      /b@2.0.0:\n    dev: true\n"
    )
    assert named(PNPM, inside) == ["a 1.0.0"]
