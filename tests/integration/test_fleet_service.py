"""``seawall fleet run`` on a Docker daemon of its own, with a mirror and a receiver on loopback."""

import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import answers, need, run
from tests.unit.advisories.records import Record, below, record
from tests.unit.advisories.server import LoopbackMirror, feeds, zipped
from tests.unit.advisories.server import serving as mirroring
from tests.unit.fleet.notifying.receivers import HttpReceiver, serving

pytestmark = pytest.mark.docker

NAME = "seawall-test/pier"
CRITICAL = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
OLD_NEWS = [
    record(f"PYSEC-2020-{n}", below("PyPI", f"thing-{n}", "2.0"), severity=CRITICAL)
    for n in range(20)
]
PROGRAM = "#include <unistd.h>\nint main() { for (;;) pause(); }\n"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Docker daemon with nothing in it; others use the one of this machine."""
    need("docker")
    dockerd = need("dockerd")
    if os.geteuid() != 0:
        pytest.skip("needs root to start a Docker daemon")
    folder = tmp_path_factory.mktemp("daemon")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", f"unix://{folder}/docker.sock")
        process = start_daemon(dockerd, folder)
        yield folder
        process = getattr(start_daemon, "latest", process)
        process.terminate()
        process.wait(60)


def start_daemon(dockerd: str, folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [
                dockerd,
                f"--host=unix://{folder}/docker.sock",
                f"--data-root={folder}/data",
                f"--exec-root={folder}/exec",
                f"--pidfile={folder}/pid",
                "--bridge=none",
                "--iptables=false",
                "--live-restore",
            ],
            stdout=log,
            stderr=log,
        )
    start_daemon.latest = process  # type: ignore[attr-defined]  # one may start it anew
    until = time.monotonic() + 60
    while not answers():
        if process.poll() is not None or time.monotonic() > until:
            tail = (folder / "log").read_text()[-400:]
            pytest.skip(f"a Docker daemon of our own does not start here: {tail}")
        time.sleep(0.1)
    return process


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("program")
    (folder / "wait.c").write_text(PROGRAM)
    run(need("gcc"), "-static", "-O1", "-o", folder / "wait", folder / "wait.c")
    return folder / "wait"


Import = Callable[..., str]


@pytest.fixture
def imported(daemon: Path, program: Path, tmp_path: Path) -> Iterator[Import]:
    """Make an image that runs and has a Python package; return its id."""
    made: list[str] = []

    def make(package: str, version: str, *names: str) -> str:
        folder = tmp_path / f"{package}-{version}-{len(made)}"
        place = folder / f"usr/local/lib/python3.11/dist-packages/{package}-{version}.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(f"Name: {package}\nVersion: {version}\n\n")
        shutil.copy(program, folder / "wait")
        archive = folder.with_suffix(".tar")
        with tarfile.open(archive, "w") as file:
            file.add(folder, ".")
        made.append(run("docker", "import", archive, *names).strip())
        return made[-1]

    yield make
    for container in run("docker", "ps", "-aq").split():
        run("docker", "rm", "-f", container)
    for image in made:
        subprocess.run(["docker", "rmi", "-f", image], capture_output=True, check=False)


def started(name: str, image: str) -> None:
    done = subprocess.run(
        ["docker", "run", "-d", "--network", "none", "--name", name, image, "/wait"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no container can run here: {done.stderr[-200:]}")


class Service:
    """The service as a process, which may be killed and started again."""

    def __init__(self, home: Path, mirror: LoopbackMirror, hook: HttpReceiver) -> None:
        self.home, self.mirror, self.hook = home, mirror, hook
        home.mkdir(mode=0o700)
        settings = {
            "advisories": {"url": mirror.url, "every": "10s", "ecosystems": ["PyPI"]},
            "notifications": {
                "minimum_severity": "low",
                "tell": ["new", "image", "resolved"],
                "sinks": [{"name": "soc", "type": "webhook", "url": hook.url()}],
            },
        }
        (home / "seawall.yaml").write_text(json.dumps(settings))
        (home / "seawall.yaml").chmod(0o600)
        self.environment = os.environ | {"SEAWALL_HOME": str(home)}
        self.log = home.parent / "service.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "seawall", "fleet", "run"],
                stderr=log,
                env=self.environment,
            )

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "seawall", *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )

    def health(self) -> dict[str, Any]:
        done = self.command("fleet", "status", "--format", "json")
        return json.loads(done.stdout) if done.stdout else {}

    def until(self, what: Callable[[], object], patience_s: float = 120.0) -> Any:
        end = time.monotonic() + patience_s
        while not (found := what()):
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.1)
        return found

    def rows(self, sql: str, *values: str) -> list[Any]:
        with suppress(sqlite3.OperationalError):  # it is not there yet
            db = sqlite3.connect(f"file:{self.home}/fleet.sqlite?mode=ro", uri=True)
            try:
                return db.execute(sql, values).fetchall()
            finally:
                db.close()
        return []

    def told(self) -> list[dict[str, Any]]:
        """Return what the receiver got, each delivery once."""
        by_id = {r.headers["Seawall-Delivery"]: json.loads(r.body) for r in list(self.hook.got)}
        return list(by_id.values())

    def publish(self, *news: Record) -> None:
        """Put the advisories on the mirror, beside those that were always there."""
        self.mirror.files["/PyPI/all.zip"] = zipped([*OLD_NEWS, *news])


@pytest.fixture
def service(daemon: Path, tmp_path: Path) -> Iterator[Service]:
    hook = HttpReceiver()
    with mirroring(feeds(PyPI=zipped(OLD_NEWS))) as mirror, serving(hook):
        one = Service(tmp_path / "home", mirror, hook)
        yield one
        if one.process and one.process.poll() is None:
            one.kill()


def known(service: Service, digest: str) -> bool:
    return bool(service.rows("SELECT 1 FROM image WHERE digest = ?", digest))


def ours(service: Service, home: Path) -> list[int]:
    """Return the processes of a service and its children."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"SEAWALL_HOME={home}".encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
    return found


def test_an_advisory_is_told_within_a_minute_and_a_replaced_image_is_out_of_danger(
    service: Service, imported: Import, record_property: Callable[[str, object], None]
) -> None:
    old = imported("wharfage", "1.0", f"{NAME}:1")
    started("pier", f"{NAME}:1")
    service.start()
    service.until(lambda: known(service, old))
    service.until(lambda: service.rows("SELECT 1 FROM meta WHERE key = 'service-updated'"))
    assert service.told() == []

    published = time.monotonic()
    flaw = record(
        "PYSEC-2026-1",
        below("PyPI", "wharfage", "2.0"),
        aliases=["CVE-2026-0001"],
        severity=CRITICAL,
    )
    service.publish(flaw)
    [notice] = service.until(service.told)
    took_s = time.monotonic() - published
    record_property("seconds until told", round(took_s, 1))
    print(f"told after {took_s:.1f} s")
    assert took_s < 60
    assert notice["kind"] == "new"
    [told] = notice["flaws"]
    assert (told["id"], told["running_total"]) == ("CVE-2026-0001", 1)
    assert told["images"] == [
        {"digest": old, "names": [f"{NAME}:1"], "running": ["pier"]},
    ]
    running = service.until(lambda: service.health().get("findings_running"))
    assert running == {"critical": 1}

    new = imported("wharfage", "2.0", f"{NAME}:1")
    run("docker", "rm", "-f", "pier")
    started("pier", f"{NAME}:1")
    service.until(lambda: known(service, new))
    # Numbers are some seconds old.
    service.until(lambda: service.health()["findings_running"] == {})
    said = service.health()
    assert said["state"] == "ok", said["reasons"]
    assert said["containers_running"] == 1
    assert said["findings"] == {"critical": 1}  # the old image is still there
    assert service.rows(
        "SELECT digest FROM tag JOIN image ON image.id = tag.image WHERE until = '' AND name = ?",
        f"{NAME}:1",
    ) == [(new,)]
    assert service.kill(signal.SIGTERM) == 0
    assert not ours(service, service.home)
    assert len(service.told()) == 1
    assert service.command("fleet", "status").returncode == 3


def test_killed_at_any_moment_the_service_loses_nothing_and_tells_nothing_twice(
    service: Service, imported: Import
) -> None:
    dice = random.Random(7)
    digests: list[str] = []
    news: list[Record] = []
    service.start()
    for number in range(10):
        package = f"dock-{number}"
        digests.append(imported(package, "1.0", f"{NAME}-{number}:1"))
        started(f"dock-{number}", f"{NAME}-{number}:1")
        news.append(record(f"PYSEC-2026-{number}", below("PyPI", package, "2"), severity=CRITICAL))
        service.publish(*news)
        if number == 5:  # happens while nobody watches
            run("docker", "rm", "-f", "dock-3")
        time.sleep(dice.uniform(0, 9))
        service.kill()
        # The store can be read at any moment, and what was told is what is known.
        assert service.command("images", "list").returncode in (0, 2)
        left = [pid for pid in ours(service, service.home) if pid != os.getpid()]
        deadline = time.monotonic() + 10
        while left and time.monotonic() < deadline:
            time.sleep(0.1)
            left = ours(service, service.home)
        assert not left
        service.start()
    service.until(lambda: all(known(service, digest) for digest in digests), 240)
    service.until(
        lambda: (
            {flaw["id"] for notice in service.told() for flaw in notice["flaws"]}
            >= {one["id"] for one in news}
        ),
        240,
    )
    service.until(
        lambda: (
            not service.rows(
                "SELECT 1 FROM outbox "
                "WHERE id NOT IN (SELECT notice FROM delivery WHERE state != 'waits')"
            )
        )
    )
    assert service.kill(signal.SIGTERM) == 0

    # Each flaw was told of each image once: as news, or with the image when it was new.
    times: dict[tuple[str, str], int] = defaultdict(int)
    for notice in service.told():
        for flaw in notice["flaws"]:
            images = [notice["image"]] if notice["image"] else flaw["images"]
            for image in images:
                times[flaw["id"], image["digest"]] += 1
    wanted = {(one["id"], digest): 1 for one, digest in zip(news, digests, strict=True)}
    assert times == wanted
    # Of what was sent again, each time the same was sent.
    bodies = defaultdict(set)
    for request in service.hook.got:
        bodies[request.headers["Seawall-Delivery"]].add(request.body)
    assert {len(several) for several in bodies.values()} == {1}
    # The end of a container that nobody saw ending is known.
    assert service.rows("SELECT count(*) FROM workload WHERE ended = ''") == [(9,)]
    assert service.rows("SELECT ended != '' FROM workload WHERE name = 'dock-3'") == [(1,)]
    assert sqlite3.connect(service.home / "fleet.sqlite").execute(
        "PRAGMA integrity_check"
    ).fetchone() == ("ok",)


def test_a_daemon_that_is_started_anew_is_heard_again(
    daemon: Path, service: Service, imported: Import
) -> None:
    first = imported("quay", "1.0", f"{NAME}:quay")
    service.start()
    service.until(lambda: known(service, first))
    process = start_daemon.latest  # type: ignore[attr-defined]  # see there
    process.terminate()
    process.wait(60)
    service.until(lambda: "docker does not answer" in service.log.read_text())
    start_daemon(need("dockerd"), daemon)
    second = imported("quay", "1.1", f"{NAME}:quay")
    service.until(lambda: known(service, second))
    assert service.health()["runtime"]["connected_since"]


def test_systemd_is_told_when_it_is_ready_and_a_second_service_is_refused(
    service: Service, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        service.environment |= {
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "WATCHDOG_USEC": "3000000",
        }
        service.start()
        assert systemd.recv(1000).startswith(b"READY=1\n")
        for _ in range(3):
            assert systemd.recv(1000).startswith(b"WATCHDOG=1\nSTATUS=watches")
        assert service.health()["state"] in ("ok", "degraded")
        second = service.command("fleet", "run")
        assert second.returncode == 3
        assert "runs on this fleet already" in second.stderr
        assert service.kill(signal.SIGTERM) == 0


def test_an_image_that_cannot_be_read_ends_its_reader_and_not_the_service(
    service: Service, imported: Import, daemon: Path
) -> None:
    bad = imported("hulk", "1.0", f"{NAME}:bad")
    run("docker", "tag", bad, f"{NAME}:bad2")
    # The layer's content goes away behind the daemon's back.
    for layer in (daemon / "data/overlay2").glob("*/diff/usr"):
        shutil.rmtree(layer)
    good = imported("hull", "1.0", f"{NAME}:good")
    service.start()
    service.until(lambda: known(service, good))
    service.until(lambda: service.health()["reads"]["failures"])
    said = service.health()
    assert said["state"] == "degraded"
    [failure] = said["reads"]["failures"]
    assert (failure["digest"], failure["reason"] != "") == (bad, True)
    assert service.process is not None
    assert service.process.poll() is None
