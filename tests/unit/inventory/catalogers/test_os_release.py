from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.os_release import distribution
from seawall.model import Distribution

BOOKWORM = b"""\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
"""


def test_the_quoted_values_of_a_real_file() -> None:
    assert list(distribution(ImageFile("etc/os-release", BOOKWORM))) == [
        Distribution("debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)")
    ]


def test_a_release_that_is_not_out_has_no_version() -> None:
    content = b"ID=debian\nVERSION_CODENAME=forky\n# a comment\n\n"
    assert list(distribution(ImageFile("x", content))) == [Distribution("debian", "", "forky")]


def test_single_quotes_and_broken_quotes() -> None:
    content = b"ID='Alpine'\nVERSION_ID=\"3.18\nPRETTY_NAME='Alpine Linux'\n"
    assert list(distribution(ImageFile("x", content))) == [
        Distribution("alpine", "3.18", "", "Alpine Linux")
    ]


def test_a_file_without_an_id_names_no_distribution() -> None:
    assert list(distribution(ImageFile("x", b"NAME=x\n"))) == []


def test_the_name_for_advisories_that_speak_of_products() -> None:
    content = b'ID="rhel"\nVERSION_ID="9.3"\nCPE_NAME="cpe:/o:redhat:enterprise_linux:9::baseos"\n'
    (found,) = distribution(ImageFile("x", content))
    assert isinstance(found, Distribution)
    assert found.cpe == "cpe:/o:redhat:enterprise_linux:9::baseos"
