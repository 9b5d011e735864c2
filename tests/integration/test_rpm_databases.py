"""Databases that the real rpm wrote, read by us and listed by rpm."""

from pathlib import Path

import pytest

from seawall.inventory.catalogers import Cataloger, ImageFile
from seawall.inventory.catalogers.rpm import RPM_BERKELEY, RPM_SQLITE
from seawall.model import Package
from tests.data.rpm import make
from tests.integration.conftest import need, run

_QUERY = "%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\n"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for program in ("rpm", "rpmbuild"):
        need(program)
    folder = tmp_path_factory.mktemp("rpm")
    return make.install(make.build(folder / "build"), folder / "database")


def listed(folder: Path, backend: str) -> list[tuple[str, ...]]:
    """Return what rpm says; an epoch of 0 is none."""
    text = run(
        *("rpm", "-qa", "--dbpath", folder, "--define", f"_db_backend {backend}"),
        *("--queryformat", _QUERY),
    )
    lines = (line.split("\t") for line in text.splitlines())
    return sorted(
        (name, version.removeprefix("0:"), arch, source.removesuffix(".src.rpm"))
        for name, version, arch, source in lines
    )


def read(cataloger: Cataloger, path: Path) -> list[tuple[str, ...]]:
    facts = list(cataloger.parse(ImageFile(path.name, path.read_bytes())))
    return sorted(
        (p.name, p.version, p.arch, f"{p.source}-{p.source_version.rpartition(':')[2]}")
        for p in facts
        if isinstance(p, Package)
    )


def test_a_database_of_today(database: Path) -> None:
    ours = read(RPM_SQLITE, database)
    assert len(ours) == 3
    assert ours == listed(database.parent, "sqlite")


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_database_of_former_times(database: Path, tmp_path: Path, order: str) -> None:
    need("db5.3_load")
    path = make.hashed(make.records(database), tmp_path / "Packages", order)
    ours = read(RPM_BERKELEY, path)
    assert len(ours) == 3
    assert ours == listed(tmp_path, "bdb_ro")
