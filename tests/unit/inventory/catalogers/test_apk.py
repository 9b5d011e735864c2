import base64
import hashlib

import pytest

from seawall.inventory.catalogers import Channels, Checksums, Fact, ImageFile, Ownership
from seawall.inventory.catalogers.apk import installed, repositories
from seawall.model import Incomplete, Package
from tests.unit.inventory.catalogers.databases import apk


def facts(content: bytes) -> list[Fact]:
    return list(installed(ImageFile("lib/apk/db/installed", content)))


def package(*lines: str) -> bytes:
    return "\n".join(("P:a", "V:1-r0", "A:x86_64", *lines, "", "")).encode()


def test_the_packages_of_a_real_database() -> None:
    found = [fact for fact in installed(apk()) if isinstance(fact, Package)]
    assert [(p.name, p.version, p.source, p.source_version, p.arch) for p in found] == [
        ("alpine-baselayout", "3.4.3-r1", "alpine-baselayout", "3.4.3-r1", "aarch64"),
        ("musl", "1.2.4-r1", "musl", "1.2.4-r1", "aarch64"),
        ("ssl_client", "1.36.1-r2", "busybox", "1.36.1-r2", "aarch64"),
    ]
    assert {p.type for p in found} == {"apk"}


def test_a_package_owns_the_files_below_its_folders() -> None:
    found = [fact for fact in installed(apk()) if isinstance(fact, Ownership)]
    assert found[1:] == [
        Ownership("apk:musl", b"lib/ld-musl-aarch64.so.1\nlib/libc.musl-aarch64.so.1"),
        Ownership("apk:ssl_client", b"usr/bin/ssl_client"),
    ]


def test_checksums_are_of_files_that_neither_are_links_nor_configuration() -> None:
    found = [fact for fact in installed(apk()) if isinstance(fact, Checksums)]
    assert [(fact.owner, fact.algorithm) for fact in found] == [
        ("apk:alpine-baselayout", "sha1"),
        ("apk:musl", "sha1"),
        ("apk:ssl_client", "sha1"),
    ]
    assert [line[42:] for fact in found for line in fact.lines.splitlines()] == [
        b"lib/sysctl.d/00-alpine.conf",
        b"lib/ld-musl-aarch64.so.1",
        b"usr/bin/ssl_client",
    ]


def test_a_checksum_is_the_digest_of_the_file() -> None:
    digest = hashlib.sha1(b"content", usedforsecurity=False)
    sum_line = f"Z:Q1{base64.b64encode(digest.digest()).decode()}"
    found = facts(package("F:usr/bin", "R:tool", "a:0:0:755", sum_line))
    assert found[-1] == Checksums("apk:a", "sha1", f"{digest.hexdigest()}  usr/bin/tool".encode())


def test_a_longer_digest_is_another_algorithm() -> None:
    digest = hashlib.sha256(b"content")
    sum_line = f"Z:Q2{base64.b64encode(digest.digest()).decode()}"
    found = facts(package("F:usr/bin", "R:tool", sum_line))
    assert found[-1] == Checksums("apk:a", "sha256", f"{digest.hexdigest()}  usr/bin/tool".encode())


def test_with_apk_3s_flag_a_short_digest_is_the_start_of_a_long_one() -> None:
    digest = hashlib.sha256(b"content")
    sum_line = f"Z:Q1{base64.b64encode(digest.digest()[:20]).decode()}"
    found = facts(package("f:S", "F:usr/bin", "R:tool", sum_line))
    line = f"{digest.hexdigest()[:40]}  usr/bin/tool".encode()
    assert found[-1] == Checksums("apk:a", "sha256", line)


@pytest.mark.parametrize("text", ["Q1####", "Q1AAAA", "Q9AAAA", "", "d41d8cd98f00b204"])
def test_a_checksum_of_no_known_form_is_passed_over(text: str) -> None:
    found = facts(package("F:usr", "R:a", f"Z:{text}"))
    assert [type(fact) for fact in found] == [Package, Ownership]


def test_a_checksum_in_no_file_is_nobodys() -> None:
    digest = base64.b64encode(bytes(20)).decode()
    found = facts(package("F:usr", "R:a", "F:usr/lib", f"Z:Q1{digest}"))
    assert [type(fact) for fact in found] == [Package, Ownership]


def test_without_an_origin_the_package_is_its_own_source() -> None:
    assert facts(package()) == [
        Package("apk", "a", "1-r0", source="a", source_version="1-r0", arch="x86_64")
    ]


def test_a_virtual_group_is_no_package() -> None:
    content = b"C:Q1x=\nP:.build-deps\nV:20240101.101010\nA:noarch\nD:gcc\n\n" + package()
    assert [fact.name for fact in facts(content) if isinstance(fact, Package)] == ["a"]


def test_the_last_stanza_needs_no_blank_line() -> None:
    assert facts(b"P:a\nV:1") == [Package("apk", "a", "1", source="a", source_version="1")]


@pytest.mark.parametrize("content", [b"P:a\nA:x86_64\n", b"V:1\n", b"P:a b\nV:1\n", b"\0\1\2"])
def test_what_names_no_package_is_said_to_be_unread(content: bytes) -> None:
    assert [type(fact) for fact in facts(content)] == [Incomplete]


def test_an_empty_database_holds_nothing() -> None:
    assert facts(b"") == []


def test_a_list_of_files_that_grows_beyond_all_measure_is_cut() -> None:
    found = facts(package("F:" + "x" * 50_000, *["R:a"] * 5_000))
    assert [type(fact) for fact in found] == [Package, Incomplete]


def channels(text: str) -> list[Fact]:
    return list(repositories(ImageFile("etc/apk/repositories", text.encode())))


def test_a_release_is_no_channel() -> None:
    place = "https://dl-cdn.alpinelinux.org/alpine/v3.18/main\n"
    assert channels(place + "#https://dl-cdn.alpinelinux.org/alpine/edge/main\n") == []


def test_an_edge_repository_is_a_channel() -> None:
    assert channels("http://dl-cdn.alpinelinux.org/alpine/edge/main\n") == [Channels(("edge",))]


def test_an_edge_repository_with_a_tag_is_another() -> None:
    place = "@testing http://dl-cdn.alpinelinux.org/alpine/edge/testing\n"
    assert channels(place) == [Channels(("edge-tagged",))]
