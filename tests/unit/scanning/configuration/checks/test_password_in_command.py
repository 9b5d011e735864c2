import pytest

from seawall.scanning.configuration.checks.password_in_command import PASSWORD_IN_COMMAND
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, run


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("echo 'root:toor-2024' | chpasswd", "echo | chpasswd …"),
        ("useradd -m -p pa55-word app", "useradd --password …"),
        ("usermod --password=pa55-word app", "useradd --password …".replace("useradd", "usermod")),
        ("sshpass -p pa55-word ssh host", "sshpass -p …"),
        ("curl -u ci:pa55-word https://x.example/a", "curl -u …"),
        ("wget --password=pa55-word https://x.example/a", "wget --password …"),
        ("wget --http-password pa55-word https://x.example", "wget --http-password …"),
        ("curl -uci:pa55-word https://x.example/a", "curl -u …"),
        ("curl --user ci:pa55-word https://x.example/a", "curl --user …"),
        ("echo pa55-word | passwd --stdin root", "echo | passwd …"),
        ("redis-cli -a pa55-word ping", "redis-cli -a …"),
        ("htpasswd -bc /etc/users admin pa55-word", "htpasswd -b …"),
    ],
)
def test_a_written_password_is_found_and_never_shown(command: str, shown: str) -> None:
    found = in_build_file(PASSWORD_IN_COMMAND, run(command))
    assert evidence(found) == [shown]
    assert "pa55" not in repr([(p.message, p.evidence) for p in found])
    assert in_image(PASSWORD_IN_COMMAND, f"RUN /bin/sh -c {command} # buildkit")


@pytest.mark.parametrize(
    "command",
    [
        'echo "root:$PASSWORD" | chpasswd',
        "cat /run/secrets/users | chpasswd",
        "useradd -m app",
        "useradd -p '*' app",
        'curl -u "ci:$TOKEN" https://x.example',
        "curl -u ci https://x.example",
        "echo pa55-word | passwd root",
        "redis-cli -a $PASSWORD ping",
        "htpasswd -b /etc/users admin $PASSWORD",
        "htpasswd -c /etc/users admin",
        "useradd --password $(openssl rand -base64 12) app",
    ],
)
def test_a_password_from_elsewhere_is_fine(command: str) -> None:
    assert in_build_file(PASSWORD_IN_COMMAND, run(command)) == []
