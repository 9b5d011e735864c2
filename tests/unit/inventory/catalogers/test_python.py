import hashlib
import io
import zipfile
from base64 import urlsafe_b64encode

import pytest

from seawall.inventory.catalogers import Checksums, Fact, ImageFile, Ownership
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


SITE = "usr/lib/python3.11/site-packages"


def recorded(content: str, path: str = f"{SITE}/lab-4.0.dist-info/RECORD") -> list[Fact]:
    return list(files_of(ImageFile(path, content.encode())))


def line(path: str, content: bytes, algorithm: str = "sha256") -> str:
    digest = urlsafe_b64encode(hashlib.new(algorithm, content).digest()).decode().rstrip("=")
    return f"{path},{algorithm}={digest},{len(content)}\n"


def test_a_wheel_owns_what_it_brings_but_not_its_own_description() -> None:
    record = line("lab/static/node/package.json", b"{}") + "lab/__init__.py,,\n"
    record += "lab-4.0.dist-info/METADATA,sha256=x,12\nlab-4.0.dist-info/RECORD,,\n"
    assert recorded(record)[0] == Ownership(
        "pypi:lab",
        f"{SITE}/lab/static/node/package.json\n{SITE}/lab/__init__.py".encode(),
    )


def test_a_wheels_checksums_are_hex_and_not_of_compiled_files() -> None:
    record = line("lab/a.py", b"a") + line("lab/__pycache__/a.cpython-311.pyc", b"b")
    record += line("lab/c.py", b"c", "sha512") + line("lab/d.py", b"d", "md5")
    assert recorded(record)[1:] == [
        Checksums(
            "pypi:lab", "sha256", f"{hashlib.sha256(b'a').hexdigest()}  {SITE}/lab/a.py".encode()
        ),
        Checksums(
            "pypi:lab", "sha512", f"{hashlib.sha512(b'c').hexdigest()}  {SITE}/lab/c.py".encode()
        ),
    ]


def test_scripts_stand_outside_the_folder_and_paths_may_be_quoted() -> None:
    record = '../../../bin/lab,,\n"lab/a ""b"", c.py",sha256=AA,1\n/opt/lab,,\n../../../../../x,,\n'
    assert recorded(record) == [
        Ownership("pypi:lab", f'usr/bin/lab\n{SITE}/lab/a "b", c.py\nopt/lab'.encode())
    ]


@pytest.mark.parametrize("value", ["sha256=", "sha256=!", "sha256=AAAA", "=", "sha3=AA", "x"])
def test_a_checksum_of_no_known_form_is_passed_over(value: str) -> None:
    assert [type(fact) for fact in recorded(f"lab/a.py,{value},1\n")] == [Ownership]


def test_a_record_at_the_root_of_an_image() -> None:
    assert recorded("a.py,,\n", "lab-1.dist-info/RECORD") == [Ownership("pypi:lab", b"a.py")]


def test_a_name_that_no_index_would_take_is_said_to_be_unread() -> None:
    facts = list(metadata(ImageFile("x", b"Name: /\nVersion: 1\n\n")))
    assert [type(fact) for fact in facts] == [Incomplete]
