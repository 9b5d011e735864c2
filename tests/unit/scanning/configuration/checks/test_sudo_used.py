from seawall.model import Package
from seawall.scanning.configuration.checks.sudo_used import SUDO_USED
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, run


def test_its_use_and_its_installation_are_found() -> None:
    text = run("sudo -u app make", "apt-get install -y curl sudo", "apk add sudo=1")
    assert evidence(in_build_file(SUDO_USED, text)) == ["sudo", "install sudo", "install sudo"]
    assert evidence(in_image(SUDO_USED, packages=(Package("deb", "sudo", "1"),))) == ["sudo"]


def test_its_mention_is_fine() -> None:
    text = run("echo sudo", "apt-get remove -y sudo", "rm /usr/bin/sudo", "make sudo")
    assert in_build_file(SUDO_USED, text) == []
    assert in_image(SUDO_USED, packages=(Package("deb", "sudoku", "1"),)) == []
