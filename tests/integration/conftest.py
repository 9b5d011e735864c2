"""Real images from real tools: debootstrap, a Docker daemon, skopeo. Or a skip with a reason."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from seawall.errors import SeawallError
from seawall.images.sources.docker_daemon import image_names

ENVIRONMENT_OF_DOCKER = "DOCKER_HOST"


def run(*command: str | Path) -> str:
    """Run a command and return its stdout; its stderr is shown when it fails."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"
    return done.stdout


def need(program: str) -> str:
    """Return a program's path, or skip."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"needs {program}")
    return found


def answers() -> bool:
    try:
        image_names()
    except SeawallError:
        return False
    return True


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Docker daemon: the running one, else one of our own."""
    need("docker")
    if answers():
        yield os.environ.get(ENVIRONMENT_OF_DOCKER, "unix:///var/run/docker.sock")
        return
    dockerd = need("dockerd")
    if os.geteuid() != 0:
        pytest.skip("needs root to start a Docker daemon")
    folder = tmp_path_factory.mktemp("docker")
    host = f"unix://{folder}/docker.sock"
    log = (folder / "log").open("w")
    daemon = subprocess.Popen(
        [
            dockerd,
            f"--host={host}",
            f"--data-root={folder}/data",
            f"--exec-root={folder}/exec",
            f"--pidfile={folder}/pid",
            "--bridge=none",
            "--iptables=false",
        ],
        stdout=log,
        stderr=log,
    )
    before = os.environ.get(ENVIRONMENT_OF_DOCKER)
    os.environ[ENVIRONMENT_OF_DOCKER] = host
    try:
        for _ in range(300):
            if daemon.poll() is not None or answers():
                break
            time.sleep(0.1)
        if not answers():
            tail = (folder / "log").read_text()[-400:]
            pytest.skip(f"a Docker daemon of our own does not start here: {tail}")
        yield host
    finally:
        daemon.terminate()
        daemon.wait(30)
        log.close()
        if before is None:
            os.environ.pop(ENVIRONMENT_OF_DOCKER, None)
        else:
            os.environ[ENVIRONMENT_OF_DOCKER] = before


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root file system of Debian 12 as its main archive has it, without security updates."""
    debootstrap = need("debootstrap")
    if os.geteuid() != 0:
        pytest.skip("needs root to run debootstrap")
    root = tmp_path_factory.mktemp("debian") / "root"
    done = subprocess.run(
        [debootstrap, "--variant=minbase", "bookworm", root], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"debootstrap cannot reach a Debian archive: {done.stdout[-300:]!r}")
    return root


@pytest.fixture(scope="session")
def image(docker: str, debian: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image of four layers: Debian, a Python and an npm package, and what removes things."""
    base, name = "seawall-test/base", "seawall-test/layers:1"
    archive = subprocess.Popen(["tar", "-C", str(debian), "-c", "."], stdout=subprocess.PIPE)
    subprocess.run(
        ["docker", "import", "-", base], stdin=archive.stdout, check=True, capture_output=True
    )
    archive.wait()
    context = tmp_path_factory.mktemp("context")
    write(context / "one/jinja2-3.1.2.dist-info/METADATA", "Name: Jinja2\nVersion: 3.1.2\n\n")
    write(context / "one/gone-1.0.dist-info/METADATA", "Name: gone\nVersion: 1.0\n\n")
    write(context / "two/lodash/package.json", '{"name": "lodash", "version": "4.17.20"}')
    write(
        context / "Dockerfile",
        f"FROM {base}\n"
        "COPY one /usr/local/lib/python3.11/dist-packages\n"
        "COPY two /app/node_modules\n"
        "RUN rm -r /usr/local/lib/python3.11/dist-packages/gone-1.0.dist-info\n",
    )
    built = subprocess.run(
        ["docker", "build", "--network", "none", "-q", "-t", name, str(context)],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:  # no container can run here; make the last layer without one
        write(
            context / "Dockerfile",
            f"FROM {base}\nCOPY one /usr/local/lib/python3.11/dist-packages\n"
            "COPY two /app/node_modules\n",
        )
        run("docker", "build", "-q", "-t", name, context)
    yield name
    subprocess.run(["docker", "rmi", "-f", name, base], capture_output=True, check=False)


def write(path: Path, text: str) -> None:
    """Write a file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@dataclass(frozen=True)
class Registry:
    """A registry on loopback."""

    host: str
    log: Path


@contextmanager
def running_registry(
    folder: Path, certificate: Path | None = None, passwords: str = ""
) -> Iterator[Registry]:
    """Run the distribution project's registry, with TLS and logins where they are given."""
    program = need("docker-registry")
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {
        "version": 0.1,
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "registry")},
            "delete": {"enabled": True},
        },
        "http": {"addr": host},
    }
    if certificate is not None:
        key = certificate.with_suffix(".key")
        settings["http"] = {"addr": host, "tls": {"certificate": str(certificate), "key": str(key)}}
    if passwords:
        write(folder / "passwords", passwords)
        settings["auth"] = {"htpasswd": {"realm": "test", "path": str(folder / "passwords")}}
    write(folder / "registry.yaml", json.dumps(settings))  # which is YAML as well
    log = folder / "registry.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [program, "serve", str(folder / "registry.yaml")], stdout=out, stderr=out
        )
        try:
            for _ in range(200):
                if server.poll() is not None or listens(host):
                    break
                time.sleep(0.05)
            assert listens(host), log.read_text()[-2000:]
            yield Registry(host, log)
        finally:
            server.terminate()
            server.wait(30)


def listens(host: str) -> bool:
    name, _, port = host.partition(":")
    try:
        socket.create_connection((name, int(port)), 1).close()
    except OSError:
        return False
    return True
