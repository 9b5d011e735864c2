import pytest

from seawall.inventory.catalogers import Channels, Fact, ImageFile
from seawall.inventory.catalogers.apt import services, sources
from seawall.model import Incomplete

DEB822 = """\
# Written by ubuntu-pro-client
Types: deb
URIs: https://esm.ubuntu.com/apps/ubuntu
Suites: noble-apps-security noble-apps-updates
Components: main
Signed-By: /usr/share/keyrings/ubuntu-pro-esm-apps.gpg
"""


def of_sources(text: str) -> list[Fact]:
    return list(sources(ImageFile("etc/apt/sources.list.d/x", text.encode())))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("deb https://esm.ubuntu.com/infra/ubuntu xenial-infra-security main\n", "esm-infra"),
        ("deb [signed-by=/a] https://esm.ubuntu.com/apps/ubuntu xenial main\n", "esm-apps"),
        ("deb https://user:secret@esm.ubuntu.com/ubuntu trusty-infra-updates main\n", "esm-infra"),
        ("deb https://esm.ubuntu.com/fips-updates/ubuntu jammy-updates main\n", "fips-updates"),
        (DEB822, "esm-apps"),
    ],
)
def test_an_esm_archive_is_a_channel(text: str, name: str) -> None:
    assert of_sources(text) == [Channels((name,))]


@pytest.mark.parametrize(
    "text",
    [
        "deb http://archive.ubuntu.com/ubuntu noble main\n",
        "# deb https://esm.ubuntu.com/infra/ubuntu xenial-infra-security main\n",
        "Enabled: no\n" + DEB822,
        "deb https://esm.ubuntu.com/cis/ubuntu focal main\n",
        "deb https://esm.ubuntu.com.example/infra/ubuntu x main\n",
    ],
)
def test_what_apt_does_not_use_is_none(text: str) -> None:
    assert of_sources(text) == []


def test_a_stanza_that_is_switched_off_says_nothing_of_the_next() -> None:
    text = "Enabled: no\n" + DEB822 + "\n" + DEB822.replace("apps", "infra")
    assert of_sources(text) == [Channels(("esm-infra",))]


def test_the_services_that_pro_has_enabled() -> None:
    text = b"""{"services": [
        {"name": "esm-infra", "status": "enabled"}, {"name": "esm-apps", "status": "disabled"},
        {"name": "livepatch", "status": "enabled"}]}"""
    assert list(services(ImageFile("s", text))) == [Channels(("esm-infra",))]


@pytest.mark.parametrize("text", [b"[]", b"{}", b'{"services": {}}', b'{"services": [1, null]}'])
def test_a_state_without_services_names_none(text: bytes) -> None:
    assert list(services(ImageFile("s", text))) == []


def test_a_huge_file_is_said_to_be_unread() -> None:
    text = b"https://esm.ubuntu.com/infra/" + b" " * (5 << 20)
    assert [type(fact) for fact in sources(ImageFile("s", text))] == [Incomplete]
    assert [type(fact) for fact in services(ImageFile("s", text))] == [Incomplete]
