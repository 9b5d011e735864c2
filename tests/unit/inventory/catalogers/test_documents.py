import random
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.images import Selector
from seawall.inventory.catalogers import CATALOGERS, Cataloger, ImageFile
from seawall.inventory.catalogers.cargo_lock import CARGO_LOCK
from seawall.inventory.catalogers.documents import (
    LIMIT_BYTES,
    entries,
    from_json,
    from_toml,
    is_of_a_dependency,
)
from seawall.inventory.catalogers.npm_lock import NPM_LOCK
from seawall.inventory.catalogers.pnpm import PNPM
from seawall.inventory.catalogers.python_lock import REQUIREMENTS
from seawall.inventory.catalogers.yarn import YARN
from seawall.model import Incomplete, Package
from tests.patience import ends
from tests.unit.inventory.catalogers.locks import DATA, facts

RECORDED = sorted(path for path in DATA.rglob("*") if path.is_file() and path.suffix != ".md")


def catalogers_of(path: str) -> Iterator[Cataloger]:
    """Yield the catalogers whose patterns mean a path."""
    for cataloger in CATALOGERS:
        if Selector(cataloger.patterns).candidates(path.encode()):
            yield cataloger


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: str(path.relative_to(DATA)))
def test_every_recorded_file_is_meant_by_a_pattern_and_names_packages(path: Path) -> None:
    name = str(path.relative_to(DATA))
    found = [
        fact for c in catalogers_of(name) for fact in c.parse(ImageFile(name, path.read_bytes()))
    ]
    assert any(isinstance(fact, Package) for fact in found)
    assert not any(isinstance(fact, Incomplete) for fact in found)


PIECES = [
    b"",
    b"\0",
    b"\xff",
    b"\n",
    b'"',
    b"'",
    b"{",
    b"[",
    b"(",
    b"- ",
    b": ",
    b"  ",
    b"\\",
    b",",
]


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return the content with a few places replaced, doubled or cut off."""
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(content) + 1)
        end = min(len(content), start + chance.randrange(20))
        match chance.randrange(4):
            case 0:
                content = content[:start] + chance.choice(PIECES) + content[end:]
            case 1:
                content = content[:end] + content[start:]
            case 2:
                content = content[:start]
            case _:
                other = chance.randrange(len(content) + 1)
                content = content[:start] + content[other : other + 40] + content[end:]
    return content


@given(st.sampled_from(RECORDED), st.integers(0, 1 << 32))
def test_damaged_files_end_in_packages_or_in_an_error_of_parsers(path: Path, seed: int) -> None:
    name = str(path.relative_to(DATA))
    content = damaged(path.read_bytes(), random.Random(seed))
    for cataloger in catalogers_of(name):
        try:
            found = list(cataloger.parse(ImageFile(name, content)))
        except (ValueError, RecursionError):
            continue
        for fact in found:
            if isinstance(fact, Package):
                assert fact.name
                assert fact.name.isprintable()
                assert fact.version.isprintable()


@given(st.text(alphabet=" -:?\n\"'a{}[]#&|>\\\r\t", max_size=60))
def test_any_text_is_block_yaml_or_refused(content: str) -> None:
    try:
        found = list(entries(content))
    except ValueError:
        return
    assert all(keys for keys, _ in found)


def test_yaml_is_read_as_keys_from_the_root() -> None:
    content = """\
# a comment
---
version: '6.0'   # and another
packages:
- name: a
  "long: key": 'it''s'
-   b: c
    d:
      - e
      - "f (1)"
folded: >-
  not: a key
plain: first
  second: line
? key
: inner: 1
  flow: {a: 1}
"""
    assert list(entries(content)) == [
        (("version",), "6.0"),
        (("packages",), ""),
        (("packages", "-"), ""),
        (("packages", "-", "name"), "a"),
        (("packages", "-", "long: key"), "it's"),
        (("packages", "-"), ""),
        (("packages", "-", "b"), "c"),
        (("packages", "-", "d"), ""),
        (("packages", "-", "d", "-"), "e"),
        (("packages", "-", "d", "-"), "f (1)"),
        (("folded",), ""),
        (("plain",), "first"),
        (("key",), ""),
        (("key", "inner"), "1"),
        (("key", "flow"), "{a: 1}"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "a: &x 1\nb: *x\n",
        "a: !!python/object x\n",
        "<<<<<<< HEAD\na: 1\n",
        "{a: 1}\n",
        "- " * 10_000 + "a",
        "".join(" " * depth + "a:\n" for depth in range(100)),
    ],
)
def test_yaml_that_no_tool_writes_into_a_lock_file_is_refused(content: str) -> None:
    with pytest.raises(ValueError, match=r"YAML"):
        list(entries(content))


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("srv/node_modules/a/yarn.lock", True),
        ("usr/lib/python3/dist-packages/x/requirements.txt", True),
        ("var/lib/gems/3.1.0/gems/rails-7.0/Gemfile.lock", True),
        ("go/pkg/mod/example.org/m@v1.0.0/go.mod", True),
        ("root/.cargo/registry/src/index/a-1.0/Cargo.lock", True),
        ("srv/vendor/symfony/console/composer.lock", True),
        ("srv/app/yarn.lock", False),
        ("yarn.lock", False),
        ("srv/vendor/yarn.lock", False),
        ("srv/my_node_modules/yarn.lock", False),
    ],
)
def test_a_dependency_s_own_lock_file_is_known_by_its_folder(path: str, is_one: bool) -> None:
    assert is_of_a_dependency(path) == is_one


def test_a_dependency_s_own_lock_file_says_nothing() -> None:
    assert facts(REQUIREMENTS, "flask==1.0\n", "usr/lib/site-packages/x/requirements.txt") == []


def test_a_lock_file_beyond_all_measure_is_said_to_be_unread() -> None:
    found = facts(REQUIREMENTS, b"#" * (LIMIT_BYTES + 1))
    assert [type(fact) for fact in found] == [Incomplete]


def test_a_lock_file_of_too_many_packages_is_read_up_to_the_limit() -> None:
    content = "".join(f"a{number}==1\n" for number in range(100_002)).encode()
    found = REQUIREMENTS.parse(ImageFile("requirements.txt", content))
    assert sum(1 for _ in islice(found, 100_000)) == 100_000
    with pytest.raises(ValueError, match="more than 100,000 packages"):
        next(found)


@pytest.mark.parametrize(
    ("cataloger", "content"),
    [
        (CARGO_LOCK, b"a" + b".a" * 500_000 + b" = 1\n"),
        (CARGO_LOCK, b"[a" + b' . "a"' * 100_000 + b"]\n"),
        (CARGO_LOCK, b"a" * 1_000_000),
        (CARGO_LOCK, b"x = " + b"[" * 200_000),
        (CARGO_LOCK, b"x = " + b"{a=" * 100_000),
        (NPM_LOCK, b'{"dependencies":' * 200_000),
        (NPM_LOCK, b"[" * 200_000),
        (PNPM, b"packages:\n" + b"  " * 500_000 + b"a: 1"),
        (PNPM, b"packages:\n  '" + b"''" * 500_000),
        (PNPM, b'packages:\n  "' + b"\\" * 1_000_001),
        (YARN, b"a" * 1_000_000),
        (YARN, b'a:\n  version "' + b" " * 1_000_000),
    ],
    ids=range(12),
)
def test_hostile_files_end_soon(cataloger: Cataloger, content: bytes) -> None:
    with ends(), suppress(ValueError, RecursionError):
        assert not any(isinstance(fact, Package) for fact in facts(cataloger, content))


def test_json_and_toml_are_objects_within_the_limit() -> None:
    with pytest.raises(ValueError, match="no object"):
        from_json(b"[]")
    with pytest.raises(ValueError, match="nested too deep"):
        from_json(b'{"a":' * 200_000)
    with pytest.raises(ValueError, match="bytes"):
        from_json(b" " * (LIMIT_BYTES + 1))
    with pytest.raises(ValueError, match="bytes"):
        from_toml(b" " * (LIMIT_BYTES + 1))
    assert from_toml(b"\xef\xbb\xbfa = 1") == {"a": 1}


def test_a_large_lock_file_of_pnpm_is_read_line_by_line() -> None:
    package = """\

  /pack-{0}@1.2.{0}:
    resolution: {{integrity: sha512-Dn77qdfrKZjMAvxFbMCnBMSCi04UjZ7FeZ4/ogVATdR2fXM9rrttsS6FqvXQKb}}
    engines: {{node: '>=10'}}
    dependencies:
      ansi-styles: 3.2.1
      escape-string-regexp: 1.0.5
    dev: false
"""
    content = "lockfileVersion: '6.0'\n\npackages:\n" + "".join(map(package.format, range(20_000)))
    with ends():
        assert len(facts(PNPM, content)) == 20_000
