import pytest

from seawall.scanning.configuration.checks.certificate_check_off import CERTIFICATE_CHECK_OFF
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, lines, run


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("curl -k https://x.example", "curl -k"),
        ("curl -fsSLk https://x.example", "curl -k"),
        ("curl --insecure https://x.example", "curl --insecure"),
        ("wget --no-check-certificate https://x.example", "wget --no-check-certificate"),
        ("pip install --trusted-host x.example a", "pip --trusted-host"),
        ("git -c http.sslVerify=false clone https://x.example/a", "git http.sslVerify=false"),
        ("npm config set strict-ssl false", "npm strict-ssl=false"),
        ("NODE_TLS_REJECT_UNAUTHORIZED=0 node a.js", "NODE_TLS_REJECT_UNAUTHORIZED=0"),
    ],
)
def test_a_switched_off_check_is_found(command: str, shown: str) -> None:
    assert evidence(in_build_file(CERTIFICATE_CHECK_OFF, run(command))) == [shown]
    assert in_image(CERTIFICATE_CHECK_OFF, f"/bin/sh -c {command}")


@pytest.mark.parametrize(
    "command",
    [
        "curl -o k https://x.example",
        "curl -ok https://x.example",
        "curl -sSL https://x.example",
        "wget https://x.example/no-check-certificate",
        "npm config set strict-ssl true",
    ],
)
def test_a_check_that_is_on_is_fine(command: str) -> None:
    assert in_build_file(CERTIFICATE_CHECK_OFF, run(command)) == []


def test_a_variable_switches_it_off_for_everything() -> None:
    env = ("A=1", "NODE_TLS_REJECT_UNAUTHORIZED=0")
    assert lines(in_image(CERTIFICATE_CHECK_OFF, env=env)) == [2]
    assert in_image(CERTIFICATE_CHECK_OFF, env=("NODE_TLS_REJECT_UNAUTHORIZED=1",)) == []
    assert in_build_file(CERTIFICATE_CHECK_OFF, "FROM a:1\nENV GIT_SSL_NO_VERIFY true\n")
