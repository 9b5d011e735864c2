"""What registries hold, page by page; and registries whose pages are hostile."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from seawall.errors import BadRegistryAnswer, NotInRegistry, RegistryDenied, UsageError
from seawall.registry import Settings, references, repositories, tags
from tests.unit.registry.server import LoopbackRegistry, serving
from tests.unit.registry.test_client import logged_in

CATALOG, TAGS = "/v2/_catalog", "/v2/team/app/tags/list"


@pytest.fixture
def server() -> Iterator[LoopbackRegistry]:
    with serving() as running:
        yield running


def put(server: LoopbackRegistry, path: str, document: object, link: str = "") -> None:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    server.files[path] = ("application/json", raw)
    if link:
        server.headers[path] = {"Link": link}


def put_tags(server: LoopbackRegistry, *names: str) -> None:
    put(server, f"{TAGS}?n=1000", {"name": "team/app", "tags": names})


def test_pages_follow_one_another(server: LoopbackRegistry) -> None:
    put(
        server,
        f"{CATALOG}?n=1000",
        {"repositories": ["a", "team/app"]},
        '</v2/_catalog?last=team%2Fapp&n=2>; rel="next"',
    )
    put(
        server,
        f"{CATALOG}?last=team/app&n=2",
        {"repositories": ["z/y/x"]},
        f'<{server.url}/v2/_catalog?last=z>; rel="prev", <http://inside:1/v2/_catalog?last=z>;rel=next',
    )
    put(server, f"{CATALOG}?last=z", {"repositories": None})
    assert list(repositories(server.host, Settings())) == ["a", "team/app", "z/y/x"]
    assert {headers["Host"] for headers in server.asked_for("_catalog")} == {server.host}


def test_tags_come_in_the_registrys_order(server: LoopbackRegistry) -> None:
    put_tags(server, "v2", "v1", "latest")
    assert list(tags(server.host, "team/app", Settings())) == ["v2", "v1", "latest"]


def test_names_that_are_none_are_left_out(server: LoopbackRegistry) -> None:
    hostile = ["", "../up", "A", "x@sha256:1", "a:b", "a//b", "\ud800", "a\nb", 5, None, "ok"]
    put(server, f"{CATALOG}?n=1000", {"repositories": hostile})
    assert list(repositories(server.host, Settings())) == ["ok"]
    put(server, f"{TAGS}?n=1000", {"tags": ["", "../up", "a/b", "a@b", "\x1b[2J", {}, "v1", "A"]})
    assert list(tags(server.host, "team/app", Settings())) == ["v1", "A"]


@pytest.mark.parametrize("page", [b"<html>", b"[]", b"{}", b"[" * 100_000, b'{"tags": 5}', b"\xff"])
def test_a_page_of_another_kind_is_refused(server: LoopbackRegistry, page: bytes) -> None:
    put(server, f"{TAGS}?n=1000", page)
    with pytest.raises(BadRegistryAnswer, match="no list of tags"):
        list(tags(server.host, "team/app", Settings()))


def test_a_huge_page_is_refused(server: LoopbackRegistry) -> None:
    put(server, f"{TAGS}?n=1000", b" " * ((4 << 20) + 1))
    with pytest.raises(BadRegistryAnswer, match="more than"):
        list(tags(server.host, "team/app", Settings()))


def test_pages_in_a_circle_are_noticed(server: LoopbackRegistry) -> None:
    for this, other in (("n=1000", "n=2"), ("n=2", "n=1000")):
        put(server, f"{TAGS}?{this}", {"tags": ["v1"]}, f"<?{other}>; rel=next")
    found = tags(server.host, "team/app", Settings())
    assert list(islice(found, 2)) == ["v1", "v1"]
    with pytest.raises(BadRegistryAnswer, match="without end"):
        next(found)


@pytest.mark.parametrize(
    "link",
    ["<" * 5000, "<a>" * 5000, "<?" + "a&" * 2000 + ">;rel=next", "<//[>; rel=next", "; rel=next"],
)
def test_a_hostile_link_ends_the_listing(server: LoopbackRegistry, link: str) -> None:
    put(server, f"{TAGS}?n=1000", {"tags": ["v1"]}, link)
    found = tags(server.host, "team/app", Settings())
    assert next(found) == "v1"
    try:
        assert list(found) == []
    except BadRegistryAnswer as error:
        assert "next page" in str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
def test_a_login_is_for_the_catalog_or_for_a_repository(
    server: LoopbackRegistry, tmp_path: Path, scheme: str
) -> None:
    put(server, f"{CATALOG}?n=1000", {"repositories": ["team/app"]})
    put_tags(server, "v1")
    server.wants = scheme
    settings = logged_in(tmp_path, server)
    server.scope = "registry:catalog:*"
    assert list(repositories(server.host, settings)) == ["team/app"]
    server.scope = "repository:team/app:pull"
    assert list(tags(server.host, "team/app", settings)) == ["v1"]


def test_a_registry_without_a_catalog_says_what_to_name(server: LoopbackRegistry) -> None:
    with pytest.raises(NotInRegistry, match="no catalog") as caught:
        list(repositories(server.host, Settings()))
    assert "HOST/NAME" in caught.value.hint
    server.wants = "basic"
    with pytest.raises(RegistryDenied, match=server.host):
        list(repositories(server.host, Settings()))
    server.wants = ""
    with pytest.raises(NotInRegistry, match="tags/list"):
        list(tags(server.host, "team/none", Settings()))


def test_a_name_stands_for_a_registry_a_repository_or_an_image(server: LoopbackRegistry) -> None:
    put(server, f"{CATALOG}?n=1000", {"repositories": ["team/app", "all/deleted", "b"]})
    put_tags(server, "v1", "v2")
    put(server, "/v2/b/tags/list?n=1000", {"tags": ["only"]})
    host = server.host

    def named(text: str) -> list[str]:
        return [str(reference) for reference in references(text, Settings())]

    both = [f"{host}/team/app:v1", f"{host}/team/app:v2"]
    assert named(host) == named(f"{host}/") == [*both, f"{host}/b:only"]
    assert named(f"{host}/team/app") == both
    asked = len(server.asked)
    assert named(f"{host}/team/app:v9") == [f"{host}/team/app:v9"]
    digest = "sha256:" + "0" * 64
    assert named(f"{host}/team/app@{digest}") == [f"{host}/team/app@{digest}"]
    assert named("debian:12") == ["docker.io/library/debian:12"]
    assert len(server.asked) == asked


@pytest.mark.parametrize("text", ["", "/", "a b", "HOST:99999/", "word/", "x.y/UPPER", "[::1"])
def test_what_is_no_name_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError):
        list(references(text, Settings()))
    with pytest.raises(UsageError):
        list(tags("x.y", "up/../down", Settings()))
    with pytest.raises(UsageError):
        list(tags("word", "app", Settings()))
