"""Make a fleet of real images: three Debian generations, with what people install on them.

``python -m tests.quality.fleet_images FOLDER`` writes ``FOLDER/fleet.tar``, one archive with all
images (their common layers once), for `test_fleet_delta`. It needs root, debootstrap, a Docker
daemon, pip, npm, go and cargo, and the network; nothing is pulled, the bases come from
debootstrap. It takes some 25 minutes and 9 GB, 4 of them in FOLDER; a second run makes what is
missing.

Debian's packages are those of the day, in two states: as the release has them (main alone) and
with its security archive. Everything else is pinned to versions of 2019 to 2023. Packages of
languages are installed on the host and copied, so that a container needs only apt's network.
"""

import logging
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUITES = ("bullseye", "bookworm", "trixie")
PREFIX = "seawall-fleet"
ARCHIVE = "fleet.tar"

_APT = "apt-get -o Acquire::Check-Valid-Until=false"  # the oldest release has ended
_CLEAN = "apt-get clean && rm -rf /var/lib/apt/lists/*"
_SECURITY = (  # what has come since a release
    'RUN echo "deb http://deb.debian.org/debian $SUITE-updates main" >> /etc/apt/sources.list && '
    'echo "deb http://deb.debian.org/debian-security $SUITE-security main" '
    f">> /etc/apt/sources.list && {_APT} update && {_APT} upgrade -y && {_CLEAN}"
)
_PYTHON = "usr/local/lib/python{}/dist-packages"  # by the version that a suite has
_VERSIONS = {"bullseye": "3.9", "bookworm": "3.11", "trixie": "3.13"}

# What is installed on the host, by name: a folder of the build context.
_WHEELS = {
    "python-2019": (
        "django==2.2.1 requests==2.21.0 urllib3==1.24.1 jinja2==2.10 flask==1.0.2 werkzeug==0.15.2 "
        "certifi==2019.3.9 idna==2.8 chardet==3.0.4 itsdangerous==1.1.0 click==7.0 pytz==2019.1 "
        "sqlparse==0.3.0 rsa==4.0 httplib2==0.12.3 tornado==6.0.2 bottle==0.12.16 babel==2.6.0"
    ),
    "python-2021": (
        "django==3.2.4 requests==2.25.1 urllib3==1.26.4 jinja2==2.11.3 flask==1.1.4 pip==21.0.1 "
        "werkzeug==1.0.1 certifi==2020.12.5 aiohttp==3.8.1 pillow==9.0.0 lxml==4.9.1 "
        "cryptography==36.0.1 pyyaml==6.0 paramiko==2.8.0 celery==5.1.2 sqlalchemy==1.4.20 "
        "setuptools==57.0.0 wheel==0.36.2 waitress==2.0.0 starlette==0.14.2 fastapi==0.65.1"
    ),
    "python-2023": (
        "django==4.2.1 requests==2.28.1 urllib3==1.26.12 jinja2==3.1.2 "
        "flask==2.2.2 werkzeug==2.2.2 cryptography==39.0.1 aiohttp==3.8.4 pillow==9.4.0 "
        "gunicorn==20.1.0 paramiko==3.0.0 fastapi==0.92.0 starlette==0.25.0 certifi==2022.12.7 "
        "setuptools==65.5.0 numpy==1.24.2 python-multipart==0.0.18 tornado==6.2 "
        "scrapy==2.8.0 mlflow==2.2.0 transformers==4.26.0"
    ),
    "python-upgrade": "django==4.2.11 urllib3==1.26.18 werkzeug==3.0.1",
    "python-agents": (
        "langchain==0.1.0 gradio==4.10.0 jupyter-server==2.7.0 notebook==7.0.0 aiohttp==3.9.1 "
        "litellm==1.30.0 sqlparse==0.4.3 pydantic==1.10.0 jupyterlab==4.0.0 mitmproxy==10.0.0"
    ),
}
_NODE = {
    "node-2019": "express@4.16.4 lodash@4.17.11 jquery@3.3.1 axios@0.18.0 minimist@1.2.0",
    "node-2021": "express@4.17.1 next@11.0.0 handlebars@4.7.6 moment@2.29.1 vue@2.6.12",
    "node-2023": "next@13.1.6 react@18.2.0 jquery@3.4.1 bootstrap@4.3.1 angular@1.8.2",
}
_GO = {
    "go-2021": (
        "golang.org/x/crypto@v0.0.0-20200820211705-5c72a883971a golang.org/x/text@v0.3.5 "
        "golang.org/x/net@v0.0.0-20210405180319-a5a99cb37ef4 gopkg.in/yaml.v2@v2.2.2"
    ),
    "go-2023": "golang.org/x/crypto@v0.14.0 golang.org/x/net@v0.15.0 golang.org/x/text@v0.13.0",
}
_GO_MAIN = """package main

import (
	"fmt"
	"net/http"

	"golang.org/x/crypto/ssh"
	"golang.org/x/net/html"
	"golang.org/x/net/http2"
	"golang.org/x/text/language"
)

func main() {
	server := &http.Server{}
	fmt.Println(http2.ConfigureServer(server, nil), language.Make("en"), ssh.KeyAlgoRSA)
	fmt.Println(html.EscapeString("<"))
}
"""
_CARGO = """[package]
name = "service"
version = "0.1.0"
edition = "2021"

[dependencies]
time = "=0.1.42"
smallvec = "=1.6.0"
regex = "=1.5.4"
tokio = { version = "=1.18.0", features = ["net"] }
hyper = "=0.14.10"
openssl = "=0.10.45"
h2 = "=0.3.10"
rustls = "=0.20.0"
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image: lines of a Dockerfile on top of another image."""

    name: str
    on: str
    lines: tuple[str, ...]


def apt(packages: str) -> str:
    return f"RUN {_APT} update && {_APT} install -y --no-install-recommends {packages} && {_CLEAN}"


def wheels(name: str, suite: str = "bookworm") -> str:
    return f"COPY {name}-{suite} /{_PYTHON.format(_VERSIONS[suite])}"


def _recipes() -> list[Recipe]:
    found: list[Recipe] = []

    def add(name: str, on: str, *lines: str) -> None:
        found.append(Recipe(name, on, lines))

    for suite in SUITES:
        add(f"{suite}-upgraded", suite, _SECURITY.replace("$SUITE", suite))
        for base in (suite, f"{suite}-upgraded"):
            add(f"{base}-web", base, apt("nginx-light curl openssl ca-certificates"))
        add(f"{suite}-python", suite, apt("python3 python3-pip python3-requests python3-jinja2"))
    add("bookworm-django", "bookworm-python", apt("python3-django python3-yaml python3-pil"))
    add("bookworm-2019", "bookworm-python", wheels("python-2019"))
    add("bullseye-2021", "bullseye-python", wheels("python-2021", "bullseye"))
    add("bookworm-2023", "bookworm-python", wheels("python-2023"))
    add("bookworm-agents", "bookworm-python", wheels("python-agents"))
    add("trixie-2019", "trixie-python", wheels("python-2019", "trixie"))
    place = f"/{_PYTHON.format('3.11')}"
    add(  # old packages go, and others come: what a layer shows depends on those above it
        "bookworm-2023-upgraded",
        "bookworm-2023",
        f"RUN cd {place} && rm -r django Django-* urllib3* werkzeug Werkzeug-*",
        wheels("python-upgrade"),
    )
    add(
        "bookworm-2023-no-data",
        "bookworm-2023",
        f"RUN cd {place} && rm -r numpy* mlflow*",
    )
    add("bookworm-2023-secure", "bookworm-2023", _SECURITY.replace("$SUITE", "bookworm"))
    for name, on in (
        ("node-2019", "bullseye"),
        ("node-2021", "bookworm"),
        ("node-2023", "bookworm-upgraded"),
    ):
        add(f"{on}-{name}", on, f"COPY {name} /app")
    add(
        "bookworm-node-2021-less",
        "bookworm-node-2021",
        "RUN rm -r /app/node_modules/handlebars /app/node_modules/moment",
        "COPY node-2019 /older",
    )
    add("bullseye-rails", "bullseye", apt("ruby-rails ruby-nokogiri puma"))
    add("trixie-sinatra", "trixie-upgraded", apt("ruby-sinatra puma"))
    add("go-2021", "", "COPY go-2021/service /service", 'CMD ["/service"]')
    add("bookworm-go", "bookworm", "COPY go-2021/service /old", "COPY go-2023/service /new")
    add("trixie-rust", "trixie", "COPY rust /src")
    add(
        "bookworm-web-purged", "bookworm-web", "RUN apt-get purge -y --auto-remove nginx-light curl"
    )
    add("trixie-web-purged", "trixie-web", "RUN apt-get purge -y --auto-remove curl")
    add("bookworm-web-upgraded", "bookworm-web", _SECURITY.replace("$SUITE", "bookworm"))
    add("bookworm-web-team-a", "bookworm-web", 'RUN echo "team a" > /etc/team')
    add("bookworm-web-team-b", "bookworm-web", 'RUN echo "team b" > /etc/team', "ENV TEAM=b")
    add("bookworm-compilers", "bookworm", apt("build-essential git"))
    add("bookworm-browser", "bookworm", apt("chromium"))
    add("bullseye-stores", "bullseye", apt("redis-server postgresql-client mariadb-client"))
    add("bookworm-stores", "bookworm", apt("redis-server postgresql-client mariadb-client"))
    add("trixie-pictures", "trixie", apt("imagemagick ghostscript libheif1"))
    add("bookworm-php", "bookworm", apt("apache2 php php-curl php-xml"))
    add("bullseye-mail", "bullseye", apt("exim4-daemon-light openssh-server bind9-dnsutils"))
    return found


RECIPES = tuple(_recipes())
NAMES = (*SUITES, *(recipe.name for recipe in RECIPES))  # of all images
_log = logging.getLogger(__name__)


def tag(name: str) -> str:
    """Return the name that the Docker daemon, and the archive, have for an image."""
    return f"{PREFIX}/{name}:1"


def make(folder: Path) -> Path:
    """Make all images; return the archive.

    Raises:
        subprocess.CalledProcessError: a tool failed; it has said why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for suite in SUITES:
        if not _is_there(tag(suite)):
            _base(suite, folder / suite)
    context = folder / "context"
    _install(context)
    for recipe in RECIPES:
        if not _is_there(tag(recipe.name)):
            _log.info("building %s", recipe.name)
            _build(recipe, context)
    draft = folder / f".{ARCHIVE}"
    _run("docker", "save", "-o", draft, *map(tag, NAMES))
    return draft.rename(folder / ARCHIVE)


def _run(*command: str | Path, folder: Path | None = None) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=folder, stdout=sys.stderr)


def _piped(pack: Sequence[str], command: Sequence[str]) -> None:
    """Give a command the archive that `pack` writes."""
    with subprocess.Popen(pack, stdout=subprocess.PIPE) as tar:
        subprocess.run(command, stdin=tar.stdout, stdout=sys.stderr, check=True)
    if tar.returncode:
        raise subprocess.CalledProcessError(tar.returncode, pack)


def _is_there(name: str) -> bool:
    found = subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False)
    return found.returncode == 0


def _base(suite: str, root: Path) -> None:
    _log.info("making %s", suite)
    _run("rm", "-rf", "--one-file-system", root)
    _run("debootstrap", "--variant=minbase", suite, root)
    _run("sh", "-c", "rm -rf var/cache/apt/archives/*.deb var/lib/apt/lists/*", folder=root)
    (root / "etc/dpkg/dpkg.cfg.d/fast").write_text("force-unsafe-io\n")
    _piped(
        ["tar", "-C", str(root), "-c", "."], ["docker", "import", "-c", "CMD bash", "-", tag(suite)]
    )
    _run("rm", "-rf", "--one-file-system", root)


def _install(context: Path) -> None:
    """Install with pip, npm, go and cargo what the Dockerfiles copy."""
    copied = {path.partition("/")[0] for recipe in RECIPES for path in _copied(recipe)}
    for name in sorted(copied):
        place = context / name
        if place.exists():
            continue
        _log.info("installing %s", name)
        scratch = context / f".{name}"
        _run("rm", "-rf", scratch)
        scratch.mkdir(parents=True)
        if name in _NODE:
            _npm(scratch, _NODE[name].split())
        elif name in _GO:
            _go(scratch, _GO[name].split())
        elif name == "rust":
            (scratch / "src").mkdir()
            (scratch / "src/main.rs").write_text("fn main() {}\n")
            (scratch / "Cargo.toml").write_text(_CARGO)
            _run("cargo", "generate-lockfile", folder=scratch)
        else:
            wheel, _, suite = name.rpartition("-")
            _pip(scratch, _VERSIONS[suite], _WHEELS[wheel].split())
        scratch.rename(place)


def _pip(place: Path, version: str, packages: Sequence[str]) -> None:
    """Install wheels for the interpreter of a suite; a package without one for it is left out."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(place)]
    command += ["--python-version", version, "--only-binary=:all:"]
    if subprocess.run([*command, *packages], check=False, stdout=sys.stderr).returncode == 0:
        return
    for package in packages:
        if subprocess.run([*command, package], check=False, stdout=sys.stderr).returncode:
            _log.warning("%s: not for Python %s", package, version)


def _npm(place: Path, packages: Sequence[str]) -> None:
    (place / "package.json").write_text('{"name": "app", "version": "1.0.0", "private": true}\n')
    _run(
        "npm",
        "install",
        "--silent",
        "--ignore-scripts",
        "--legacy-peer-deps",
        "--no-audit",
        *packages,
        folder=place,
    )


def _go(place: Path, modules: Sequence[str]) -> None:
    (place / "main.go").write_text(_GO_MAIN)
    _run("go", "mod", "init", "example.com/service", folder=place)
    _run("go", "get", *modules, folder=place)
    _run("env", "CGO_ENABLED=0", "go", "build", "-o", "service", folder=place)


def _build(recipe: Recipe, context: Path) -> None:
    """Build an image; the daemon gets what is copied and nothing else of a gigabyte."""
    lines = (f"FROM {tag(recipe.on) if recipe.on else 'scratch'}", *recipe.lines)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text("\n".join(lines) + "\n")
        pack = ["tar", "-c", "-C", folder, "Dockerfile"]
        if copied := _copied(recipe):
            pack += ["-C", str(context), *copied]
        _piped(pack, ["docker", "build", "--network", "host", "-q", "-t", tag(recipe.name), "-"])


def _copied(recipe: Recipe) -> list[str]:
    """Return what a recipe copies: folders, or files in them."""
    return sorted({line.split()[1] for line in recipe.lines if line.startswith("COPY")})


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    make(Path(sys.argv[1]))
