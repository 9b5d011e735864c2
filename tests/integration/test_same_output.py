"""The same target gives the same bytes: in another process, and with what an earlier one kept.

Python's hashes of text, and with them the order of its sets, differ from process to process; and a
warm cache gives layers in another way than a tar file does. No report may show either.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from seawall.inventory.sbom import FORMATS as BILLS
from seawall.scanning.reports import FORMATS as REPORTS
from tests.quality.recipe import load
from tests.unit.inventory.images import file, save

LOCKS = Path(__file__).parents[1] / "data" / "locks"
DOCKERFILE = b"FROM debian\nENV DB_PASSWORD=Xk2mQ9vTz81 A=b\nADD https://example.org/x /x\nCMD x\n"
# Three formats say when they were written, and two for how long the advisories have been known.
TIMES = re.compile(
    r'"@id": "urn:uuid:[^"]*"|"timestamp": "[^"]*"|Written [^<]* by|\b(?:\d+ )?[a-z]+ old\b'
)


def contents() -> list[dict[str, bytes]]:
    """Return layers with packages, lock files, secrets, malware, changed files and a Dockerfile."""
    layers = [*load("debian-12").files(), *load("content", "recipe.toml").files()]
    top = {"srv/app/Dockerfile": DOCKERFILE, "srv/app/Dockerfile.two": DOCKERFILE}
    for path in sorted(LOCKS.rglob("*")):
        if path.is_file():
            top[f"srv/locks/{path.relative_to(LOCKS)}"] = path.read_bytes()
    return [*layers, top]


@pytest.fixture(scope="module", params=["archive", "folder"])
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("target")
    if request.param == "archive":
        steps = [{"created_by": f"RUN step {number}"} for number in range(len(contents()))]
        config = {"config": {"Env": ["A=b", "PATH=/bin"], "User": "root"}, "history": steps}
        layers = [[file(*item) for item in layer.items()] for layer in contents()]
        return save(folder / "image.tar", layers, config)
    for layer in contents():
        for name, content in layer.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    return f"dir:{folder}"


def seawall(home: Path, seed: int, *arguments: str) -> str:
    """Return what the command says, on stdout and then on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "seawall", *arguments, "--allow-incomplete"],
        env=os.environ
        | {
            "PYTHONHASHSEED": str(seed),
            "SEAWALL_HOME": str(home),
            "SOURCE_DATE_EPOCH": "1700000000",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return f"{done.stdout}{done.stderr}"


def reports(folder: Path, home: Path, seed: int, target: str) -> Iterator[tuple[str, str]]:
    """Yield what a scan writes in each format, all in one go, and what it prints."""
    folder.mkdir()
    also = [f"--also={form}={folder / form}" for form in REPORTS]
    yield "printed", seawall(home, seed, "scan", target, "--all", *also)
    for form in REPORTS:
        yield form, TIMES.sub("…", (folder / form).read_text("utf-8"))


def test_a_scan_gives_the_same_bytes_in_every_process(target: str, tmp_path: Path) -> None:
    one, two = tmp_path / "home-1", tmp_path / "home-2"
    found = [
        dict(reports(tmp_path / f"run-{number}", home, seed, target))
        for number, (home, seed) in enumerate([(one, 1), (two, 2), (one, 2), (one, 1)])
    ]
    for first, second in pairwise(found):
        for form, text in first.items():
            assert text.splitlines() == second[form].splitlines(), form
    assert all(len(text) > 1000 for text in found[0].values())
    only_images = () if target.startswith("dir:") else ("configuration",)
    for kind in ("vulnerability", "secret", "malware", "tampered", *only_images):
        assert f'"kind": "{kind}"' in found[0]["json"], "a report without findings proves nothing"


def test_an_inventory_has_the_same_bytes_in_every_process(target: str, tmp_path: Path) -> None:
    for form in BILLS:
        first, second = (
            seawall(tmp_path / f"home-{seed}", seed, "inventory", target, "--format", form)
            for seed in (1, 2)
        )
        assert first.splitlines() == second.splitlines(), form
        assert "jinja2" in first.lower()
