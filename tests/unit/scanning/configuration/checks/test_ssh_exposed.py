import pytest

from seawall.model import Package, Severity
from seawall.scanning.configuration.checks.ssh_exposed import SSH_EXPOSED
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, run


@pytest.mark.parametrize("port", ["22", "22/tcp", "20-25"])
def test_port_22_is_found(port: str) -> None:
    assert evidence(in_image(SSH_EXPOSED, ports=(port,))) == ["EXPOSE 22"]
    assert evidence(in_build_file(SSH_EXPOSED, f"FROM a:1\nEXPOSE 80 {port}\n")) == ["EXPOSE 22"]


def test_a_started_or_installed_service_is_found() -> None:
    assert evidence(in_image(SSH_EXPOSED, command=("/usr/sbin/sshd", "-D"))) == ["sshd"]
    server = Package("deb", "openssh-server", "1")
    [found] = in_image(SSH_EXPOSED, packages=(server,))
    assert found.severity is Severity.LOW
    text = run("apt-get update && apt-get install -y openssh-server=1:9")
    assert evidence(in_build_file(SSH_EXPOSED, text)) == ["openssh-server"]


def test_other_ports_and_the_client_are_fine() -> None:
    client = Package("deb", "openssh-client", "1")
    assert in_image(SSH_EXPOSED, ports=("2222/tcp", "x"), packages=(client,)) == []
    assert in_build_file(SSH_EXPOSED, "FROM a:1\nEXPOSE $PORT 8022\n") == []
