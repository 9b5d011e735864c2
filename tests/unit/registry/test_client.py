"""Manifests and blobs, from a registry that behaves and from one that does not."""

import base64
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import (
    BadRegistryAnswer,
    DigestMismatch,
    NotAnImage,
    NotInRegistry,
    RegistryDenied,
    RegistryError,
)
from seawall.registry import Registry, Settings, parse
from seawall.registry.transport import TRIES, Dropped, Transport
from tests.unit.registry.server import (
    BASIC,
    PASSWORD,
    USER,
    LoopbackRegistry,
    digest_of,
    make_certificate,
    serving,
)

BLOB = random.Random(3).randbytes(3_000_000)


@contextmanager
def client(
    server: LoopbackRegistry, settings: Settings | None = None, tag: str = ""
) -> Iterator[Registry]:
    """Yield a client that never waits."""
    chosen = settings or Settings()
    connections = Transport(chosen, lambda _: None)
    try:
        yield Registry(parse(f"{server.host}/team/app{tag}"), chosen, connections)
    finally:
        connections.close()


def logged_in(folder: Path, server: LoopbackRegistry, **login: str) -> Settings:
    """Return settings with a login for the server."""
    pair = {"auth": base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    file = folder / "config.json"
    file.write_text(json.dumps({"auths": {server.host: login or pair}}))
    return Settings(login_files=(file,))


def test_a_manifest_comes_as_the_bytes_it_has() -> None:
    with serving() as server, client(server) as registry:
        raw = b'{ "schemaVersion": 2,\n "layers": [] }'
        digest = server.put_manifest(raw, "v1")
        for wanted in ("v1", digest):
            found = registry.manifest(wanted)
            assert (found.raw, found.digest) == (raw, digest)
        accepted = server.asked_for("manifests")[0]["Accept"]
        assert "image.index.v1+json" in accepted
        assert "manifest.list.v2+json" in accepted


def test_a_manifest_that_is_not_what_its_digest_says_is_refused() -> None:
    with serving() as server, client(server) as registry:
        digest = server.put_manifest({"schemaVersion": 2}, "v1")
        server.files[f"/v2/team/app/manifests/{digest}"] = ("", b"{}")
        with pytest.raises(DigestMismatch):
            registry.manifest(digest)
        server.headers["/v2/team/app/manifests/v1"] = {"Docker-Content-Digest": digest_of(b"x")}
        with pytest.raises(DigestMismatch):
            registry.manifest("v1")


def test_dockers_first_form_is_refused_by_name() -> None:
    with serving() as server, client(server) as registry:
        server.put_manifest({"schemaVersion": 1, "fsLayers": []}, "old")
        with pytest.raises(NotAnImage, match="schema 1"):
            registry.manifest("old")


@pytest.mark.parametrize("content", [b"<html>", b"[" * 100_000, b"", b"\xff"])
def test_a_page_of_another_kind_is_no_manifest(content: bytes) -> None:
    with serving() as server, client(server) as registry:
        server.put_manifest(content, "v1")
        with pytest.raises(BadRegistryAnswer, match="no valid JSON"):
            registry.manifest("v1")


def test_a_huge_manifest_is_refused() -> None:
    with serving() as server, client(server) as registry:
        server.put_manifest(b" " * ((4 << 20) + 1), "v1")
        with pytest.raises(BadRegistryAnswer, match="more than"):
            registry.manifest("v1")


def test_what_is_not_there_is_named_with_what_the_registry_says() -> None:
    with serving() as server, client(server, tag=":v9") as registry:
        with pytest.raises(NotInRegistry, match=r"team/app:v9: .*MANIFEST_UNKNOWN"):
            registry.manifest("v9")
        with pytest.raises(NotInRegistry, match="blobs/sha256"):
            list(registry.blob(digest_of(b"none"), 4))


def test_a_blob_arrives_whole() -> None:
    with serving() as server, client(server) as registry:
        digest = server.put_blob(BLOB)
        assert b"".join(registry.blob(digest, len(BLOB))) == BLOB
        assert list(registry.blob(server.put_blob(b""), 0)) == []
        assert registry.document(server.put_blob(b"{}"), 10) == b"{}"


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_download_that_breaks_off_goes_on_where_it_stopped(knows_ranges: bool) -> None:
    with serving() as server, client(server) as registry:
        digest = server.put_blob(BLOB)
        path = f"/v2/team/app/blobs/{digest}"
        server.knows_ranges = knows_ranges
        server.faults[path] = ["cut 1000000", "drop", "cut 1500000", "503", "cut 0"]
        assert b"".join(registry.blob(digest, len(BLOB))) == BLOB
        ranges = [headers.get("Range") for headers in server.asked_for("blobs")]
        assert ranges[0] is None
        assert all(asked and asked != "bytes=0-" for asked in ranges[1:])
        assert server.faults[path] == []


def test_a_download_that_never_comes_on_is_given_up() -> None:
    with serving() as server, client(server) as registry:
        digest = server.put_blob(BLOB)
        server.faults[f"/v2/team/app/blobs/{digest}"] = ["cut 300000"] + ["cut 0"] * 50
        with pytest.raises(Dropped):
            list(registry.blob(digest, len(BLOB)))
        assert len(server.asked_for("blobs")) <= TRIES


def test_a_download_that_comes_on_is_not_given_up() -> None:
    with serving() as server, client(server) as registry:
        data = random.Random(4).randbytes(20 << 20)
        digest = server.put_blob(data)
        server.faults[f"/v2/team/app/blobs/{digest}"] = ["cut 1600000"] * 11
        assert b"".join(registry.blob(digest, len(data))) == data


@pytest.mark.parametrize("place", ["bytes 7-9/10", "", "bytes */10"])
def test_a_part_that_was_not_asked_for_is_refused(place: str) -> None:
    with serving() as server, client(server) as registry:
        digest = server.put_blob(BLOB)
        path = f"/v2/team/app/blobs/{digest}"
        server.faults[path] = ["cut 1000000"]
        server.headers[path] = {"Content-Range": place}
        with pytest.raises(BadRegistryAnswer, match="asked for what follows"):
            list(registry.blob(digest, len(BLOB)))


def test_a_blob_that_is_not_what_its_digest_says_is_refused() -> None:
    with serving() as server, client(server) as registry:
        digest = server.put_blob(BLOB)
        path = f"/v2/team/app/blobs/{digest}"
        server.files[path] = ("", b"x" + BLOB[1:])
        with pytest.raises(DigestMismatch):
            list(registry.blob(digest, len(BLOB)))
        with pytest.raises(DigestMismatch):
            registry.document(digest, len(BLOB))
        server.files[path] = ("", BLOB + b"more")
        with pytest.raises(BadRegistryAnswer, match="more than"):
            list(registry.blob(digest, len(BLOB)))
        server.files[path] = ("", BLOB[:-1])
        with pytest.raises(RegistryError):
            list(registry.blob(digest, len(BLOB)))


def test_a_registry_that_wants_no_login_gets_none(tmp_path: Path) -> None:
    with serving() as server, client(server, logged_in(tmp_path, server)) as registry:
        server.put_manifest({})
        registry.manifest("latest")
        assert all("Authorization" not in headers for _, headers, _ in server.asked)


def test_a_login_is_shown_to_a_registry_that_asks(tmp_path: Path) -> None:
    with serving() as server, client(server, logged_in(tmp_path, server)) as registry:
        server.wants = "basic"
        server.put_manifest({})
        registry.manifest("latest")
        registry.manifest("latest")
        given = [headers.get("Authorization") for headers in server.asked_for("manifests")]
        assert given == [None, BASIC, BASIC]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_token_is_fetched_for_what_is_wanted_and_no_more(tmp_path: Path, is_known: bool) -> None:
    with serving() as server:
        server.wants = "bearer"
        server.put_manifest({})
        settings = logged_in(tmp_path, server) if is_known else None
        with client(server, settings) as registry:
            registry.manifest("latest")
            registry.manifest("latest")
        ((path, headers, _),) = [one for one in server.asked if one[0].startswith("/token")]
        assert headers.get("Authorization") == (BASIC if is_known else None)
        assert ("account=ada" in path) is is_known


def test_an_identity_token_is_exchanged(tmp_path: Path) -> None:
    with serving() as server:
        server.wants = "bearer"
        server.put_manifest({})
        with client(server, logged_in(tmp_path, server, identitytoken="good")) as registry:
            registry.manifest("latest")
        (path, headers, body) = next(one for one in server.asked if "/token" in one[0])
        assert path == "/token"
        assert "grant_type=refresh_token" in body
        assert "Authorization" not in headers
        with (
            client(server, logged_in(tmp_path, server, identitytoken="bad")) as registry,
            pytest.raises(RegistryDenied, match="gives no token"),
        ):
            registry.manifest("latest")


def test_a_token_that_grew_old_is_fetched_anew() -> None:
    with serving() as server, client(server) as registry:
        server.wants = "bearer"
        server.put_manifest({})
        digest = server.put_blob(BLOB)
        registry.manifest("latest")
        server.faults[f"/v2/team/app/blobs/{digest}"] = ["cut 1000000"]
        blob = registry.blob(digest, len(BLOB))
        first = next(blob)
        server.token = "t1"  # noqa: S105 - a made-up one
        assert first + b"".join(blob) == BLOB
        assert len(server.asked_for("/token")) == 2


@pytest.mark.parametrize("wants", ["basic", "bearer"])
def test_a_refused_login_is_a_plain_error(tmp_path: Path, wants: str) -> None:
    with serving() as server:
        server.wants = wants
        pair = {"username": "eve", "password": "guess"}
        with (
            client(server, logged_in(tmp_path, server, **pair)) as registry,
            pytest.raises(RegistryDenied) as raised,
        ):
            registry.manifest("latest")
        assert "guess" not in str(raised.value)
        assert len(server.asked_for("manifests")) <= 2


def test_a_registry_that_wants_what_we_have_not_is_a_plain_error() -> None:
    with serving() as server, client(server) as registry:
        server.wants = "basic"
        with pytest.raises(RegistryDenied, match="wants basic"):
            registry.manifest("latest")


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{}", b'{"token": 5}', b'{"token": "a\\nb"}', b"[" * 100_000, bytes(2 << 20)],
)
def test_a_token_server_that_gives_something_else_is_an_error(answer: bytes) -> None:
    with serving() as server, client(server) as registry:
        server.wants, server.realm = "bearer", f"{server.url}/odd"
        server.files["/odd"] = ("", answer)
        with pytest.raises(BadRegistryAnswer):
            registry.manifest("latest")


@pytest.mark.parametrize("realm", ["/token", "file:///etc/passwd", "http://", "gopher://a/", "x y"])
def test_a_realm_that_is_no_address_is_an_error(realm: str) -> None:
    with serving() as server, client(server) as registry:
        server.wants, server.realm = "bearer", realm
        with pytest.raises(BadRegistryAnswer):
            registry.manifest("latest")


def test_a_login_never_leaves_tls(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with serving(certificate) as server, serving() as plain:
        server.wants, server.realm = "bearer", f"{plain.url}/token"
        logins = logged_in(tmp_path, server).login_files
        settings = Settings(login_files=logins, authorities=certificate)
        with (
            client(server, settings) as registry,
            pytest.raises(BadRegistryAnswer, match="in the clear"),
        ):
            registry.manifest("latest")
        assert plain.asked == []


def test_a_redirect_never_leaves_tls(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with serving(certificate) as server, serving() as plain:
        digest = server.put_blob(BLOB)
        server.redirects[f"/v2/team/app/blobs/{digest}"] = f"{plain.url}/blob"
        with (
            client(server, Settings(authorities=certificate)) as registry,
            pytest.raises(BadRegistryAnswer, match="without TLS"),
        ):
            list(registry.blob(digest, len(BLOB)))
        assert plain.asked == []


def test_a_blob_may_be_elsewhere_and_our_login_stays_here(tmp_path: Path) -> None:
    with serving() as server, serving() as store:
        server.wants = "basic"
        digest = server.put_blob(BLOB)
        server.redirects[f"/v2/team/app/blobs/{digest}"] = f"{store.url}/store?signed=yes"
        store.files["/store"] = ("", BLOB)
        store.faults["/store"] = ["cut 1000000"]
        with client(server, logged_in(tmp_path, server)) as registry:
            assert b"".join(registry.blob(digest, len(BLOB))) == BLOB
        assert [headers.get("Authorization") for _, headers, _ in store.asked] == [None, None]
        assert store.asked[1][1]["Range"].startswith("bytes=")


def test_what_a_redirect_leads_to_may_not_ask_for_our_login(tmp_path: Path) -> None:
    with serving() as server, serving() as store:
        server.wants = store.wants = "basic"
        digest = server.put_blob(BLOB)
        server.redirects[f"/v2/team/app/blobs/{digest}"] = f"{store.url}/v2/team/app/blobs/{digest}"
        with (
            client(server, logged_in(tmp_path, server)) as registry,
            pytest.raises(BadRegistryAnswer, match="answers 401"),
        ):
            list(registry.blob(digest, len(BLOB)))
        assert all("Authorization" not in headers for _, headers, _ in store.asked)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://a b/", "//[", "ftp://a/"])
def test_a_redirect_to_no_address_is_an_error(target: str) -> None:
    with serving() as server, client(server) as registry:
        server.redirects["/v2/team/app/manifests/latest"] = target
        with pytest.raises(BadRegistryAnswer):
            registry.manifest("latest")


def test_redirects_in_a_circle_end() -> None:
    with serving() as server, client(server) as registry:
        path = "/v2/team/app/manifests/latest"
        server.redirects[path] = path
        with pytest.raises(BadRegistryAnswer, match="redirects"):
            registry.manifest("latest")


@pytest.mark.parametrize(
    "said", [b"", b"{}", b'{"errors": []}', b'{"errors": ["x"]}', b'{"errors": {"0": 1}}', b"\xff"]
)
def test_an_error_without_words_is_an_error_all_the_same(said: Any) -> None:
    with serving() as server, client(server) as registry:
        server.files["/v2/team/app/manifests/latest"] = ("", said)
        server.faults["/v2/team/app/manifests/latest"] = ["403"]
        with pytest.raises(RegistryDenied):
            registry.manifest("latest")
