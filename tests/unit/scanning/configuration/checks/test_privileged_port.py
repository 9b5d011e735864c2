from seawall.scanning.configuration.checks.privileged_port import PRIVILEGED_PORT
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image


def test_low_ports_are_found() -> None:
    found = in_image(PRIVILEGED_PORT, ports=("443/tcp", "8080/tcp", "53/udp"))
    assert evidence(found) == ["443/tcp", "53/udp"]
    assert evidence(in_build_file(PRIVILEGED_PORT, "FROM a:1\nEXPOSE 80\n")) == ["80/tcp"]


def test_high_ports_variables_and_ssh_are_not() -> None:
    assert in_image(PRIVILEGED_PORT, ports=("1024/tcp", "22/tcp")) == []
    assert in_build_file(PRIVILEGED_PORT, "FROM a:1\nEXPOSE $PORT 65536 x\n") == []
