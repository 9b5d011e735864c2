"""Programs that real tools make, and those of this machine, against what they say themselves."""

import json
import os
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from seawall.images import Limits, open_image, parse_target
from seawall.inventory import read_inventory
from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.executables import executable
from seawall.model import Package
from tests.unit.inventory.catalogers.java.archives import manifest, record, zipped
from tests.unit.inventory.images import file, save

# A program, how it says its version, and what of that is the version.
KNOWN = [
    ("bash", ["--version"], r"version ([0-9.]+)"),
    ("busybox", ["--help"], r"BusyBox v([0-9.]+)"),
    ("curl", ["--version"], r"curl ([0-9.]+)"),
    ("git", ["--version"], r"git version ([0-9.]+)"),
    ("haproxy", ["-v"], r"version ([0-9]+\.[0-9]+\.[0-9]+)"),
    ("nginx", ["-v"], r"nginx/([0-9.]+)"),
    ("node", ["--version"], r"v([0-9.]+)"),
    ("openssl", ["version"], r"OpenSSL ([0-9.]+[a-z]?)"),
    ("perl", ["-v"], r"\(v([0-9.]+)\)"),
    ("php", ["--version"], r"PHP ([0-9.]+)"),
    ("python3.11", ["--version"], r"Python ([0-9.]+)"),
    ("redis-server", ["--version"], r"v=([0-9.]+)"),
    ("xz", ["--version"], r"xz \(XZ Utils\) ([0-9.]+)"),
]


def named(path: Path) -> list[tuple[str, str, str]]:
    facts = executable(ImageFile(str(path), path.read_bytes()))
    return [(f.type, f.name, f.version) for f in facts if isinstance(f, Package)]


@pytest.mark.parametrize(("program", "arguments", "pattern"), KNOWN, ids=[row[0] for row in KNOWN])
def test_a_program_has_the_version_that_it_says_itself(
    program: str, arguments: list[str], pattern: str
) -> None:
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    said = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    version = re.search(pattern, said.stdout + said.stderr)
    assert version is not None
    versions = [v for kind, _, v in named(Path(found).resolve()) if kind == "generic"]
    assert versions == [version[1]]


@pytest.fixture(scope="module")
def go_programs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    folder = tmp_path_factory.mktemp("shop")
    (folder / "local").mkdir()
    (folder / "local/go.mod").write_text("module example.com/local\n\ngo 1.19\n")
    (folder / "local/local.go").write_text('package local\n\nconst Name = "x"\n')
    (folder / "go.mod").write_text(
        "module example.com/shop\n\ngo 1.19\n\nrequire example.com/local v1.0.0\n\n"
        "replace example.com/local => ./local\n"
    )
    (folder / "main.go").write_text(
        'package main\n\nimport "example.com/local"\n\nvar version = "dev"\n\n'
        "func main() { println(version, local.Name) }\n"
    )
    programs: list[Path] = []
    for flags in ("", "-s -w -X main.version=1.4.2"):
        out = folder / f"shop{len(programs)}"
        environment = {**os.environ, "GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "0"}
        command = ["go", "build", "-ldflags", flags, "-o", str(out), "."]
        subprocess.run(command, cwd=folder, env=environment, check=True)
        programs.append(out)
    return programs


def test_a_go_program_has_the_modules_that_go_itself_lists(go_programs: list[Path]) -> None:
    for program, own in zip(go_programs, ["(devel)", "v1.4.2"], strict=True):
        listed = subprocess.run(
            ["go", "version", "-m", program], capture_output=True, text=True, check=True
        ).stdout
        go = listed.partition(": ")[2].partition("\n")[0]
        assert "\tmod\texample.com/shop\t(devel)" in listed
        assert "\tdep\texample.com/local\tv1.0.0\n\t=>\t./local\t(devel)" in listed
        assert named(program) == [
            ("golang", "stdlib", go),
            ("golang", "example.com/shop", own),
            ("golang", "example.com/local", "(devel)"),
        ]


@pytest.mark.skipif(shutil.which("strip") is None, reason="binutils are not installed")
def test_a_stripped_go_program_has_them_too(go_programs: list[Path]) -> None:
    before = named(go_programs[0])
    subprocess.run(["strip", "--strip-all", go_programs[0]], check=True)
    assert named(go_programs[0]) == before


@pytest.mark.skipif(
    shutil.which("gcc") is None or shutil.which("objcopy") is None,
    reason="gcc and binutils are not installed",
)
def test_a_section_of_crates_in_a_linked_program_is_read(tmp_path: Path) -> None:
    source, crates, program = tmp_path / "x.c", tmp_path / "crates", tmp_path / "x"
    source.write_text("int main(void) { return 0; }\n")
    crate = {"name": "itoa", "version": "1.0.9", "source": "crates.io"}
    crates.write_bytes(zlib.compress(json.dumps({"packages": [crate]}).encode()))
    subprocess.run(["gcc", source, "-o", program], check=True)
    subprocess.run(["objcopy", "--add-section", f".dep-v0={crates}", program], check=True)
    assert named(program) == [("cargo", "itoa", "1.0.9")]


def test_an_image_shows_where_in_an_archive_a_library_is(tmp_path: Path) -> None:
    library = zipped(record("org.a", "lib", "2.0"))
    app = zipped({**manifest(), "BOOT-INF/lib/lib-2.0.jar": library})
    target = save(tmp_path / "image.tar", [[file("app/shop-1.0.jar", app)]])
    with open_image(parse_target(target), Limits()) as opened:
        inventory = read_inventory(opened)
    assert [(p.name, p.version, p.path) for p in inventory.packages] == [
        ("org.a:lib", "2.0", "app/shop-1.0.jar!/BOOT-INF/lib/lib-2.0.jar"),
        ("shop", "1.0", "app/shop-1.0.jar"),
    ]
