import io
import zipfile

from seawall.inventory.catalogers import ImageFile, Ownership
from seawall.inventory.catalogers.python import egg, files_of, metadata
from seawall.model import Incomplete, Package

METADATA = b"""\
Metadata-Version: 2.1
Name: requests
Version: 2.28.1
Summary: Python HTTP for Humans.
Classifier: Programming Language :: Python

Version: 9.9 in the description is only text
"""


def test_the_header_names_the_package() -> None:
    assert list(metadata(ImageFile("x", METADATA))) == [Package("pypi", "requests", "2.28.1")]


def test_line_ends_of_other_systems_do_not_matter() -> None:
    facts = list(metadata(ImageFile("x", METADATA.replace(b"\n", b"\r\n"))))
    assert facts == [Package("pypi", "requests", "2.28.1")]


def test_the_first_of_two_names_counts() -> None:
    content = b"Name: real\nVersion: 1\nName: other\nVersion: 2\n"
    assert list(metadata(ImageFile("x", content))) == [Package("pypi", "real", "1")]


def test_metadata_without_a_version_is_said_to_be_unread() -> None:
    facts = list(metadata(ImageFile("x", b"Name: only\n\nVersion: 1\n")))
    assert [type(fact) for fact in facts] == [Incomplete]


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_zipped_egg_holds_its_metadata() -> None:
    content = zipped({"EGG-INFO/PKG-INFO": METADATA, "requests/__init__.py": b""})
    assert list(egg(ImageFile("x.egg", content))) == [Package("pypi", "requests", "2.28.1")]


def test_a_zip_file_that_is_no_egg_says_nothing() -> None:
    assert list(egg(ImageFile("x.egg", zipped({"a": b""})))) == []


def test_a_damaged_egg_is_said_to_be_unread() -> None:
    content = zipped({"EGG-INFO/PKG-INFO": METADATA})
    facts = list(egg(ImageFile("x.egg", content[: len(content) // 2])))
    assert [type(fact) for fact in facts] == [Incomplete]


def test_a_wheel_owns_the_npm_packages_it_brings() -> None:
    record = b"lab/static/node/package.json,sha256=x,12\nlab/__init__.py,sha256=y,0\n"
    path = "usr/lib/python3.11/site-packages/lab-4.0.dist-info/RECORD"
    assert list(files_of(ImageFile(path, record))) == [
        Ownership("pypi:lab", ("usr/lib/python3.11/site-packages/lab/static/node/package.json",))
    ]


def test_a_name_that_no_index_would_take_is_said_to_be_unread() -> None:
    facts = list(metadata(ImageFile("x", b"Name: /\nVersion: 1\n\n")))
    assert [type(fact) for fact in facts] == [Incomplete]
