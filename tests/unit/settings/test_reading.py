from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.errors import UsageError
from seawall.settings import Address, Secret, Value, reading
from seawall.settings.document import parse

PORTS = {"udp": 514, "tls": 6514}


def keys(text: str) -> dict[str, Value]:
    top = parse("a.yaml", text.encode(), "")
    assert top is not None
    return dict(top.mapping(("key", "hook_file", "hook_env")))


def under_key(text: str) -> Value:
    return keys(f"key: {text}")["key"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a.example:25", Address("a.example", 25)),
        ("a.example", Address("a.example", 587)),
        ("mail_relay:1", Address("mail_relay", 1)),
        ("127.0.0.1:65535", Address("127.0.0.1", 65535)),
        ("'[::1]:25'", Address("::1", 25)),
        ("'[2001:db8::1]'", Address("2001:db8::1", 587)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: Address) -> None:
    assert reading.address(under_key(text), 587) == address
    assert reading.address(under_key(f"'{address}'")) == address


@pytest.mark.parametrize(
    "text",
    [":25", "a:0", "a:65536", "a:123456", "'a b:1'", "'[::1:1'", "'[:::]:1'", "'[1.2]:1'", "a/b:1"],
)
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"a\.yaml:1: key: must be HOST:PORT$"):
        reading.address(under_key(text))


def test_a_host_alone_is_refused_where_no_port_is_usual() -> None:
    with pytest.raises(UsageError, match=r"must be HOST:PORT$"):
        reading.address(under_key("a.example"))


def test_a_scheme_brings_its_usual_port() -> None:
    def read(text: str) -> tuple[str, Address]:
        return reading.address_after_scheme(under_key(text), PORTS)

    assert read("udp://a.example") == ("udp", Address("a.example", 514))
    assert read("tls://a.example:7") == ("tls", Address("a.example", 7))
    for text in ("a.example", "tcp://a.example", "udp:/a", "://a"):
        with pytest.raises(UsageError, match="must begin with udp:// or tls://"):
            read(text)


@pytest.mark.parametrize(
    "url", ["https://a.example/x?y=z", "http://127.0.0.1:8080", "https://[::1]:1/"]
)
def test_a_web_address_stays_as_it_is_written(url: str) -> None:
    assert reading.web_address(under_key(f'"{url}"')) == url


@pytest.mark.parametrize(
    "url",
    [
        "a.example",
        "ftp://a.example",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://a:99999/",
        "https://a:b",
        "https://[::1",
        "https://a b/",
        "https://a\\\\b/",
        "https://a/\\nb",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="must be an http or https address"):
        reading.web_address(under_key(f'"{url}"'))


def test_a_login_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError, match="must have no user and no password") as error:
        reading.web_address(under_key("https://me:hunter2@a.example/"))
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("text", ["a/b", "./a", "~/a", '"/a\\0b"', '"/a\\nb"'])
def test_a_path_is_absolute_and_has_no_control_characters(text: str) -> None:
    assert reading.path(under_key("/a/b c")) == Path("/a/b c")
    with pytest.raises(UsageError, match="must be an absolute path"):
        reading.path(under_key(text))


def test_a_secret_is_named_by_file_or_variable() -> None:
    file = reading.secret(keys("key: x\nhook_file: /run/hook"), "hook")
    assert file == Secret(Path("/run/hook"), "a.yaml:2: hook_file")
    assert reading.secret(keys("hook_env: HOOK"), "hook") == Secret("HOOK", "a.yaml:1: hook_env")
    assert reading.secret(keys("key: x"), "hook") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hook_file: /a\nhook_env: A", "a.yaml:2: hook_env: one of hook_file and hook_env"),
        ("hook_file: hunter2", "a.yaml:1: hook_file: must be an absolute path"),
        ("hook_env: hunter-2", "a.yaml:1: hook_env: must be the name of a variable"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        reading.secret(keys(text), "hook")
    assert str(error.value).startswith(message)
    assert "hunter" not in str(error.value)


def test_a_secret_that_is_written_is_refused() -> None:
    def refuse(text: str) -> Callable[[], None]:
        top = parse("a.yaml", text.encode(), "")
        assert top is not None
        return lambda: reading.refuse_written_secret(top, "token")

    refuse("other: x")()
    with pytest.raises(UsageError, match=r"a\.yaml:2: token: .*token_file.*token_env") as error:
        refuse("other: x\ntoken: hunter2")()
    assert "hunter" not in str(error.value)
