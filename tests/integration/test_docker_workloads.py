"""What happens at a real daemon, as the fleet hears of it."""

import json
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from seawall.errors import SourceUnavailable
from seawall.fleet.docker import Docker
from seawall.fleet.workloads import (
    Change,
    Ended,
    ImageArrived,
    ImageGone,
    Missed,
    Started,
    Tagged,
    Untagged,
)
from seawall.images import open_image
from seawall.model import ImageRef
from tests.integration.conftest import answers, need, run

pytestmark = pytest.mark.docker

NAME = "seawall-test/workload"
PROGRAM = """
#include <signal.h>
#include <unistd.h>
int main(int argc, char **argv) {
  signal(SIGTERM, SIG_DFL);
  if (argc > 1) return 7;
  for (;;) pause();
}
"""


class Watching:
    """One stream of changes, those of this test alone: others may use the same daemon."""

    def __init__(self, ours: set[str], since: str = "") -> None:
        self._ours = ours
        self._stream = Docker().changes(since)
        self.seen: list[Change] = []
        first = next(self._stream)
        assert first is None

    def until(self, count: int, patience_s: float = 60) -> list[Change]:
        """Return all changes of ours when there are `count`, and no more in what follows."""
        until = time.monotonic() + patience_s
        for change in self._stream:
            if change is not None and self._is_ours(change):
                self.seen.append(change)
            if change is None and (len(self.seen) >= count or time.monotonic() > until):
                break
        assert len(self.seen) == count, self.seen
        return self.seen

    def close(self) -> None:
        self._stream.close()  # type: ignore[attr-defined]  # it is a generator

    def _is_ours(self, change: Change) -> bool:
        match change:
            case Started(_, workload):
                return workload.id in self._ours
            case Ended(_, container):
                return container in self._ours
            case Missed():
                return True
            case Untagged(_, digest) | ImageGone(_, digest) | ImageArrived(_, digest):
                return digest in self._ours
            case Tagged(_, name, _):
                return name.startswith(NAME)


@pytest.fixture
def ours() -> set[str]:
    return set()


@pytest.fixture
def watch(docker: str, ours: set[str]) -> Iterator[Callable[..., Watching]]:
    streams: list[Watching] = []

    def begin(since: str = "") -> Watching:
        streams.append(Watching(ours, since))
        return streams[-1]

    yield begin
    for stream in streams:
        stream.close()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that waits, or with an argument ends at once; it needs no other file."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "wait.c").write_text(PROGRAM)
    run(need("gcc"), "-static", "-O1", "-o", folder / "wait", folder / "wait.c")
    return folder / "wait"


Import = Callable[..., str]


@pytest.fixture
def imported(docker: str, program: Path, ours: set[str], tmp_path: Path) -> Iterator[Import]:
    """Make an image of the program and a text that tells it from others; return its id."""
    made: list[str] = []

    def make(text: str, *names: str) -> str:
        folder = tmp_path / text
        folder.mkdir()
        (folder / "text").write_text(text)
        (folder / "wait").write_bytes(program.read_bytes())
        (folder / "wait").chmod(0o755)
        archive = tmp_path / f"{text}.tar"
        run("tar", "-C", folder, "-cf", archive, ".")
        made.append(run("docker", "import", archive, *names).strip())
        ours.add(made[-1])
        return made[-1]

    yield make
    listed = ("docker", "ps", "-aq", "--no-trunc")
    for image in made:
        for container in run(*listed, "--filter", f"ancestor={image}").split():
            subprocess.run(["docker", "rm", "-f", container], capture_output=True, check=False)
        subprocess.run(["docker", "rmi", "-f", image], capture_output=True, check=False)


def start(ours: set[str], *arguments: str) -> str:
    done = subprocess.run(
        ["docker", "run", "-d", "--network", "none", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no container can run here: {done.stderr[-200:]}")
    ours.add(done.stdout.strip())
    return done.stdout.strip()


def kinds(changes: list[Change]) -> list[str]:
    return [type(change).__name__ for change in changes]


def test_each_change_is_seen_once(
    imported: Import, watch: Callable[..., Watching], ours: set[str]
) -> None:
    watching = watch()
    one = imported("one", f"{NAME}:1")
    container = start(
        ours, "--label", "team=red", "--name", "seawall-test-web", f"{NAME}:1", "/wait"
    )
    run("docker", "kill", container)
    run("docker", "start", container)
    run("docker", "stop", "-t", "5", container)
    run("docker", "rm", container)
    two = imported("two", f"{NAME}:1")  # the name moves
    run("docker", "rmi", one)
    run("docker", "tag", two, f"{NAME}:2")
    run("docker", "rmi", f"{NAME}:1")
    run("docker", "rmi", f"{NAME}:2")
    seen = watching.until(13)
    assert sorted(kinds(seen[:2])) == ["ImageArrived", "Tagged"]
    assert kinds(seen[2:6]) == ["Started", "Ended", "Started", "Ended"]
    assert sorted(kinds(seen[6:8])) == ["ImageArrived", "Tagged"]
    assert kinds(seen[8:]) == ["ImageGone", "Tagged", "Untagged", "Untagged", "ImageGone"]
    assert {change.digest for change in seen[8:9] if isinstance(change, ImageGone)} == {one}
    assert [change.left for change in seen if isinstance(change, Untagged)][-1] == ()
    assert [change.at for change in seen] == sorted(change.at for change in seen)


def test_a_container_is_told_with_its_image_however_it_was_named(
    imported: Import, watch: Callable[..., Watching], ours: set[str]
) -> None:
    one = imported("one", f"{NAME}:1")
    watching = watch()
    ways = [f"{NAME}:1", one, one.removeprefix("sha256:")[:12]]
    containers = {start(ours, way, "/wait"): way for way in ways}
    two = imported("two", f"{NAME}:1")
    containers[start(ours, f"{NAME}:1", "/wait")] = f"{NAME}:1"
    changes = watching.until(6)
    told = {
        change.workload.id: change.workload for change in changes if isinstance(change, Started)
    }
    listed = {workload.id: workload for workload in Docker().workloads() if workload.id in ours}
    assert told == listed
    assert {name: workload.image_name for name, workload in told.items()} == containers
    assert [told[container].image for container in containers] == [one, one, one, two]
    for container, workload in told.items():
        state = json.loads(run("docker", "inspect", container))[0]
        assert workload.started.rstrip("0Z") == state["State"]["StartedAt"].rstrip("0Z")
        assert "/" + workload.name == state["Name"]
        assert workload.host == run("docker", "info", "--format", "{{.Name}}").strip()


def test_the_digest_is_the_one_that_the_image_opens_with(imported: Import) -> None:
    one = imported(
        "one",
        f"{NAME}:1",
    )
    run("docker", "tag", one, f"{NAME}:also")
    (found,) = (image for image in Docker().images() if image.digest == one)
    assert sorted(found.names) == [f"{NAME}:1", f"{NAME}:also"]
    created = run("docker", "inspect", "--format", "{{.Created}}", one)
    assert found.created[:19] == created[:19]
    with open_image(ImageRef("docker", found.digest)) as opened:
        assert opened.image.digest == one


def test_a_stream_that_is_taken_up_again_misses_nothing(
    imported: Import, watch: Callable[..., Watching], ours: set[str]
) -> None:
    one = imported("one", f"{NAME}:1")
    watching = watch()
    container = start(ours, f"{NAME}:1", "/wait")
    (before,) = watching.until(1)
    watching.close()
    run("docker", "kill", container)
    run("docker", "tag", one, f"{NAME}:later")
    started, ended, tagged = watch(before.at).until(3)
    assert isinstance(started, Started)
    assert started.at == before.at  # of the very moment: once more
    assert started.workload.started < started.workload.ended
    assert ended == Ended(ended.at, container)
    assert tagged == Tagged(tagged.at, f"{NAME}:later", one)


def test_a_moment_that_the_daemon_does_not_remember_is_told(watch: Callable[..., Watching]) -> None:
    stream = Docker().changes("2020-01-01T00:00:00.000000001Z")
    assert next(stream) is None
    first = next(stream)
    assert isinstance(first, Missed)
    assert first.at == "2020-01-01T00:00:00.000000001Z"


def test_a_container_that_is_gone_at_once_is_told_without_a_guess_at_its_image(
    imported: Import, watch: Callable[..., Watching], ours: set[str]
) -> None:
    imported("one", f"{NAME}:1")
    watching = watch()
    container = start(ours, "--label", "team=red", f"{NAME}:1", "/wait", "ends")
    run("docker", "wait", container)
    run("docker", "rm", container)  # before anybody looked at the stream
    started, ended = watching.until(2)
    assert isinstance(started, Started)
    assert started.workload.image == ""  # the name may have moved
    assert started.workload.image_name == f"{NAME}:1"
    assert started.workload.labels == {"team": "red"}
    assert ended == Ended(ended.at, container)


def test_an_image_that_is_loaded_brings_its_names(
    imported: Import, watch: Callable[..., Watching], tmp_path: Path
) -> None:
    one = imported("one", f"{NAME}:1")
    run("docker", "save", "-o", tmp_path / "saved.tar", f"{NAME}:1")
    run("docker", "rmi", f"{NAME}:1")
    watching = watch()
    run("docker", "load", "-i", tmp_path / "saved.tar")
    arrived, tagged = watching.until(2)
    assert arrived == ImageArrived(arrived.at, one, "")
    assert tagged == Tagged(tagged.at, f"{NAME}:1", one)


def test_a_commit_is_an_arrival(
    imported: Import, watch: Callable[..., Watching], ours: set[str]
) -> None:
    imported("one", f"{NAME}:1")
    container = start(ours, f"{NAME}:1", "/wait")
    watching = watch()
    made = run("docker", "commit", container).strip()
    ours.add(made)
    (arrived,) = watching.until(1)
    assert arrived == ImageArrived(arrived.at, made, "")
    run("docker", "rmi", made)
    assert kinds(watching.until(2)) == ["ImageArrived", "ImageGone"]


def test_a_daemon_that_stops_is_an_error_and_not_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    dockerd = need("dockerd")
    if os.geteuid() != 0:
        pytest.skip("needs root to start a Docker daemon")
    with TemporaryDirectory(prefix="seawall") as folder:  # a short path: it becomes a socket's
        host = f"unix://{folder}/s"
        monkeypatch.setenv("DOCKER_HOST", host)
        folders = [f"--{name}={folder}/{name}" for name in ("data-root", "exec-root")]
        command = [dockerd, f"--host={host}", f"--pidfile={folder}/pid", *folders]
        daemon = subprocess.Popen(
            [*command, "--bridge=none", "--iptables=false"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            for _ in range(300):
                if daemon.poll() is not None or answers():
                    break
                time.sleep(0.1)
            if not answers():
                pytest.skip("a Docker daemon of our own does not start here")
            stream = Docker().changes()
            assert next(stream) is None
            daemon.terminate()
            with pytest.raises(SourceUnavailable):
                deque(islice(stream, 30), 0)
        finally:
            daemon.terminate()
            daemon.wait(60)
