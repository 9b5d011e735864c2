import pytest

from seawall.scanning.configuration.checks.curl_pipe_shell import CURL_PIPE_SHELL
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, run


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("curl -sSL https://x.example/i.sh?t=1 | sh", "curl https://x.example/i.sh | sh"),
        ("wget -qO- http://x.example/i | sudo -E bash -", "wget http://x.example/i | bash"),
        (
            "set -e; curl https://x.example/i |\\\n  bash -s -- -y",
            "curl https://x.example/i | bash",
        ),
        ("curl https://x.example/i.gz | gunzip | sh", "curl https://x.example/i.gz | sh"),
        ("curl https://x.example/i.py | python3 -", "curl https://x.example/i.py | python3"),
        ('sh -c "$(curl -fsSL https://x.example/i)"', 'sh "$(curl …)"'),
        ("bash <(curl -s https://x.example/i)", "bash <(curl https://x.example/i)"),
        ("bash -c 'curl https://x.example/i | sh'", "curl https://x.example/i | sh"),
    ],
)
def test_what_is_run_unseen_is_found(command: str, shown: str) -> None:
    assert evidence(in_build_file(CURL_PIPE_SHELL, run(command))) == [shown]
    assert in_image(CURL_PIPE_SHELL, f"/bin/sh -c {command}")


@pytest.mark.parametrize(
    "command",
    [
        "curl https://x.example/a.tgz | tar xz",
        "curl https://x.example/v | python3 -c 'import json'",
        "curl https://x.example/v | sh check.sh",
        "curl -o i.sh https://x.example/i && sha256sum -c sums && sh i.sh",
        "curl https://x.example/a; echo a | sh",
        "echo 'curl https://x.example | sh' > /README",
        "# curl https://x.example | sh",
    ],
)
def test_what_is_not_run_or_is_looked_at_is_fine(command: str) -> None:
    assert in_build_file(CURL_PIPE_SHELL, run(command)) == []
