"""Names as people write them, and as Docker understands them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.errors import UsageError
from seawall.registry.reference import Reference, is_host_name, is_loopback, parse

SHA = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("debian", Reference("docker.io", "library/debian", "latest", "")),
        ("debian:12", Reference("docker.io", "library/debian", "12", "")),
        ("bitnami/redis", Reference("docker.io", "bitnami/redis", "latest", "")),
        ("docker.io/debian", Reference("docker.io", "library/debian", "latest", "")),
        ("index.docker.io/debian:12", Reference("docker.io", "library/debian", "12", "")),
        (f"debian@{SHA}", Reference("docker.io", "library/debian", "", SHA)),
        (f"debian:12@{SHA}", Reference("docker.io", "library/debian", "12", SHA)),
        ("localhost/app", Reference("localhost", "app", "latest", "")),
        ("localhost:5000/app:v1", Reference("localhost:5000", "app", "v1", "")),
        ("registry.example/a/b/c:V_1.2-x", Reference("registry.example", "a/b/c", "V_1.2-x", "")),
        ("[::1]:5000/app", Reference("[::1]:5000", "app", "latest", "")),
        ("UPPER/app", Reference("UPPER", "app", "latest", "")),
        ("a__b/c--d", Reference("docker.io", "a__b/c--d", "latest", "")),
    ],
)
def test_a_name_means_what_docker_takes_it_for(written: str, meant: Reference) -> None:
    assert parse(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        *("", ":12", "debian:", "debian:1:2", "Debian", "a/../b", "a//b", "/a", "a/", "a_-b"),
        *("debian@", "debian@sha256:abc", "debian@md5:" + "a" * 32, "debian:" + "t" * 129),
        *("host.example:99999/a", "host.example:/a", "[::g]/a", "ex ample.com/a", "a.b/\n"),
        *("-host.example/a", "user@host.example/a", "https://host.example/a", "a" * 300),
    ],
)
def test_what_is_no_name_is_wrong_use(written: str) -> None:
    with pytest.raises(UsageError):
        parse(written)


def test_the_hub_is_reached_under_another_name_than_people_write() -> None:
    assert parse("debian").host == "registry-1.docker.io"
    assert parse("localhost:5000/app").host == "localhost:5000"


def test_a_digest_decides_over_a_tag() -> None:
    assert parse(f"debian:12@{SHA}").wanted == SHA
    assert parse("debian:12").wanted == "12"


words = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
tags = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=20)


@given(words, st.lists(words, min_size=1, max_size=4), tags, st.booleans())
def test_what_is_printed_is_read_back(host: str, parts: list[str], tag: str, pinned: bool) -> None:
    reference = Reference(f"{host}.example", "/".join(parts), tag, SHA if pinned else "")
    assert parse(str(reference)) == reference


@given(st.text(max_size=400))
def test_any_text_is_a_name_or_wrong_use(text: str) -> None:
    try:
        reference = parse(text)
    except UsageError:
        return
    assert is_host_name(reference.host)
    assert "/../" not in f"/{reference.repository}/"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *(("localhost", True), ("LOCALHOST:5000", True), ("127.0.0.1:1", True)),
        *(("127.9.9.9", True), ("[::1]:5000", True), ("10.0.0.1", False)),
        *(("localhost.example", False), ("127.0.0.1.example", False), ("[fe80::1]", False)),
    ],
)
def test_only_this_machine_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
