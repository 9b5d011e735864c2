"""One image, however it is reached, has the same contents and the same findings."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seawall.images import Selector, open_image, parse_target
from tests.integration.conftest import need, run, running_registry

pytestmark = pytest.mark.docker


def seawall(*arguments: str) -> Any:
    """Run the command and return what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "seawall", *arguments, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    printed = json.loads(done.stdout)
    # The snapshot in the package has a part of npm's advisories; nothing else may be missing.
    gaps = {gap["reason"] for gap in printed["incomplete"]}
    assert gaps <= {"1 npm package judged by a part of the advisories for npm"}
    assert done.returncode == (3 if gaps else 0), done.stderr
    return printed


@pytest.fixture(scope="module")
def forms(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The image in every form, by name of the form."""
    need("skopeo")
    folder = tmp_path_factory.mktemp("forms")
    archive, exported = folder / "image.tar", folder / "root"
    run("docker", "save", image, "-o", archive)
    copy = ("skopeo", "copy", "-q", "--insecure-policy", f"docker-archive:{archive}")
    run(*copy, f"oci:{folder}/layout:one")
    run(*copy, f"oci-archive:{folder}/layout.tar:one")
    run(*copy, "--dest-compress-format", "zstd", "--dest-compress", f"oci:{folder}/zstd:one")
    run(*copy, f"docker-archive:{folder}/skopeo.tar:seawall-test/layers:1")
    run("gzip", "-1", "-k", archive)
    container = run("docker", "create", image, "true").strip()
    exported.mkdir()
    try:
        run("sh", "-c", f"docker export {container} | tar -C {exported} -x --numeric-owner")
        with running_registry(folder) as registry:
            run(*copy, "--dest-tls-verify=false", f"docker://{registry.host}/seawall/app:one")
            yield {
                "docker": f"docker:{image}",
                "docker-archive": f"docker-archive:{archive}",
                "docker-archive, gzipped": f"docker-archive:{archive}.gz",
                "docker-archive by skopeo": f"docker-archive:{folder}/skopeo.tar",
                "oci-dir": f"oci-dir:{folder}/layout",
                "oci-dir, zstd": f"oci-dir:{folder}/zstd:one",
                "oci-archive": f"oci-archive:{folder}/layout.tar",
                "registry": f"registry:{registry.host}/seawall/app:one",
                "container": f"container:{container}",
                "dir": f"dir:{exported}",
                "a bare path": str(archive),
            }
    finally:
        run("docker", "rm", container)


def test_every_form_gives_equal_findings(forms: dict[str, str]) -> None:
    reports = {form: seawall("scan", target) for form, target in forms.items()}
    # What an image is called is a matter of the form, and one check asks for it.
    found = {
        form: [item for item in report["findings"] if item["id"] != "latest-tag"]
        for form, report in reports.items()
    }
    first = found["docker"]
    assert first, "an image without findings proves nothing"
    for form, findings in found.items():
        if form == "dir":  # a directory has no layers and no configuration
            expected = [dict(f, layer="") for f in first if f["kind"] != "configuration"]
            files = [dict(f, layer="") for f in findings if f["kind"] != "configuration"]
            assert files == expected, form
        else:
            assert findings == first, form


def test_every_form_gives_equal_packages_and_the_daemon_agrees_about_the_layers(
    forms: dict[str, str], image: str
) -> None:
    inventories = {form: seawall("inventory", target) for form, target in forms.items()}
    inspected = json.loads(run("docker", "inspect", image))[0]
    for form, inventory in inventories.items():
        if form == "dir":
            continue
        assert inventory["packages"] == inventories["docker"]["packages"], form
        assert inventory["layers"] == inspected["RootFS"]["Layers"], form
        if form.startswith("docker"):  # skopeo writes another configuration into OCI layouts
            assert inventory["digest"] == inspected["Id"], form


def test_an_image_of_a_local_daemon_is_known_as_its_archive_says_before_a_layer_is_read(
    forms: dict[str, str],
) -> None:
    with open_image(parse_target(forms["docker"])) as live:
        if not live.diff_ids:
            pytest.skip("the daemon's own files cannot be read here")
        with open_image(parse_target(forms["docker-archive"])) as saved:
            assert live.image == replace(saved.image, ref=live.image.ref)
        assert list(live.layers(Selector(()), known=live.diff_ids)) == []


def test_packages_stand_in_the_layer_that_brought_them(forms: dict[str, str]) -> None:
    inventory = seawall("inventory", forms["oci-dir"])
    layers = inventory["layers"]
    layer_of = {
        package["name"]: layers.index(package["layer"]) for package in inventory["packages"]
    }
    assert (layer_of["dpkg"], layer_of["Jinja2"], layer_of["lodash"]) == (0, 1, 2)


def test_what_a_later_layer_removed_is_not_listed(forms: dict[str, str]) -> None:
    inventory = seawall("inventory", forms["oci-dir"])
    if len(inventory["layers"]) < 4:
        pytest.skip("no container can run here, so no layer removes anything")
    assert "gone" not in {package["name"] for package in inventory["packages"]}


def test_every_debian_package_that_dpkg_lists_is_found(debian: Path) -> None:
    listed = run(
        "dpkg-query", f"--admindir={debian}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n"
    )
    inventory = seawall("inventory", f"dir:{debian}")
    found = {f"{p['name']} {p['version']}" for p in inventory["packages"] if p["type"] == "deb"}
    assert found == set(listed.splitlines())


def test_an_image_that_the_daemon_does_not_have_is_a_plain_error(docker: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seawall", "scan", "docker:seawall-test/no-such-image"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DOCKER_HOST": docker},
    )
    assert done.returncode == 2
    assert "no such image" in done.stderr
    assert "Traceback" not in done.stderr
