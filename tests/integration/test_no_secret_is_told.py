"""No value of a secret is told: not by any format, not on stderr, not by what the cache keeps.

The secrets are the examples that stand beside the rules, filled with letters at run time, and some
in places where something other than the search for secrets reads them: addresses in lock files,
versions that are none, an image's own configuration. No piece of eight characters may be told of
any of them.
"""

import os
import random
import re
import sqlite3
import string
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
import zstandard

from seawall.inventory.sbom import FORMATS as BILLS
from seawall.scanning.reports import FORMATS as REPORTS
from tests.unit.inventory.images import file, save
from tests.unit.scanning.content.secrets.examples import listed

PIECE = 8
ZSTD = b"\x28\xb5\x2f\xfd"
# Digests are told by many reports, and eight hexadecimal digits of one are soon equal by chance.
COMMON = re.compile(r"[0-9a-f]*|[0-9.-]*", re.ASCII)


@dataclass
class Planted:
    """Files and configuration with secrets, and the secrets."""

    files: dict[str, bytes] = field(default_factory=dict)
    config: dict[str, object] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)  # by path

    @property
    def pieces(self) -> set[str]:
        """All pieces of all values, in small letters: some names are told in these.

        What is in every value of a kind, as the first letters of any key in base64, is no secret.
        """
        others = (
            value for example in listed("examples", seed="others") for value in example.values
        )
        found = set(pieces(self.values)) - set(pieces(others))
        return {piece for piece in found if not COMMON.fullmatch(piece)}


def pieces(values: Iterable[str]) -> Iterator[str]:
    for value in values:
        small = value.lower()
        yield from (small[at : at + PIECE] for at in range(len(small) - PIECE + 1))


@cache
def planted() -> Planted:
    """Return what the image and the folder hold; the same each time."""
    dice, planted = random.Random("told"), Planted()

    def value() -> str:
        planted.values.append("".join(dice.choices(string.ascii_letters + string.digits, k=30)))
        return planted.values[-1]

    environment: list[str] = []
    for number, example in enumerate(listed("examples", seed="told")):
        planted.values += example.values
        if example.path == "(environment)":
            environment += example.content.decode().splitlines()
            continue
        path = f"srv/{number}/{example.path.removeprefix('srv/app/')}"
        planted.files[path] = example.content
        planted.rules[path] = example.rule
    login = f"https://deploy:{value()}@packages.example"
    texts = {
        "requirements.txt": f"--index-url {login}/simple\nshop @ git+{login}/shop\n"
        f"a==1.0/{value()}\n-c {value()}\n",
        "package-lock.json": '{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": '
        f'{{"version": "1.0.0", "resolved": "{login}/a.tgz"}}, "node_modules/b": '
        f'{{"version": "git+{login}/b"}}}}}}',
        "yarn.lock": f'a@^1:\n  version "1.0.0"\n  resolved "{login}/a.tgz#{value()}"\n',
        "Gemfile.lock": f"GEM\n  remote: {login}/\n  specs:\n    rack (2.2.0)\n",
        "Pipfile.lock": f'{{"_meta": {{"sources": [{{"url": "{login}"}}]}}, {value()}',
        "pnpm-lock.yaml": f"lockfileVersion: '6.0'\npackages:\n  '{value()}\n",
        "poetry.lock": f'[[package]]\nname = "a"\nversion = "{value()}\n',
        "Cargo.lock": f'[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "{value()}"\n'
        + value(),
        "composer.lock": f'{{"packages": [{{"name": "a/b", "version": {value()}}}]}}',
        "mix.lock": f"{value()}\n",
        "bun.lock": f'{{"packages": {{"a": ["a@1.0.0", "{login}"], {value()}}}}}',
        "go.mod": f"module shop\nreplace a => {login}/a v1\nrequire {value()}\n",
        "packages.lock.json": f'{{"version": "{value()}"',
        "deps/node_modules/a/package.json": f'{{"name": "a", "version": "{login}"}}',
        "deps/node_modules/b/package.json": f'{{"name": "b", "version": "1.0.0", {value()}',
        "up.php": "<?php /* {} */ sys{}tem($_GET['c']); // {}\n".format(value(), "", value()),
    }
    planted.files |= {f"srv/app/{name}": text.encode() for name, text in texts.items()}
    planted.files["etc/apt/sources.list"] = f"deb {login}/debian stable main\n".encode()
    planted.files["var/lib/dpkg/status"] = (
        f"Package: a\nStatus: install ok installed\nVersion: 1.0\nMaintainer: {value()}\n"
        f"Description: {value()}\n\nPackage: b\nStatus: {value()}\n\n{value()}"
    ).encode()
    command = f"curl -H 'Authorization: Bearer {value()}' -u deploy:{value()} {login}/x"
    told_to_programs = [
        f"echo 'root:{value()}' | chpasswd",
        f"useradd -m -p {value()} app",
        f"sshpass -p {value()} ssh host",
        f"mysql -uroot -p{value()} shop",
        f"redis-cli -a {value()} ping",
        f"echo {value()} | passwd --stdin root",
        f"htpasswd -bc /etc/users admin {value()}",
        f"vault login {value()}",
        f"curl -uadmin:{value()} https://packages.example/x",
        f"tool {value()[:11].lower()}",
    ]
    planted.files["srv/app/Dockerfile"] = (
        f"FROM debian\nARG TOKEN={value()}\nENV DB_PASSWORD={value()} API_KEY={value()}\n"
        f"RUN {command} | sh\nRUN mysql --password={value()}\nADD {login}/x /x\n"
        + "".join(f"RUN {told}\n" for told in told_to_programs)
        + f"LABEL token={value()}\nCMD ['x', '--api-key={value()}'\nUNKNOWN {value()}\n"
    ).encode()
    planted.config = {
        "config": {
            "Env": [f"DB_PASSWORD={value()}", f"URL={login}", *environment],
            "Entrypoint": ["serve", f"--token={value()}"],
            "Cmd": ["--password", value()],
            "Labels": {"secret": value(), "url": login},
            "Healthcheck": {"Test": ["CMD-SHELL", f"curl -u a:{value()} http://localhost"]},
        },
        "history": [
            {"created_by": f"/bin/sh -c {command}"},
            {"created_by": f"/bin/sh -c #(nop)  ENV API_TOKEN={value()}", "empty_layer": True},
            {"created_by": f"RUN |1 TOKEN={value()} /bin/sh -c make # buildkit"},
            *({"created_by": f"RUN /bin/sh -c {told} # buildkit"} for told in told_to_programs),
        ],
    }
    return planted


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image whose second layer deletes half of what the first one holds.

    Each step of the history made a layer with a finding, so that reports name the step.
    """
    below = [file(path, content) for path, content in planted().files.items()]
    names = [path.rpartition("/") for path in list(planted().rules)[::2]]
    above = [file(f"{folder}/.wh.{name}") for folder, _, name in names]
    where = tmp_path_factory.mktemp("image") / "image.tar"
    history = planted().config["history"]
    assert isinstance(history, list)
    token = next(
        planted().files[p] for p, rule in planted().rules.items() if rule == "github-token"
    )
    each = [[file(f"srv/layer/{number}", token)] for number in range(len(history) - 3)]
    return save(where, [below, above, *each], planted().config)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same as a folder; without an operating system, so that its Dockerfile is judged."""
    where = tmp_path_factory.mktemp("folder")
    for path, content in planted().files.items():
        if path.startswith("var/lib/dpkg/"):
            continue
        (where / path).parent.mkdir(parents=True, exist_ok=True)
        (where / path).write_bytes(content)
    return f"dir:{where}"


def seawall(home: Path, *arguments: str) -> str:
    """Return all that the command says."""
    done = subprocess.run(
        [sys.executable, "-m", "seawall", *arguments],
        env=os.environ | {"SEAWALL_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr
    assert "Traceback" not in done.stderr
    return f"{done.stdout}\n{done.stderr}"


def scanned(folder: Path, home: Path, target: str, *arguments: str) -> dict[str, str]:
    """Return what a scan writes in each format, all in one go, and what it prints."""
    folder.mkdir()
    also = [f"--also={form}={folder / form}" for form in REPORTS]
    printed = seawall(home, "scan", target, *arguments, *also)
    return {"printed": printed} | {f: (folder / f).read_text("utf-8") for f in REPORTS}


def told(texts: Mapping[str, str]) -> list[str]:
    """Return what the texts tell of the secrets, with the words before it."""
    wanted, found = planted().pieces, []
    for where, text in texts.items():
        small = text.lower()
        for at in range(len(small) - PIECE + 1):
            if small[at : at + PIECE] in wanted:
                before = text[max(0, at - 80) : at]
                found.append(f"{where}: {before}…")
        found += [f"{where}: {value}" for value in planted().values if value in text]
    return found


def unpacked(data: bytes) -> Iterator[bytes]:
    """Yield the data, and what is compressed in it, and in that."""
    yield data
    at = -1
    while (at := data.find(ZSTD, at + 1)) >= 0:
        try:
            inner = zstandard.ZstdDecompressor().decompressobj().decompress(data[at:])
        except zstandard.ZstdError:
            continue
        yield from unpacked(inner)


@pytest.mark.parametrize("shown", [[], ["--all"]], ids=["main", "all"])
def test_no_report_of_an_image_tells_a_secret(image: str, tmp_path: Path, shown: list[str]) -> None:
    for state in ("cold", "warm"):
        texts = scanned(tmp_path / state, tmp_path / "home", image, *shown)
        assert told(texts) == [], state
        for path, rule in planted().rules.items():
            assert path in texts["json"], f"{rule} is not found, so nothing is proven"
        for form in ("html", "junit"):
            assert "RUN vault …" in texts[form], "no step is shown, so nothing is proven"
        for place in ("environment", "labels", "command", "history"):
            assert f'"({place})"' in texts["json"]


def test_no_report_of_a_folder_with_a_dockerfile_tells_a_secret(
    folder: str, tmp_path: Path
) -> None:
    texts = scanned(tmp_path / "out", tmp_path / "home", folder, "--all")
    assert told(texts) == []
    for id_ in ("secret-in-environment", "password-in-command", "curl-pipe-shell"):
        assert f'"id": "{id_}"' in texts["json"]


def test_no_bill_of_materials_tells_a_secret(image: str, folder: str, tmp_path: Path) -> None:
    texts = {
        f"{form} of {target}": seawall(tmp_path, "inventory", target, "--format", form)
        for form in BILLS
        for target in (image, folder)
    }
    assert told(texts) == []


@pytest.mark.parametrize(
    "id_", ["github-token", "private-key", "secret-in-environment", "password-in-command", "a"]
)
def test_no_explanation_tells_a_secret(id_: str, image: str, folder: str, tmp_path: Path) -> None:
    texts = {
        target: seawall(tmp_path, "scan", target, "--explain", id_) for target in (image, folder)
    }
    assert told(texts) == []
    assert all(id_ in text for text in texts.values())


def test_the_cache_holds_no_secret(image: str, tmp_path: Path) -> None:
    seawall(tmp_path, "scan", image)
    with sqlite3.connect(tmp_path / "layers.sqlite") as store:
        kept = [bytes(data) for (data,) in store.execute("SELECT data FROM reading")]
    files = {path.name: path.read_bytes() for path in tmp_path.glob("layers.sqlite*")}
    plain = b"\n".join(part for data in (*kept, *files.values()) for part in unpacked(data))
    assert b"github-token" in plain, "the cache holds no hit, or this does not unpack it"
    assert told({"cache": plain.decode("latin-1")}) == []
