import pytest

from seawall.inventory.catalogers import Cataloger, ImageFile
from seawall.inventory.catalogers.python_lock import (
    PIPFILE_LOCK,
    PYLOCK,
    PYTHON_LOCK,
    REQUIREMENTS,
)
from seawall.model import Package
from tests.unit.inventory.catalogers.locks import named, recorded

REQUESTS = {"PySocks 1.7.1", "certifi 2026.10.18", "requests 2.31.0"}


def lower(names: list[str]) -> set[str]:
    return {name.lower() for name in names}


@pytest.mark.parametrize(
    ("cataloger", "name", "more"),
    [
        (PYTHON_LOCK, "python/poetry.lock", set()),
        (PYTHON_LOCK, "python/pdm.lock", set()),
        (PYTHON_LOCK, "python/uv.lock", {"jinja2 3.1.2"}),
        (PYLOCK, "python/pylock.toml", {"jinja2 3.1.2"}),
        (PIPFILE_LOCK, "python/Pipfile.lock", {"jinja2 3.1.2"}),
    ],
)
def test_all_tools_name_the_same_packages(cataloger: Cataloger, name: str, more: set[str]) -> None:
    assert lower(recorded(cataloger, name)) == lower([*REQUESTS]) | more


def test_a_list_with_hashes_names_every_pin() -> None:
    found = recorded(REQUIREMENTS, "python/requirements.txt")
    assert {"requests 2.31.0", "jinja2 3.1.2", "charset-normalizer 3.5.2"} <= set(found)
    assert len(found) == 8


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("flask==1.0", ["flask 1.0"]),
        ("  Flask [async,dotenv] == 1.0 ; python_version < '3.8'", ["Flask 1.0"]),
        ("flask (==1.0)", ["flask 1.0"]),
        ("flask===1.0", ["flask 1.0"]),
        ("flask==1.0+local.1  # why", ["flask 1.0+local.1"]),
        ("flask==1!2.0rc1 --hash=sha256:aa", ["flask 1!2.0rc1"]),
        ("flask==1.0 \\\r\n  --hash=sha256:aa \\\n --hash=sha256:bb", ["flask 1.0"]),
        ("flask>=1.0", []),
        ("flask==1.*", []),
        ("flask==1.0,!=1.0.1", []),
        ("flask", []),
        ("# flask==1.0", []),
        ("-r more.txt", []),
        ("-e git+https://example.org/flask@1.0#egg=flask", []),
        ("flask @ https://example.org/flask-1.0.tar.gz", []),
        ("./flask==1.0", []),
        ("flask==${VERSION}", []),
    ],
)
def test_only_an_exact_pin_names_a_package(line: str, found: list[str]) -> None:
    assert named(REQUIREMENTS, f"{line}\n") == found


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-32-be"])
def test_a_list_is_read_by_its_byte_order_mark(encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("-be") else ""
    content = f"{mark}flask==1.0\r\njinja2==2.4.1\r\n".encode(encoding)
    file = ImageFile("app/requirements.txt", content)
    assert [str(fact.name) for fact in REQUIREMENTS.parse(file) if isinstance(fact, Package)] == [
        "flask",
        "jinja2",
    ]


@pytest.mark.parametrize("content", ["flask==1.0\n".encode("utf-16-le"), b"\xff\xfef"])
def test_a_list_that_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"zero bytes|utf-16"):
        list(REQUIREMENTS.parse(ImageFile("app/requirements.txt", content)))


def test_what_lies_beside_the_project_is_no_package() -> None:
    content = """\
[[package]]
name = "member"
version = "0.1.0"
source = { editable = "." }

[[package]]
name = "root"
version = "0.1.0"
source = { virtual = "." }

[[package]]
name = "sibling"
version = "0.1.0"
[package.source]
type = "directory"
url = "../sibling"

[[package]]
name = "under-pdm"
version = "0.1.0"
path = "./x"

[[package]]
name = "fork"
version = "2.0"
source = { git = "https://example.org/fork?rev=main#0123" }
"""
    assert named(PYTHON_LOCK, content) == ["fork 2.0"]


def test_a_standard_lock_file_may_lack_versions() -> None:
    content = (
        '[[packages]]\nname = "a"\n[[packages]]\nname = "b"\nversion = "1"\ndirectory.path = "b"\n'
    )
    assert named(PYLOCK, content) == []
