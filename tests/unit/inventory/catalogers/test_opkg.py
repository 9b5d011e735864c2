from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.opkg import installed
from seawall.model import Incomplete, Package

STATUS = b"""\
Package: libc
Version: 1.2.3-4
Depends: libgcc1
Status: install hold installed
Architecture: x86_64
Installed-Time: 1655254512

Package: gone
Version: 1
Status: deinstall ok not-installed
Architecture: all
"""


def test_each_installed_stanza_is_a_package_without_a_source() -> None:
    assert list(installed(ImageFile("usr/lib/opkg/status", STATUS))) == [
        Package("opkg", "libc", "1.2.3-4", arch="x86_64")
    ]


def test_a_stanza_without_a_version_is_said_to_be_unread() -> None:
    facts = list(installed(ImageFile("usr/lib/opkg/status", b"Package: a\n")))
    assert [type(fact) for fact in facts] == [Incomplete]
