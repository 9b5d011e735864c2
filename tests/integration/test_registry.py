"""A real registry: plain, with TLS, with logins; images put there by skopeo."""

import base64
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from seawall.errors import RegistryDenied
from seawall.registry import Settings, references, repositories
from tests.integration.conftest import Registry, need, run, running_registry
from tests.unit.images.building import INDEX, Built, Entry, as_json, digest, hexed, packed, unpacked
from tests.unit.images.building import layout as layout_of
from tests.unit.registry.server import PASSWORD, USER, make_certificate

# What `htpasswd -nbB ada 's3cret:with colon'` prints.
HTPASSWD = "ada:$2y$05$abcdefghijklmnopqrstuuOb/B27OpVc3Bt3QXIepIr2DUn/DCZNi\n"

STATUS = b"Package: hello\nStatus: install ok installed\nVersion: 2.10-3\nArchitecture: amd64\n\n"
BASE = packed([Entry("etc/os-release", b"ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n")])
TOP = packed([Entry("var/lib/dpkg/status", STATUS)])


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image for two platforms, as an OCI layout whose index holds an index."""
    images = [Built([BASE, TOP], tags=[]), Built([BASE], tags=[], architecture="arm64")]
    descriptors = [
        image.descriptor(platform={"os": "linux", "architecture": image.architecture})
        for image in images
    ]
    index = as_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors})
    blobs = {name: content for image in images for name, content in image.blobs().items()}
    blobs[f"blobs/sha256/{hexed(index)}"] = index
    place = tmp_path_factory.mktemp("layout")
    descriptor = {
        "mediaType": INDEX,
        "digest": digest(index),
        "size": len(index),
        "annotations": {"org.opencontainers.image.ref.name": "both"},
    }
    return unpacked(layout_of(blobs, descriptor), place)


Start = Callable[..., Registry]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start registries, and end them with the test."""
    with ExitStack() as held:
        yield lambda **settings: held.enter_context(running_registry(tmp_path, **settings))


def push(layout: Path, registry: Registry, *options: str) -> str:
    """Put the image there; return its name."""
    need("skopeo")
    name = f"{registry.host}/team/app:v1"
    copy = ("skopeo", "copy", "-q", "--insecure-policy", "--all")
    run(*copy, *options, f"oci:{layout}:both", f"docker://{name}")
    return name


def inventory(*arguments: str, **environment: str) -> Any:
    done = seawall(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def seawall(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "seawall", "inventory", "--format", "json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def names(found: Any) -> list[str]:
    return [package["name"] for package in found["packages"]]


def test_a_registry_on_this_machine_needs_no_tls(layout: Path, start: Start) -> None:
    registry = start()
    name = push(layout, registry, "--dest-tls-verify=false")
    found = inventory("--platform", "linux/amd64", f"registry:{name}")
    assert names(found) == ["hello"]
    assert found["digest"] == inventory(f"oci-dir:{layout}", "--platform", "linux/amd64")["digest"]


def test_a_platform_is_chosen(layout: Path, start: Start) -> None:
    registry = start()
    name = push(layout, registry, "--dest-tls-verify=false")
    done = seawall("--platform", "linux/arm64", f"registry:{name}")
    assert done.returncode == 3  # there is no package database in it, which is said
    found = json.loads(done.stdout)
    assert len(found["layers"]) == 1
    missing = seawall("--platform", "linux/s390x", f"registry:{name}")
    assert missing.returncode == 3
    assert "it has linux/amd64, linux/arm64" in missing.stderr


def test_tls_needs_an_authority_that_we_know(layout: Path, start: Start, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    registry = start(certificate=certificate)
    name = push(layout, registry, "--dest-tls-verify=false")
    refused = seawall("--platform", "linux/amd64", f"registry:{name}")
    assert refused.returncode == 3
    assert "no trusted TLS" in refused.stderr
    assert "SEAWALL_REGISTRY_CA" in refused.stderr
    known = {"SEAWALL_REGISTRY_CA": str(certificate)}
    assert names(inventory("--platform", "linux/amd64", f"registry:{name}", **known)) == ["hello"]


def test_a_login_of_docker_opens_a_private_registry(
    layout: Path, start: Start, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    registry = start(certificate=certificate, passwords=HTPASSWD)
    credentials = f"--dest-creds={USER}:{PASSWORD}"
    name = push(layout, registry, "--dest-tls-verify=false", credentials)
    known = {"SEAWALL_REGISTRY_CA": str(certificate), "DOCKER_CONFIG": str(tmp_path / "docker")}
    target = ("--platform", "linux/amd64", f"registry:{name}")
    refused = seawall(*target, **known)
    assert refused.returncode == 3
    assert "docker login" in refused.stderr
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (tmp_path / "docker").mkdir()
    config = tmp_path / "docker/config.json"
    config.write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
    assert names(inventory(*target, **known)) == ["hello"]
    config.write_text(json.dumps({"auths": {registry.host: {"auth": auth[:-8] + "AAAAAAA="}}}))
    assert seawall(*target, **known).returncode == 3


def test_skopeos_login_is_found_as_well(layout: Path, start: Start, tmp_path: Path) -> None:
    registry = start(passwords=HTPASSWD)
    name = push(layout, registry, "--dest-tls-verify=false", f"--dest-creds={USER}:{PASSWORD}")
    logins = tmp_path / "auth.json"
    login = ("skopeo", "login", "--tls-verify=false", "--authfile", logins)
    run(*login, "-u", USER, "-p", PASSWORD, registry.host)
    found = inventory(
        "--platform", "linux/amd64", f"registry:{name}", REGISTRY_AUTH_FILE=str(logins)
    )
    assert names(found) == ["hello"]


def test_what_is_not_there_is_wrong_use(start: Start) -> None:
    registry = start()
    done = seawall(f"registry:{registry.host}/team/none:v1")
    assert done.returncode == 2
    assert "has none" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_registry_lists_what_it_holds(layout: Path, start: Start) -> None:
    registry = start()
    need("skopeo")
    copy = ("skopeo", "copy", "-q", "--insecure-policy", "--all", "--dest-tls-verify=false")
    expected = [f"{registry.host}/{name}" for name in ("a:1", "a:2", "team/app:v1")]
    for name in expected:
        run(*copy, f"oci:{layout}:both", f"docker://{name}")
    assert sorted(map(str, references(registry.host))) == expected
    assert sorted(map(str, references(f"{registry.host}/a"))) == expected[:2]


def test_a_catalog_of_many_pages_is_read_to_its_end(start: Start, tmp_path: Path) -> None:
    registry = start()
    held = tmp_path / "registry/docker/registry/v2/repositories"
    names = [f"team{number // 100}/app{number}" for number in range(2500)]
    for name in names:  # as the registry keeps a repository
        (held / name / "_manifests/tags").mkdir(parents=True)
        (held / name / "_layers").mkdir()
    assert sorted(repositories(registry.host)) == sorted(names)


def test_a_private_catalog_wants_a_login(start: Start, tmp_path: Path) -> None:
    registry = start(passwords=HTPASSWD)
    with pytest.raises(RegistryDenied):
        list(repositories(registry.host, Settings()))
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    logins = tmp_path / "config.json"
    logins.write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
    assert list(repositories(registry.host, Settings(login_files=(logins,)))) == []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir(mode=0o700)
    return tmp_path / "home"


def images(action: str, *arguments: str, code: int = 0) -> str:
    quick = ("--skip", "secrets", "--skip", "malware") if action == "add" else ()
    command = [sys.executable, "-m", "seawall", "images", action, *quick, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def listed(*arguments: str) -> list[tuple[list[str], bool]]:
    """Return the names of each image in the fleet, and whether it is gone."""
    rows = json.loads(images("list", "--format", "json", *arguments))
    return sorted((row["names"], bool(row["gone"])) for row in rows)


def manifest_of(name: str, *options: str) -> str:
    """Return the digest by which a registry has an image."""
    raw = run("skopeo", "inspect", "--raw", "--tls-verify=false", *options, f"docker://{name}")
    return digest(raw.encode())


def delete(registry: Registry, repository: str, manifest: str) -> None:
    address = f"http://{registry.host}/v2/{repository}/manifests/{manifest}"
    request = urllib.request.Request(address, method="DELETE")
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - http, on loopback
        assert answer.status == 202


def copied(layout: Path, name: str, *options: str) -> None:
    copy = ("skopeo", *options, "copy", "-q", "--insecure-policy", "--dest-tls-verify=false")
    run(*copy, f"oci:{layout}:both", f"docker://{name}")


@pytest.mark.parametrize("whole", ["{host}", "{host}/a"])
def test_what_a_registry_lists_no_more_is_gone(
    layout: Path, start: Start, home: Path, whole: str
) -> None:
    registry = start()
    need("skopeo")
    one, two = f"{registry.host}/a:1", f"{registry.host}/a:2"
    copied(layout, one, "--override-arch", "amd64")
    copied(layout, two, "--override-arch", "arm64")
    look = ("--registry", whole.format(host=registry.host))
    images("add", "--platform", "linux/amd64", *look, code=3)  # one is for another processor
    images("add", "--platform", "linux/arm64", *look, code=3)
    assert listed() == [([one], False), ([two], False)]  # what could not be read stays
    delete(registry, "a", manifest_of(one))
    assert "1 image gone" in images("add", "--platform", "linux/arm64", *look)
    assert listed() == [([two], False)]
    assert listed("--past") == [([], True), ([two], False)]
    delete(registry, "a", manifest_of(two))
    assert "1 image gone" in images("add", *look)
    assert listed() == []
    copied(layout, one, "--override-arch", "amd64")
    images("add", "--platform", "linux/amd64", *look)
    assert listed() == [([one], False)]


def test_a_registry_that_cannot_be_listed_takes_nothing_away(
    layout: Path, start: Start, home: Path
) -> None:
    with ExitStack() as held:
        folder = home.parent / "first"
        folder.mkdir()
        registry = held.enter_context(running_registry(folder))
        name = push(layout, registry, "--dest-tls-verify=false")
        images("add", "--platform", "linux/amd64", "--registry", registry.host)
        images("add", "--registry", f"{registry.host}/team/other", code=3)
    assert "no connection" in images("add", "--registry", registry.host, code=3)
    assert listed() == [([name], False)]


def test_a_gate_asks_by_what_a_registry_calls_an_image(
    layout: Path, start: Start, home: Path
) -> None:
    registry = start()
    name = push(layout, registry, "--dest-tls-verify=false")
    index = manifest_of(name)
    images("add", "--platform", "linux/amd64", f"registry:{name}")
    by_name = json.loads(images("verdict", name, "--format", "json"))
    assert (by_name["packages"], by_name["platform"]) == (1, "linux/amd64")
    raw = run("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{name}")
    one, two = (entry["digest"] for entry in json.loads(raw)["manifests"])
    for asked in (index, f"{name}@{index}", f"team/app@{one}", one):
        said = json.loads(images("verdict", asked, "--format", "json"))
        assert said == {**by_name, "digest": said["digest"]}
    assert json.loads(images("verdict", two, "--format", "json", code=3))["known"] is False
    images("add", "--platform", "linux/arm64", f"registry:{name}")
    told = images("verdict", f"{name}@{index}", code=2)
    assert f"{index} means 2 images" in told
    assert "linux/arm64" in told
    assert json.loads(images("verdict", two, "--format", "json"))["packages"] == 0
