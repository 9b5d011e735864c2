import re

import pytest

from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.executables import executable
from seawall.inventory.catalogers.executables.classifier import (
    DOCUMENTED,
    PROGRAMS,
    TEXTS,
    Rule,
    rules,
    stem,
    text_classified,
)
from seawall.model import Package
from tests.patience import ends
from tests.unit.inventory.catalogers.executables.elf_files import elf

ALL = [(rule, name) for rule in rules(PROGRAMS) for name in rule.files]


def named(path: str, words: bytes, rule: Rule | None = None) -> list[Package]:
    content = elf({".text": b"code", ".rodata": words, ".data": b"x"}, writable=(".data",))
    found = [f for f in executable(ImageFile(path, content)) if isinstance(f, Package)]
    return [f for f in found if rule is None or f.name == rule.name]


@pytest.mark.parametrize(("rule", "name"), ALL, ids=lambda value: getattr(value, "name", value))
def test_every_rule_finds_its_examples_and_only_those(rule: Rule, name: str) -> None:
    assert rule.matches
    assert rule.misses
    for example in rule.matches:
        assert rule.anchor in example
        (package,) = named(f"opt/{name}", example, rule)
        assert package.type == "generic"
        assert re.match(r"offset 0x[0-9a-f]+: \S", package.evidence)
    for example in rule.misses:
        assert named(f"opt/{name}", example, rule) == []


@pytest.mark.parametrize("rule", rules(TEXTS), ids=lambda rule: rule.name)
def test_every_rule_for_files_of_text_finds_its_examples_and_only_those(rule: Rule) -> None:
    path = rule.path.replace("**/", "var/www/")
    for example in rule.matches:
        (fact,) = text_classified(ImageFile(path, example))
        assert isinstance(fact, Package)
        assert fact.name == rule.name
    for example in rule.misses:
        assert list(text_classified(ImageFile(path, example))) == []


def test_the_evidence_tells_where_the_version_stands() -> None:
    (package,) = named("usr/bin/openssl", b"x" * 5 + b"\0OpenSSL 3.0.11 19 Sep 2023\0")
    assert package.version == "3.0.11"
    content = elf({".text": b"code", ".rodata": b"x" * 5 + b"\0OpenSSL 3.0.11 19 Sep 2023\0"})
    at = content.index(b"OpenSSL")
    assert package.evidence == f"offset 0x{at:x}: OpenSSL 3.0.11 19 Sep 2023"


def test_two_versions_are_none() -> None:
    assert (
        named("bin/bash", b"@(#)Bash version 5.2.15(1) release\0@(#)Bash version 5.1.4(1) release")
        == []
    )


def test_the_same_version_twice_is_one() -> None:
    assert len(named("bin/bash", b"@(#)Bash version 5.2.15(1) release\0" * 3)) == 1


def test_a_program_of_another_name_is_left_alone() -> None:
    assert named("bin/shop", b"\0nginx version: nginx/1.22.1\0") == []


def test_what_bitnami_documents_itself_is_not_named_twice() -> None:
    words = b"\0nginx version: nginx/1.22.1\0"
    assert named(f"{DOCUMENTED}nginx/sbin/nginx", words) == []
    wordpress = rules(TEXTS)[0].matches[0]
    path = f"{DOCUMENTED}wordpress/wp-includes/version.php"
    assert list(text_classified(ImageFile(path, wordpress))) == []


def test_a_library_is_no_program_of_that_name() -> None:
    assert named("lib/nginx.so", b"\0nginx version: nginx/1.22.1\0") == []


def test_words_between_instructions_do_not_count() -> None:
    text = b"\0nginx version: nginx/1.22.1\0"
    content = elf({".text": text, ".rodata": b"x"}, code=(".text",))
    assert list(executable(ImageFile("bin/nginx", content))) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("python3.11", "python"),
        ("libssl.so.3", "libssl.so"),
        ("libpython3.11.so.1.0", "libpython.so"),
        ("libpng16-cfa3ee12.so.16.39.0", "libpng.so"),
        ("libcurl-gnutls.so.4", "libcurl-gnutls.so"),
        ("busybox", "busybox"),
    ],
)
def test_versions_in_a_name_do_not_count(name: str, expected: str) -> None:
    assert stem(name) == expected


def test_a_python_must_agree_with_its_file_name() -> None:
    words = b"%.80s (%.80s) %.80s\x003.2.0\x003.11.2\0"
    assert [p.version for p in named("usr/bin/python3.11", words)] == ["3.11.2"]
    assert named("usr/bin/python", words) == []


def test_a_file_in_another_place_is_no_wordpress() -> None:
    rule = next(rule for rule in rules(TEXTS) if rule.name == "wordpress")
    assert list(text_classified(ImageFile("var/www/version.php", rule.matches[0]))) == []


def test_a_file_of_anchors_ends_soon() -> None:
    words = b"\x003." * (8 << 20) + b"%.80s (%.80s) %.80s"
    with ends():
        named("bin/python3", words)
        named("bin/sqlite3", words + b"SQLite format 3")


def test_a_file_of_versions_ends_soon() -> None:
    versions = b"".join(b"\x007.0.%dhost-17000000000%08d\0" % (n, n) for n in range(30_000))
    with ends(30):  # one look through the file for each of them takes more than a minute
        assert named("bin/redis-server", versions + b"\0" * (32 << 20) + b"Redis server v=%s") == []
