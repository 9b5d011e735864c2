"""Make the databases of this folder with the real programs: rpmbuild, rpm, db5.3_load.

``python -m tests.data.rpm.make FOLDER`` writes them uncompressed. The database in rpm's own form is
cut out of one of SUSE's: ``python -m tests.data.rpm.make FOLDER Packages.db`` keeps two packages.
"""

import sqlite3
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent


def build(folder: Path) -> list[Path]:
    """Build the packages of the specification."""
    _run(
        *("rpmbuild", "--quiet", "-bb", "--define", f"_topdir {folder}", "--define", "dist .el9"),
        *("--define", "_build_name_fmt %%{NAME}.rpm", HERE / "seawall-sample.spec"),
    )
    return sorted((folder / "RPMS").glob("*.rpm"))


def install(packages: list[Path], database: Path) -> Path:
    """Note packages as installed, without their documentation; return the SQLite database."""
    database.mkdir(parents=True)
    _run("rpm", "--dbpath", database, "--initdb")
    flags = ("--justdb", "--nodeps", "--noscripts", "--ignorearch", "--excludedocs")
    # As Debian's rpm asks to be told that one means it.
    _run("rpm", "-i", "--force-debian", *flags, "--dbpath", database, *packages)
    return database / "rpmdb.sqlite"


def records(database: Path) -> dict[int, bytes]:
    """Return the records of an SQLite database by their numbers."""
    with sqlite3.connect(database) as connection:
        return dict(connection.execute("SELECT hnum, blob FROM Packages ORDER BY hnum"))


def hashed(found: Mapping[int, bytes], path: Path, order: str = "<") -> Path:
    """Write records as a hash of Berkeley DB, as rpm did: number 0 holds the next number."""
    pairs = {0: struct.pack(f"{order}I", max(found) + 1), **found}
    lines = [
        "VERSION=3",
        "format=bytevalue",
        "type=hash",
        f"db_lorder={1234 if order == '<' else 4321}",
        "db_pagesize=4096",
        "HEADER=END",
        *(
            f" {value.hex()}"
            for number, record in pairs.items()
            for value in (struct.pack(f"{order}I", number), record)
        ),
        "DATA=END",
    ]
    path.unlink(missing_ok=True)
    subprocess.run(["db5.3_load", str(path)], input="\n".join(lines) + "\n", text=True, check=True)
    return path


def excerpt(content: bytes, count: int = 2) -> bytes:
    """Return a database of rpm's own form with only its first packages, where they stood."""
    slots = [
        (first, blocks, place)
        for place in range(32, struct.unpack_from("<I", content, 12)[0] * 4096, 16)
        for first, blocks in [struct.unpack_from("<II", content, place + 8)]
        if first
    ]
    kept = sorted(slots)[:count]
    end = max(first + blocks for first, blocks, _ in kept) * 16
    out = bytearray(content[:end])
    for first, blocks, place in slots:
        if (first, blocks, place) not in kept:
            out[place : place + 16] = b"Slot" + bytes(12)
            out[first * 16 : (first + blocks) * 16] = bytes(
                max(0, min(end, (first + blocks) * 16) - first * 16)
            )
    return bytes(out)


def _run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True)


def main(folder: Path, suse: Path | None) -> None:
    """Write all databases into a folder."""
    database = install(build(folder / "build"), folder / "database")
    found = records(database)
    (folder / "rpmdb.sqlite").write_bytes(database.read_bytes())
    hashed(found, folder / "Packages")
    hashed(found, folder / "Packages-big-endian", ">")
    if suse is not None:
        (folder / "Packages.db").write_bytes(excerpt(suse.read_bytes()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
