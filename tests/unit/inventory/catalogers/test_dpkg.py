import pytest

from seawall.inventory.catalogers import ImageFile, Ownership
from seawall.inventory.catalogers.dpkg import files_of, installed, single
from seawall.model import Incomplete, Package

STATUS = b"""\
Package: libc6
Status: install ok installed
Priority: optional
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u10
Description: GNU C Library
 Contains the standard libraries.
 .
 Version: 0 is only text here

Package: mount
Status: install ok installed
Architecture: amd64
Source: util-linux (2.38.1-5+deb12u3)
Version: 1:2.38.1-5+deb12u3

Package: zlib1g
Status: install ok installed
Architecture: amd64
Version: 1:1.2.13.dfsg-1+b1

Package: old
Status: deinstall ok config-files
Architecture: all
Version: 1.0

Package: half
Status: install ok half-configured
Architecture: all
Version: 2.0
"""


def packages(content: bytes) -> list[Package]:
    facts = list(installed(ImageFile("var/lib/dpkg/status", content)))
    assert all(isinstance(fact, Package) for fact in facts), facts
    return [fact for fact in facts if isinstance(fact, Package)]


def test_each_installed_stanza_is_a_package() -> None:
    assert [p.name for p in packages(STATUS)] == ["libc6", "mount", "zlib1g", "half"]


def test_removed_packages_are_not_there_but_broken_ones_are() -> None:
    names = {p.name for p in packages(STATUS)}
    assert "old" not in names
    assert "half" in names


def test_the_source_is_the_binary_unless_the_field_says_otherwise() -> None:
    found = {p.name: (p.source, p.source_version) for p in packages(STATUS)}
    assert found["libc6"] == ("glibc", "2.36-9+deb12u10")
    assert found["mount"] == ("util-linux", "2.38.1-5+deb12u3")


def test_a_rebuild_for_one_architecture_has_the_version_of_its_source() -> None:
    zlib = next(p for p in packages(STATUS) if p.name == "zlib1g")
    assert (zlib.version, zlib.source_version) == ("1:1.2.13.dfsg-1+b1", "1:1.2.13.dfsg-1")


def test_text_in_a_description_is_no_field() -> None:
    libc = packages(STATUS)[0]
    assert libc.version == "2.36-9+deb12u10"


def test_carriage_returns_and_odd_case_do_not_hide_a_package() -> None:
    content = b"PACKAGE: a\r\nStatus: install ok installed\r\nversion: 1\r\n\r\nPackage: b\r\n"
    facts = list(installed(ImageFile("var/lib/dpkg/status", content + b"Version: 2\r\n")))
    assert [(f.name, f.version) for f in facts if isinstance(f, Package)] == [
        ("a", "1"),
        ("b", "2"),
    ]


def test_a_stanza_without_a_version_is_said_to_be_unread() -> None:
    facts = list(installed(ImageFile("s", b"Package: a\nStatus: install ok installed\n")))
    assert isinstance(facts[0], Incomplete)


def test_a_file_that_is_no_database_is_said_to_be_unread() -> None:
    facts = list(installed(ImageFile("s", b"\x00\x01 nonsense\n")))
    assert [type(fact) for fact in facts] == [Incomplete]


def test_an_empty_database_holds_nothing() -> None:
    assert list(installed(ImageFile("s", b""))) == []


def test_distroless_images_keep_a_file_for_each_package() -> None:
    facts = list(
        single(ImageFile("var/lib/dpkg/status.d/base", b"Package: base-files\nVersion: 12\n"))
    )
    assert facts == [Package("deb", "base-files", "12", source="base-files", source_version="12")]


def test_only_files_that_may_name_a_package_are_kept_of_a_list() -> None:
    content = b"""/.
/usr/lib/python3/dist-packages/yaml/__init__.py
/usr/lib/python3/dist-packages/PyYAML-6.0.egg-info
/usr/share/nodejs/semver/package.json
/usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA
"""
    path = "var/lib/dpkg/info/python3-yaml:amd64.list"
    assert list(files_of(ImageFile(path, content))) == [
        Ownership(
            "deb:python3-yaml",
            (
                "usr/lib/python3/dist-packages/PyYAML-6.0.egg-info",
                "usr/share/nodejs/semver/package.json",
                "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA",
            ),
        )
    ]


def test_distroless_checksums_say_who_owns_a_file() -> None:
    content = b"d41d8cd98f00b204e9800998ecf8427e  usr/lib/python3/six-1.egg-info/PKG-INFO\n"
    facts = list(single(ImageFile("var/lib/dpkg/status.d/six.md5sums", content)))
    assert facts == [Ownership("deb:six", ("usr/lib/python3/six-1.egg-info/PKG-INFO",))]


@pytest.mark.parametrize("name", [b"/", b"..", b"a b", b"\xff", b"@a/"])
def test_a_name_that_dpkg_would_refuse_is_said_to_be_unread(name: bytes) -> None:
    content = b"Package: " + name + b"\nStatus: install ok installed\nVersion: 1\n"
    assert [type(fact) for fact in installed(ImageFile("s", content))] == [Incomplete]
