"""A container of a real daemon: what is in it, whatever happened since it was made."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import SourceUnavailable, UnknownTarget
from seawall.images import Pattern, Selector, open_image
from seawall.images import visible as visible_paths
from seawall.images.sources.container import Container
from seawall.model import ImageRef
from tests.integration.conftest import run

pytestmark = pytest.mark.docker

PACKAGES = "/usr/local/lib/python3.11/dist-packages"
CHANGES = f"""
set -e
mkdir -p /opt/node_modules/fresh /scratch /data/node_modules/other
echo '{{"name": "fresh", "version": "1.0.0"}}' > /opt/node_modules/fresh/package.json
echo '{{"name": "other", "version": "1.0.0"}}' > /data/node_modules/other/package.json
echo '{{"name": "lodash", "version": "4.17.21"}}' > /app/node_modules/lodash/package.json
rm -r {PACKAGES}/jinja2-3.1.2.dist-info
rm -r /usr/share/doc && mkdir /usr/share/doc && echo new > /usr/share/doc/new
"""


@pytest.fixture(scope="module")
def changed(image: str) -> Iterator[str]:
    """A running container that added, changed, deleted and replaced, and has a volume."""
    made = ("docker", "run", "-d", "--network", "none", "-v", "/data", "--tmpfs", "/scratch")
    done = subprocess.run(
        [*made, image, "sh", "-c", f"{CHANGES}\ntouch /done; exec sleep 3600"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no container can run here: {done.stderr[-200:]}")
    container = done.stdout.strip()
    try:
        for _ in range(100):
            if "A /done" in run("docker", "diff", container):
                break
        yield container
    finally:
        run("docker", "rm", "-f", "-v", container)


@contextmanager
def remote() -> Iterator[dict[str, str]]:
    """Yield the environment in which the daemon is reached over TCP, as if it were elsewhere."""
    place = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not place.startswith("unix://"):
        pytest.skip("the daemon is remote already")
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            sink.close()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            daemon = socket.socket(socket.AF_UNIX)
            daemon.connect(place.removeprefix("unix://"))
            for ends in ((client, daemon), (daemon, client)):
                threading.Thread(target=pump, args=ends, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield {"DOCKER_HOST": f"tcp://127.0.0.1:{listener.getsockname()[1]}"}
    finally:
        listener.close()


def inventory(target: str, environment: dict[str, str] | None = None) -> tuple[Any, str]:
    """Return the inventory, and what was said beside."""
    done = subprocess.run(
        [sys.executable, "-m", "seawall", "inventory", target, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (environment or {}),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def packages(found: Any) -> set[tuple[str, str, str]]:
    return {(one["type"], one["name"], one["version"]) for one in found["packages"]}


def reads_upper_folder(container: str) -> bool:
    with open_image(ImageRef("container", container)) as opened:
        assert isinstance(opened, Container)
        return not any("daemon lists" in note for note in opened.notes)


@pytest.mark.parametrize("way", ["here", "remote"])
def test_a_container_has_what_its_file_system_shows(
    changed: str, image: str, tmp_path: Path, way: str
) -> None:
    if way == "remote":
        with remote() as environment:
            found, said = inventory(f"container:{changed}", environment)
        assert "changes are those that the daemon lists" in said
    else:
        found, said = inventory(f"container:{changed}")
        assert ("daemon lists" in said) is not reads_upper_folder(changed)
    run("sh", "-c", f"docker export {changed} | tar -C {tmp_path} -x --numeric-owner")
    shown, _ = inventory(f"dir:{tmp_path}")
    assert packages(found) == packages(shown)
    names = {one["name"]: one for one in found["packages"]}
    assert names["fresh"]["layer"] == names["lodash"]["layer"] == ""
    assert names["lodash"]["version"] == "4.17.21"
    assert "Jinja2" not in names
    assert "other" not in names, "what is in a volume is not the container's"
    inspected = json.loads(run("docker", "inspect", image))[0]
    assert names["dpkg"]["layer"] == inspected["RootFS"]["Layers"][0]
    assert found["layers"] == inspected["RootFS"]["Layers"]
    assert "left out /data (volume" in said
    assert "left out /scratch (tmpfs)" in said
    assert image in said


@pytest.mark.parametrize("way", ["here", "remote"])
def test_deleted_and_replaced_files_are_gone(
    changed: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    selector = Selector([Pattern("usr/share/doc/**/copyright"), Pattern("usr/share/doc/new")])

    def visible() -> list[bytes]:
        with open_image(ImageRef("container", changed)) as opened:
            read = {}
            for reading in opened.layers(selector):
                paths = {file.path for file in reading.files}
                read[reading.diff_id] = (paths, reading)  # the id holds once the files are read
            layers = [read[layer.diff_id] for layer in opened.image.layers]
            return sorted(visible_paths([(paths, reading.changes) for paths, reading in layers]))

    if way == "remote":
        with remote() as environment:
            monkeypatch.setenv("DOCKER_HOST", environment["DOCKER_HOST"])
            assert visible() == [b"usr/share/doc/new"]
    else:
        assert visible() == [b"usr/share/doc/new"]


def test_layers_that_are_known_are_not_asked_for(changed: str) -> None:
    with open_image(ImageRef("container", changed)) as opened:
        known = frozenset(opened.diff_ids)
        read = []
        for reading in opened.layers(Selector([Pattern("**/package.json")]), known=known):
            files = list(reading.files)
            read.append((reading.diff_id, sorted(file.path for file in files)))
        assert read == [
            (
                "",
                [b"app/node_modules/lodash/package.json", b"opt/node_modules/fresh/package.json"],
            )
        ]


def test_a_file_that_hides_its_change_is_found_where_we_read_ourselves(changed: str) -> None:
    if not reads_upper_folder(changed):
        pytest.skip("no overlay2 whose upper folder can be read")
    script = (
        "cp -p /bin/true /bin/keep && printf x | dd of=/bin/true bs=1 seek=500 conv=notrunc "
        "&& touch -r /bin/keep /bin/true && rm /bin/keep"
    )
    run("docker", "exec", changed, "sh", "-c", script)
    with open_image(ImageRef("container", changed)) as opened:
        for reading in opened.layers(Selector([Pattern("**/true")]), known=set(opened.diff_ids)):
            paths = {file.path for file in reading.files}
    assert {path.rpartition(b"/")[2] for path in paths} == {b"true"}


@pytest.mark.parametrize("state", ["paused", "exited"])
def test_a_container_need_not_run(image: str, state: str) -> None:
    container = run("docker", "create", "--network", "none", image, "sh", "-c", "sleep 600").strip()
    try:
        started = subprocess.run(["docker", "start", container], capture_output=True, check=False)
        if started.returncode:
            pytest.skip("no container can run here")
        run("docker", "pause" if state == "paused" else "kill", container)
        for _ in range(100):
            if run("docker", "inspect", "-f", "{{.State.Status}}", container).strip() == state:
                break
        found, said = inventory(f"container:{container[:12]}")
        assert f"({state})" in said
        assert found["packages"] == inventory(f"docker:{image}")[0]["packages"]
    finally:
        run("docker", "rm", "-f", container)


def test_a_container_whose_image_is_gone_is_all_its_own(image: str, tmp_path: Path) -> None:
    name = "seawall-test/short-lived"
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nCOPY Dockerfile /short-lived\n")
    run("docker", "build", "-q", "-t", name, tmp_path)
    expected = packages(inventory(f"docker:{name}")[0])
    container = run("docker", "create", name, "true").strip()
    try:
        run("docker", "rmi", "-f", name)
        found, said = inventory(f"container:{container}")
        assert "image is gone" in said
        assert packages(found) == expected
        assert found["layers"] == []
    finally:
        run("docker", "rm", "-f", container)


def test_a_container_that_is_not_there_is_wrong_use(docker: str) -> None:
    with (
        pytest.raises(UnknownTarget, match="no such container"),
        open_image(ImageRef("container", "seawall-test-none")),
    ):
        pass


def test_a_container_that_goes_away_meanwhile_is_an_error(image: str) -> None:
    container = run("docker", "create", image, "true").strip()
    with open_image(ImageRef("container", container)) as opened:
        run("docker", "rm", "-f", container)
        readings = opened.layers(Selector([Pattern("x")]), known=set(opened.diff_ids))
        with pytest.raises(SourceUnavailable, match="removed"):
            [list(reading.files) for reading in readings]
