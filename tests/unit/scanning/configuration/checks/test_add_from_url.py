from seawall.model import Severity
from seawall.scanning.configuration.checks.add_from_url import ADD_FROM_URL
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image


def test_an_address_is_found_and_shown_without_its_secrets() -> None:
    text = "FROM a:1\nADD https://user:pa55@x.example/a.tgz?token=pa55#f /a\n"
    assert evidence(in_build_file(ADD_FROM_URL, text)) == ["ADD https://x.example/a.tgz"]


def test_unencrypted_is_said() -> None:
    [found] = in_build_file(ADD_FROM_URL, "FROM a:1\nADD http://x.example/a /a\n")
    assert "unencrypted" in found.message


def test_a_checksum_or_a_commit_is_fine() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    text = (
        f"FROM a:1\nADD --checksum=sha256:00 https://x.example/a /a\n"
        f"ADD https://x.example/a.git#{commit} /b\nADD a.tar /a\n"
    )
    assert in_build_file(ADD_FROM_URL, text) == []


def test_a_history_keeps_no_checksum_so_it_is_low() -> None:
    [found] = in_image(ADD_FROM_URL, "ADD https://x.example/a /a # buildkit")
    assert found.severity is Severity.LOW
