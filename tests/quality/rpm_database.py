"""Make the rpm databases of the gate with the real rpm and rpmbuild.

``python -m tests.quality.rpm_database SUBJECT`` builds an empty package for each line of
``packages.txt`` in the subject's folder, notes them as installed and writes ``rpmdb.sqlite.xz``.
"""

import lzma
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.data.rpm.make import install
from tests.quality.recipe import DATA, rows


def make(subject: str) -> None:
    """Write the database of a subject; columns: name, version, architecture, source, module."""
    folder = DATA / subject
    with tempfile.TemporaryDirectory() as scratch:
        top = Path(scratch)
        for cells in rows((folder / "packages.txt").read_text("utf-8"), 5):
            _build(top, cells)
        packages = sorted((top / "RPMS").rglob("*.rpm"))
        database = install(packages, top / "database")
        content = lzma.compress(database.read_bytes(), preset=9)
    (folder / "rpmdb.sqlite.xz").write_bytes(content)


def _build(top: Path, cells: list[str]) -> None:
    name, evr, architecture, source, module = cells
    epoch, _, rest = evr.rpartition(":")
    version, _, release = rest.rpartition("-")
    lines = [f"Name: {source or name}", f"Version: {version}", f"Release: {release}"]
    lines += [f"Epoch: {epoch}"] if epoch else []
    lines += [f"ModularityLabel: {module}"] if module else []
    lines += ["Summary: x", "License: x", "%description", "x"]
    if source and source != name:
        lines += [f"%package -n {name}", "Summary: x"]
        lines += [f"%description -n {name}", "x", f"%files -n {name}"]
    else:
        lines.append("%files")
    spec = top / f"{name}.{architecture}.spec"
    spec.write_text("\n".join(lines) + "\n", "utf-8")
    macros = {
        "_topdir": str(top),
        "source_date_epoch_from_changelog": "0",
        "_buildhost": "localhost",
        "_build_id_links": "none",
        "debug_package": "%{nil}",
    }
    defined = [part for key, value in macros.items() for part in ("--define", f"{key} {value}")]
    command = ["rpmbuild", "--quiet", "-bb", "--nodeps", "--target", architecture, *defined]
    subprocess.run([*command, str(spec)], check=True)


if __name__ == "__main__":
    make(sys.argv[1])
