"""Images of a Docker daemon, over each kind of socket."""

import http.server
import os
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import CorruptImage, DigestMismatch, SourceUnavailable, UnknownTarget
from seawall.images import open_image
from seawall.images.sources.docker_daemon import image_names
from seawall.model import ImageRef
from tests.unit.images.building import Built, Files, archived, as_json, digest, hexed
from tests.unit.images.sources.one_image import (
    BOTTOM,
    EXPECTED,
    IMAGE,
    SELECTOR,
    TOP,
    Lying,
    contents,
    read,
)


class Daemon(http.server.BaseHTTPRequestHandler):
    """The four endpoints of Docker's API that are asked, and what each should answer."""

    protocol_version = "HTTP/1.1"
    known: dict[str, Any]
    info: object = None
    archive: bytes
    status = 200
    dies_after: int | None = None
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.status != 200:
            self._answer({"message": "it went wrong"}, self.status)
        elif self.path == "/images/json":
            self._answer([{"RepoTags": ["old:1"], "Created": 1}, {"RepoTags": None}, self.known])
        elif self.path.startswith("/images/get?names="):
            self._stream()
        elif self.path == "/info" and self.info is not None:
            self._answer(self.info)
        elif self.path in ("/images/example/app:1.0/json", "/images/example/app:%FF/json"):
            self._answer(self.known)
        else:
            self._answer({"message": "No such image"}, 404)

    def _answer(self, document: object, status: int = 200) -> None:
        body = document if isinstance(document, bytes) else as_json(document)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(self.archive), 5000):
            if self.dies_after is not None and at >= self.dies_after:
                self.close_connection = True
                return
            chunk = self.archive[at : at + 5000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def serving(
    where: Path | None, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> Iterator[list[str]]:
    """Serve on a Unix socket, or on TCP; yield what was asked."""
    asked: list[str] = []
    known = {"Id": digest(IMAGE.config), "RepoTags": ["example/app:1.0"], "Created": 5}
    handler = type(
        "Handler",
        (Daemon,),
        {"asked": asked, "known": known, "archive": archived(IMAGE.legacy()), **settings},
    )
    server: socketserver.BaseServer
    if where is None:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_address[1]}")
    else:
        server = socketserver.ThreadingUnixStreamServer(str(where), handler)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{where}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("form", [Built.legacy, Built.modern])
def test_an_image_of_the_daemon_is_the_same_as_its_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Callable[[Built], Files], tcp: bool
) -> None:
    archive = archived(form(replace(IMAGE, tags=[])))  # an archive made by id has no names
    where = None if tcp else tmp_path / "socket"
    with serving(where, monkeypatch, archive=archive) as asked:
        image, layers = read("docker", "example/app:1.0")
    assert layers == EXPECTED
    assert (image.digest, image.tags) == (digest(IMAGE.config), ("example/app:1.0",))
    assert asked == [
        "/images/example/app:1.0/json",
        *([] if tcp else ["/info"]),
        f"/images/get?names={digest(IMAGE.config)}",
    ]


def test_an_image_of_the_daemon_can_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch),
        open_image(ImageRef("docker", "example/app:1.0")) as opened,
    ):
        assert contents(opened) == contents(opened) == EXPECTED


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file in which a daemon below `tmp_path` keeps the image's configuration."""
    path = tmp_path / "image/overlay2/imagedb/content/sha256" / hexed(IMAGE.config)
    path.parent.mkdir(parents=True)
    path.write_bytes(IMAGE.config)
    return path


def info(root: object, driver: object = "overlay2") -> dict[str, object]:
    return {"DockerRootDir": str(root), "Driver": driver}


def test_an_archive_is_not_asked_for_where_all_layers_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path
) -> None:
    with serving(tmp_path / "socket", monkeypatch):
        image, _ = read("docker", "example/app:1.0")
    with (
        serving(tmp_path / "socket2", monkeypatch, info=info(tmp_path)) as asked,
        open_image(ImageRef("docker", "example/app:1.0")) as opened,
    ):
        assert opened.image == image
        assert opened.diff_ids == tuple(layer.diff_id for layer in image.layers)
        assert list(opened.layers(SELECTOR, known=opened.diff_ids)) == []
        assert asked == ["/images/example/app:1.0/json", "/info"]
        partly = [(list(r.files), r) for r in opened.layers(SELECTOR, known={digest(TOP)})]
        assert {reading.diff_id for _, reading in partly} == set(opened.diff_ids)
        assert contents(opened) == EXPECTED
        assert asked.count(f"/images/get?names={digest(IMAGE.config)}") == 2


@pytest.mark.parametrize("form", [Built.legacy, Built.modern])
@pytest.mark.parametrize("has_file", [False, True])
def test_an_image_has_the_digests_that_registries_know_it_by(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kept: Path,
    form: Callable[[Built], Files],
    has_file: bool,
) -> None:
    one, two = digest(b"one"), digest(b"two")
    listed = [f"a/b@{one}", f"h:5/c@{two}", f"d@{one}", "e", "f@sha256:0", 5, "<none>@<none>"]
    known = {"Id": digest(IMAGE.config), "RepoTags": [], "RepoDigests": listed}
    archive = archived(form(replace(IMAGE, tags=[])))
    answers = {"info": info(tmp_path)} if has_file else {}
    with serving(tmp_path / "socket", monkeypatch, known=known, archive=archive, **answers):
        assert read("docker", "example/app:1.0")[0].other_digests == (one, two)
    with serving(tmp_path / "s", monkeypatch, known={**known, "RepoDigests": 5}, archive=archive):
        assert read("docker", "example/app:1.0")[0].other_digests == ()


@pytest.mark.parametrize("content", [None, b"", b"{}", IMAGE.config + b" ", "fifo", "folder"])
def test_only_the_images_own_configuration_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path, content: bytes | str | None
) -> None:
    kept.unlink()
    match content:
        case bytes():
            kept.write_bytes(content)
        case "fifo":
            os.mkfifo(kept)
        case "folder":
            kept.mkdir()
    with (
        serving(tmp_path / "socket", monkeypatch, info=info(tmp_path)),
        open_image(ImageRef("docker", "example/app:1.0")) as opened,
    ):
        assert opened.diff_ids == ()
        assert contents(opened) == EXPECTED


@pytest.mark.parametrize(
    "answer",
    [
        *(None, [], b"{", {}, info("relative"), info("/\0"), info("/\ud800"), info("/absent")),
        *(info("{root}", driver) for driver in ("", "../image/overlay2", None, 5, "\0")),
    ],
    ids=range(13),
)
def test_a_daemon_that_does_not_say_where_its_files_are_is_asked_for_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path, answer: object
) -> None:
    if isinstance(answer, dict) and answer.get("DockerRootDir") == "{root}":
        answer = answer | {"DockerRootDir": str(tmp_path)}
    with (
        serving(tmp_path / "socket", monkeypatch, info=answer),
        open_image(ImageRef("docker", "example/app:1.0")) as opened,
    ):
        assert opened.diff_ids == ()
        assert contents(opened) == EXPECTED


def test_a_daemon_that_saves_other_layers_than_the_configuration_has_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Path
) -> None:
    other = archived(Built([TOP]).legacy())
    with (
        serving(tmp_path / "socket", monkeypatch, info=info(tmp_path), archive=other),
        pytest.raises(CorruptImage, match="saves other layers than it lists"),
    ):
        read("docker", "example/app:1.0")


def test_the_names_of_a_daemons_images_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path / "socket", monkeypatch):
        assert image_names() == ["example/app:1.0", "old:1"]


def test_an_image_the_daemon_does_not_have_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch),
        pytest.raises(UnknownTarget, match="no such image") as refused,
    ):
        read("docker", "absent:1")
    assert "docker pull absent:1" in refused.value.hint


def test_a_daemon_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch, status=500),
        pytest.raises(SourceUnavailable, match="answers 500: it went wrong"),
    ):
        read("docker", "example/app:1.0")


@pytest.mark.parametrize("after", [0, 5000, 15_000])
def test_a_daemon_that_dies_in_the_middle_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch, dies_after=after),
        pytest.raises(SourceUnavailable, match="stopped answering"),
    ):
        read("docker", "example/app:1.0")


def test_a_daemon_that_sends_an_altered_image_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying = archived(Lying([TOP, TOP, BOTTOM]).legacy())
    with serving(tmp_path / "socket", monkeypatch, archive=lying), pytest.raises(DigestMismatch):
        read("docker", "example/app:1.0")


@pytest.mark.parametrize("known", [[], "x", b"{", b"\xff", b"[" * 200_000], ids=range(5))
def test_answers_of_an_unknown_form_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: object
) -> None:
    with (
        serving(tmp_path / "socket", monkeypatch, known=known),
        pytest.raises(CorruptImage, match="unknown form"),
    ):
        read("docker", "example/app:1.0")


def test_names_of_any_bytes_can_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path / "socket", monkeypatch):
        assert read("docker", "example/app:\udcff")[1] == EXPECTED


@pytest.mark.parametrize(
    "host",
    [
        "ssh://host",
        "npipe:////./pipe/docker",
        "fd://",
        "tcp://",
        "tcp://host:port",
        "tcp://host:99999",
        "tcp://[::1",
        "/var/run/docker.sock",
        "tcp://ho st",
        "tcp://host\x7f:1",
    ],
)
def test_a_docker_host_of_another_kind_is_refused(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    with pytest.raises(SourceUnavailable, match="docker:x: ") as refused:
        read("docker", "x")
    assert refused.value.hint


@pytest.mark.parametrize("scheme", ["tcp", "ssh"])
def test_no_fault_tells_what_may_be_secret_in_a_daemons_address(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"{scheme}://ada:hunter2@127.0.0.1:1?sig=hunter2")
    monkeypatch.delenv("DOCKER_TLS_VERIFY", raising=False)
    with pytest.raises(SourceUnavailable, match=f"{scheme}://127.0.0.1:1 ") as refused:
        read("docker", "x")
    assert "hunter2" not in str(refused.value)


def test_no_daemon_is_said_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for host in (f"unix://{tmp_path}/absent", "tcp://127.0.0.1:1", f"unix:///{'n' * 200}"):
        monkeypatch.setenv("DOCKER_HOST", host)
        with pytest.raises(SourceUnavailable, match="no Docker daemon at"):
            image_names()


def test_an_encrypted_connection_is_never_made_without_encryption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    with serving(None, monkeypatch) as asked:
        monkeypatch.setenv("DOCKER_HOST", os.environ["DOCKER_HOST"].replace("tcp", "https"))
        with pytest.raises(SourceUnavailable, match="no usable"):
            image_names()
        monkeypatch.setenv("DOCKER_HOST", os.environ["DOCKER_HOST"].replace("https", "tcp"))
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        with pytest.raises(SourceUnavailable, match="no usable"):
            image_names()
    assert asked == []
