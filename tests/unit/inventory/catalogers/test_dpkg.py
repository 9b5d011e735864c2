import pytest

from seawall.inventory.catalogers import Checksums, Diversions, Fact, ImageFile, Ownership
from seawall.inventory.catalogers.dpkg import checksums, diversions, files_of, installed, single
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


def test_all_files_of_a_list_are_the_packages_whatever_the_architecture() -> None:
    content = b"/.\n/usr\n/usr/lib/libyaml-0.so.2\n/usr/share/doc/x/with space\n"
    path = "var/lib/dpkg/info/libyaml-0-2:amd64.list"
    assert list(files_of(ImageFile(path, content))) == [
        Ownership(
            "deb:libyaml-0-2", b".\nusr\nusr/lib/libyaml-0.so.2\nusr/share/doc/x/with space\n"
        )
    ]
    assert list(files_of(ImageFile(path, b""))) == []


EMPTY = b"d41d8cd98f00b204e9800998ecf8427e"


def sums(content: bytes) -> list[Fact]:
    return list(checksums(ImageFile("var/lib/dpkg/info/six:amd64.md5sums", content)))


def test_the_checksums_of_a_package_are_its_file_as_it_stands() -> None:
    content = EMPTY + b"  usr/bin/six\n" + EMPTY + b"  usr/share/doc/a  b\n"
    (found,) = sums(content)
    assert found == Checksums("deb:six", "md5", content)
    assert isinstance(found, Checksums)
    assert found.lines is content


@pytest.mark.parametrize(
    "line",
    [
        EMPTY + b"  ./usr/bin/six",
        EMPTY.upper() + b" */usr/bin/six\n",
        b"# x\n" + EMPTY + b"  usr/bin/six",
    ],
)
def test_checksums_in_another_form_are_brought_into_the_usual_one(line: bytes) -> None:
    (found,) = sums(line)
    assert isinstance(found, Checksums)
    assert found.lines.lower() == EMPTY + b"  usr/bin/six"


def test_a_file_without_checksums_has_none() -> None:
    assert sums(b"") == []
    assert sums(b"nonsense\n") == []


def test_distroless_checksums_say_who_owns_a_file_too() -> None:
    content = EMPTY + b"  usr/lib/python3/six-1.egg-info/PKG-INFO\n"
    facts = list(single(ImageFile("var/lib/dpkg/status.d/six.md5sums", content)))
    assert facts == [
        Ownership("deb:six", b"usr/lib/python3/six-1.egg-info/PKG-INFO"),
        Checksums("deb:six", "md5", content),
    ]


def test_a_diversion_names_both_places_and_who_keeps_the_first() -> None:
    content = b"/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/a\n/usr/bin/a.mine\n:\n/cut\n"
    assert list(diversions(ImageFile("var/lib/dpkg/diversions", content))) == [
        Diversions((("bin/sh", "bin/sh.distrib", "deb:dash"), ("usr/bin/a", "usr/bin/a.mine", "")))
    ]
    assert list(diversions(ImageFile("var/lib/dpkg/diversions", b""))) == []


@pytest.mark.parametrize("name", [b"/", b"..", b"a b", b"\xff", b"@a/"])
def test_a_name_that_dpkg_would_refuse_is_said_to_be_unread(name: bytes) -> None:
    content = b"Package: " + name + b"\nStatus: install ok installed\nVersion: 1\n"
    assert [type(fact) for fact in installed(ImageFile("s", content))] == [Incomplete]
