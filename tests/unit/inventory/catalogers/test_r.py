import pytest

from seawall.inventory.catalogers.r import RENV_LOCK, R
from seawall.model import Package
from tests.unit.inventory.catalogers.locks import DATA, facts

PATH = "usr/lib/R/site-library/x/DESCRIPTION"
BUILT = "Built: R 4.2.2; ; 2023-01-20 18:24:19 UTC; unix\n"


def test_an_installed_package_was_built() -> None:
    content = (DATA / "r/library/stats/DESCRIPTION").read_bytes()
    assert facts(R, content, PATH) == [Package("cran", "stats", "4.2.2")]


def test_sources_and_strangers_are_passed_over() -> None:
    assert facts(R, "Package: x\nVersion: 1.0\n", PATH) == []
    assert facts(R, "just a description\n", "srv/DESCRIPTION") == []


def test_a_package_of_bioconductor_is_not_one_of_cran() -> None:
    content = f"Package: limma\nVersion: 3.54.0\nbiocViews: RNASeq,\n  Microarray\n{BUILT}"
    assert facts(R, content, PATH) == [Package("bioconductor", "limma", "3.54.0")]
    assert facts(R, f"{content}Repository: CRAN\n", PATH) == [Package("cran", "limma", "3.54.0")]


def test_an_installed_package_without_a_version_is_refused() -> None:
    with pytest.raises(ValueError, match="without a usable name or version"):
        facts(R, f"Package: x\n{BUILT}", PATH)


def test_a_lock_file_names_packages_by_source() -> None:
    content = """\
{
  "R": {"Version": "4.2.2", "Repositories": []},
  "Packages": {
    "R6": {"Package": "R6", "Version": "2.5.1", "Source": "Repository", "Repository": "CRAN"},
    "limma": {"Package": "limma", "Version": "3.54.0", "Source": "Bioconductor"},
    "mine": {"Package": "mine", "Version": "0.1.0", "Source": "Local"}
  }
}
"""
    assert facts(RENV_LOCK, content) == [
        Package("cran", "R6", "2.5.1", locked=True),
        Package("bioconductor", "limma", "3.54.0", locked=True),
    ]
