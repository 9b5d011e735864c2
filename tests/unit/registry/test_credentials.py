"""Logins as Docker's and podman's tools write them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import BadRegistrySetup
from seawall.registry.credentials import ANONYMOUS, Credentials, find
from seawall.registry.reference import parse
from seawall.registry.settings import Settings

APP = parse("registry.example/team/app")
HUB = parse("debian")


def pair(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def written(folder: Path, document: Any) -> Path:
    file = folder / "config.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def helper(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str, name: str = "keys") -> None:
    """Install a credential helper: a shell script that finds the registry's name in $host."""
    program = folder / f"docker-credential-{name}"
    program.write_text(f'#!/bin/sh\n[ "$1" = get ] || exit 9\nhost=$(cat)\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("auths", "meant"),
    [
        ({"registry.example": pair("ada", "x:y")}, Credentials("ada", "x:y")),
        ({"https://registry.example/v1/": pair("ada", "x")}, Credentials("ada", "x")),
        ({"registry.example/team": pair("ada", "x")}, Credentials("ada", "x")),
        (
            {"registry.example": pair("eve", "x"), "registry.example/team/app": pair("ada", "x")},
            Credentials("ada", "x"),
        ),
        ({"registry.example/other": pair("ada", "x")}, ANONYMOUS),
        ({"registry.example:5000": pair("ada", "x")}, ANONYMOUS),
        ({"evil-registry.example": pair("ada", "x")}, ANONYMOUS),
        ({"registry.example": {"username": "ada", "password": "x"}}, Credentials("ada", "x")),
        ({"registry.example": {"identitytoken": "it"}}, Credentials("", "", "it")),
        ({"registry.example": {"registrytoken": "rt"}}, Credentials("", "", "", "rt")),
        ({"registry.example": {}}, ANONYMOUS),
        ({"registry.example": "odd"}, ANONYMOUS),
        ([], ANONYMOUS),
    ],
)
def test_a_login_is_found_by_the_narrowest_name(
    tmp_path: Path, auths: Any, meant: Credentials
) -> None:
    assert find(APP, [written(tmp_path, {"auths": auths})]) == meant


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io"])
def test_the_hub_has_several_names(tmp_path: Path, key: str) -> None:
    file = written(tmp_path, {"auths": {key: pair("ada", "x")}})
    assert find(HUB, [file]) == Credentials("ada", "x")
    assert find(APP, [file]) == ANONYMOUS


def test_the_first_file_that_knows_a_registry_is_believed(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
    files = [
        written(tmp_path / "a", {"auths": {"other.example": pair("eve", "x")}}),
        tmp_path / "absent",
        written(tmp_path / "b", {"auths": {"registry.example": pair("ada", "x")}}),
        written(tmp_path / "c", {"auths": {"registry.example": pair("bob", "x")}}),
    ]
    assert find(APP, files) == Credentials("ada", "x")


@pytest.mark.parametrize(
    "content", ["{", "[]", '"x"', "[" * 100_000, '{"auths": {"registry.example": {"auth": "?"}}}']
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    with pytest.raises(BadRegistrySetup, match=r"config\.json"):
        find(APP, [written(tmp_path, content)])


def test_an_empty_file_has_no_login(tmp_path: Path) -> None:
    assert find(APP, [written(tmp_path, "")]) == ANONYMOUS


def test_a_helper_is_asked_by_the_registrys_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, 'echo "{\\"Username\\":\\"$host\\",\\"Secret\\":\\"s\\"}"')
    file = written(tmp_path, {"credHelpers": {"registry.example": "keys"}})
    assert find(APP, [file]) == Credentials("registry.example", "s")
    file = written(tmp_path, {"credsStore": "keys"})
    assert find(HUB, [file]) == Credentials("https://index.docker.io/v1/", "s")


def test_a_helpers_token_is_an_identity_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, 'echo \'{"Username":"<token>","Secret":"abc"}\'')
    file = written(tmp_path, {"credsStore": "keys"})
    assert find(APP, [file]) == Credentials("", "", "abc")


def test_a_helper_that_knows_nothing_leaves_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, "echo credentials not found in native keychain; exit 1")
    auths = {"registry.example": pair("ada", "x")}
    assert find(APP, [written(tmp_path, {"credsStore": "keys", "auths": auths})]).user == "ada"
    assert find(APP, [written(tmp_path, {"credsStore": "keys"})]) == ANONYMOUS


@pytest.mark.parametrize("script", ["echo locked >&2; exit 1", "echo no json", "echo '[]'"])
def test_a_helper_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    helper(tmp_path, monkeypatch, script)
    with pytest.raises(BadRegistrySetup, match="docker-credential-keys"):
        find(APP, [written(tmp_path, {"credsStore": "keys"})])


def test_a_helper_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRegistrySetup, match="not installed"):
        find(APP, [written(tmp_path, {"credsStore": "seawall-none-such"})])


@pytest.mark.parametrize("name", ["../../bin/sh", "x y", "-x", "x;y", "x\n"])
def test_a_helper_is_a_plain_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRegistrySetup, match="no name of a credential helper"):
        find(APP, [written(tmp_path, {"credsStore": name})])


def test_secrets_are_not_printed() -> None:
    shown = repr(Credentials("ada", "secret1", "secret2", "secret3"))
    assert "secret" not in shown


def test_the_environment_says_where_logins_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "named.json"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert Settings.from_environment().login_files == (
        tmp_path / "named.json",
        tmp_path / "docker/config.json",
        tmp_path / "run/containers/auth.json",
        tmp_path / "config/containers/auth.json",
    )


def test_a_host_that_is_none_is_not_taken_for_insecure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_INSECURE_REGISTRIES", "one.example:5000, TWO.example")
    expected = frozenset(("one.example:5000", "two.example"))
    assert Settings.from_environment().insecure == expected
    monkeypatch.setenv("SEAWALL_INSECURE_REGISTRIES", "http://one.example")
    with pytest.raises(BadRegistrySetup, match="no host"):
        Settings.from_environment()
