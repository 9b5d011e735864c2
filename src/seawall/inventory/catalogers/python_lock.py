"""Python packages that lock files name, of five tools and of pip's own list.

poetry.lock, uv.lock, pdm.lock and pylock.toml (PEP 751) are TOML, Pipfile.lock is JSON. Of a
requirements file only exact pins count (``==``, PEP 440): another line says what would do, not
what was taken. What lies in a folder beside the project is no package. A requirements file may be
UTF-16 or UTF-32 with its mark, as pip reads it and PowerShell writes it (pip, ``auto_decode``).
"""

import codecs
import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import (
    from_json,
    from_toml,
    lock_file,
    pin,
    table,
    tables,
    text,
)

_LOCAL = {"directory", "virtual", "editable"}
_MARKS = (  # that of UTF-32 begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTINUED = re.compile(r"\\\r?\n")
_PIN = re.compile(
    r"([A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?)[ \t]*(?:\[[^\]]*\][ \t]*)?"  # name and extras
    r"(\()?[ \t]*===?[ \t]*([A-Z0-9][A-Z0-9._!+-]*)[ \t]*(?(2)\)[ \t]*)"
    r"(?:;.*|--.*|\#.*)?",
    re.IGNORECASE | re.ASCII,
)


def of_project(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages of poetry.lock, uv.lock and pdm.lock."""
    for package in tables(from_toml(file.content).get("package")):
        source = table(package.get("source"))
        local = source.get("type") in _LOCAL or not _LOCAL.isdisjoint(source)
        if not local and not package.get("editable") and "path" not in package:
            yield from pin("pypi", package.get("name"), package.get("version"))


def of_standard(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages of pylock.toml; those from a folder or a branch have no version."""
    for package in tables(from_toml(file.content).get("packages")):
        if "directory" not in package:
            yield from pin("pypi", package.get("name"), package.get("version"))


def of_pipenv(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages of all groups in Pipfile.lock."""
    for group, packages in from_json(file.content).items():
        for name, package in table(packages).items() if group != "_meta" else ():
            version = text(table(package).get("version"))
            if version.startswith("=="):
                yield from pin("pypi", name, version.lstrip("="))


def of_requirements(file: ImageFile) -> Iterator[Fact]:
    """Yield the exact pins of a requirements file; the files it includes speak for themselves.

    Raises:
        ValueError: it is no text.
    """
    for line in _CONTINUED.sub(" ", _text_of(file)).splitlines():
        match = _PIN.fullmatch(line.strip(" \t\ufeff"))
        if match:
            yield from pin("pypi", match[1], match[3])


def _text_of(file: ImageFile) -> str:
    for mark, encoding in _MARKS:
        if file.content.startswith(mark):
            return file.content.decode(encoding)
    if b"\0" in file.content:
        raise ValueError("zero bytes: no text, or UTF-16 without its mark")
    return file.text


PYTHON_LOCK = lock_file("python-lock", ("**/poetry.lock", "**/uv.lock", "**/pdm.lock"), of_project)
PYLOCK = lock_file("pylock", ("**/pylock.toml", "**/pylock.*.toml"), of_standard)
PIPFILE_LOCK = lock_file("pipfile-lock", ("**/Pipfile.lock",), of_pipenv)
REQUIREMENTS = lock_file(
    "requirements", ("**/requirements*.txt", "**/requirements/*.txt"), of_requirements
)
