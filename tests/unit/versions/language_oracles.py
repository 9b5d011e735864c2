"""Independent answers from the ecosystems' own programs, and what stands in where there is none.

Each skips with the reason where its program is missing. Which of them a machine has decides what
is compared in full there; ``test_recorded_answers.py`` compares with answers that were recorded.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.versions import pub_oracle
from tests.unit.versions.oracles import Pair, Verdict

PROGRAMS = Path(__file__).parent / "oracle_programs"


def nuget(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask the NuGet.Versioning in nuget.exe, with mono."""
    executable = os.environ.get("SEAWALL_NUGET_EXE")
    mono, compiler = _program("mono", "mono-runtime"), _program("mcs", "mono-mcs")
    if not executable:
        pytest.skip("needs SEAWALL_NUGET_EXE=path of nuget.exe (npm package nuget-exe has it)")
    program = scratch / "nuget_oracle.exe"
    _built([compiler, PROGRAMS / "nuget_oracle.cs", f"-out:{program}"], scratch)
    return _asked([mono, program, executable], pairs)


def composer(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask composer/semver.

    Debian 12 has 3.3, which allows one group of up to three digits behind a date; since 3.4 there
    may be two (20230131.0.1). That pattern, one line, is brought up to date in a copy.
    """
    php = _program("php", "php-cli")
    library = Path("/usr/share/php/Composer/Semver")
    if not library.is_dir():
        pytest.skip("needs composer/semver (Debian package php-composer-semver)")
    parser = (library / "VersionParser.php").read_text(encoding="utf-8")
    copy = scratch / "VersionParser.php"
    copy.write_text(
        parser.replace(r"(?:[.:-]?\d{1,3})?)' .", r"(?:[.:-]?\d{1,3}){0,2})' ."), encoding="utf-8"
    )
    files = [copy, library / "autoload.php"]
    return _asked([php, PROGRAMS / "composer_oracle.php", *files], pairs)


def go(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask the golang.org/x/mod/semver that the go command is built of; it wants the v."""
    with_v = [(_with_v(a), _with_v(b)) for a, b in pairs]
    return _asked([_go_program("oracle/semver", scratch)], with_v)


def go_toolchain(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask the standard library's go/version, which Go has since 1.22."""
    return _asked([_go_program("go/version", scratch)], pairs)


def cargo(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask the semver crate."""
    compiler = _program("rustc", "rustc")
    crates = sorted(Path("/usr/share/cargo/registry").glob("semver-*/src/lib.rs"))
    if not crates:
        pytest.skip("needs the semver crate (Debian package librust-semver-dev)")
    library, program = scratch / "libsemver.rlib", scratch / "cargo_oracle"
    edition = ["--edition", "2018", "-O", "--cap-lints", "allow"]
    features = ["--cfg", 'feature="std"', "--crate-name", "semver", "--crate-type", "rlib"]
    _built([compiler, *edition, *features, crates[-1], "-o", library], scratch)
    linked = ["--extern", f"semver={library}"]
    _built([compiler, *edition, *linked, PROGRAMS / "cargo_oracle.rs", "-o", program], scratch)
    return _asked([program], pairs)


def r(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask R."""
    program = _program("Rscript", "r-base-core")
    return _asked([program, "--vanilla", PROGRAMS / "r_oracle.R"], pairs)


def hex_(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask Elixir."""
    return _asked([_program("elixir", "elixir"), PROGRAMS / "hex_oracle.exs"], pairs)


def pub(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask our own plain reading of pub_semver: nothing that runs Dart could be had."""

    def verdict(a: pub_oracle.Version | None, b: pub_oracle.Version | None) -> Verdict:
        order = pub_oracle.compared(a, b) if a is not None and b is not None else 0
        return Verdict(a is not None, b is not None, order)

    return [verdict(pub_oracle.parsed(a), pub_oracle.parsed(b)) for a, b in pairs]


def conda(pairs: Sequence[Pair], scratch: Path) -> list[Verdict]:
    """Ask conda's own VersionOrder, which conda-lock carries with it."""
    found = importlib.util.find_spec("conda_lock")
    if found is None or not found.submodule_search_locations:
        pytest.skip("needs conda-lock (pip install --no-deps conda-lock)")
    carried = Path(found.submodule_search_locations[0], "_vendor/conda/models/version.py")
    return _asked([sys.executable, PROGRAMS / "conda_oracle.py", carried], pairs)


def _program(name: str, package: str) -> str:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"needs {name} (Debian package {package})")
    return program


def _with_v(version: str) -> str:
    return version if version.startswith("v") else f"v{version}"


def _go_program(package: str, scratch: Path) -> Path:
    """Build the program around one of two packages, which have the same two functions."""
    compiler = _program("go", "golang-go")
    root = subprocess.run(
        [compiler, "env", "GOROOT"], capture_output=True, text=True, check=True
    ).stdout.strip()
    semver = Path(root, "src/cmd/vendor/golang.org/x/mod/semver/semver.go")
    if not semver.is_file():
        pytest.skip("needs the source of the go command (Debian package golang-src)")
    folder = scratch / package.replace("/", "_")
    (folder / "semver").mkdir(parents=True, exist_ok=True)
    shutil.copy(semver, folder / "semver")
    program = (PROGRAMS / "go_oracle.go").read_text(encoding="utf-8")
    (folder / "main.go").write_text(program.replace("PACKAGE", package), encoding="utf-8")
    (folder / "go.mod").write_text("module oracle\n\ngo 1.19\n", encoding="utf-8")
    _built([compiler, "build", "-o", "oracle", "."], folder)
    return folder / "oracle"


def _built(command: Sequence[str | Path], folder: Path) -> None:
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if built.returncode:
        reason = (built.stderr.splitlines() or ["no message"])[0]
        pytest.skip(f"{Path(command[0]).name} cannot build the oracle here: {reason}")


def _asked(command: Sequence[str | Path], pairs: Sequence[Pair]) -> list[Verdict]:
    asked = "".join(f"{a.encode().hex()} {b.encode().hex()}\n" for a, b in pairs)
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout
    lines = (line.split() for line in answer.splitlines())
    return [Verdict(a == "1", b == "1", int(order)) for a, b, order in lines]
