"""``seawall images …``, from archives to answers, with real files and a real advisory store."""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from seawall.cli import configuration, main, wiring
from tests.unit.advisories.records import Record, below, record
from tests.unit.inventory.images import file, save

_QUICK = ("--skip", "secrets", "--skip", "malware")  # their patterns take a second to compile
_OS = file("etc/os-release", b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n')


def _status(*packages: tuple[str, str]) -> Any:
    stanzas = (
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n"
        for name, version in packages
    )
    return file("var/lib/dpkg/status", "\n".join(stanzas).encode())


def _wheel(name: str, version: str) -> Any:
    return file(
        f"usr/local/lib/python3.11/site-packages/{name}-{version}.dist-info/METADATA",
        f"Name: {name}\nVersion: {version}\n\n".encode(),
    )


def _feeds(folder: Path, debian: Sequence[Record], pypi: Sequence[Record]) -> Path:
    for ecosystem, records in (("Debian", debian), ("PyPI", pypi)):
        (folder / ecosystem).mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / ecosystem / "all.zip", "w") as archive:
            for one in records:
                archive.writestr(f"{one['id']}.json", json.dumps(one))
    return folder


def _import(folder: Path, debian: Sequence[Record]) -> None:
    """Import feeds; without KEV and EPSS, which the exit code says."""
    assert main(["advisories", "import", str(_feeds(folder / "feeds", debian, [OTHER]))]) == 3


OLD = record("DEBIAN-CVE-2026-1111", below("Debian:12", "openssl", "3.0.12-1"))
NEW = record(
    "DEBIAN-CVE-2026-2222",
    below("Debian:12", "openssl", "3.0.13-1"),
    severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
)
OTHER = record("PYSEC-1", below("PyPI", "unused", "2"))


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base, an image built from it, and one built from that, which mends openssl."""
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "home").mkdir()
    base = [_OS, _status(("openssl", "3.0.11-1"), ("bash", "5.2-1"))]
    middle = [_wheel("flask", "2.0")]
    top = [_status(("openssl", "3.0.13-1"), ("bash", "5.2-1"))]
    config: dict[str, Any] = {"config": {}, "history": []}
    save(tmp_path / "base.tar", [base], config)
    save(tmp_path / "middle.tar", [base, middle], config)
    save(tmp_path / "top.tar", [base, middle, top], config)
    _import(tmp_path, [OLD])
    targets = [str(tmp_path / f"{name}.tar") for name in ("base", "middle", "top")]
    assert main(["images", "add", *_QUICK, *targets]) == 0
    return tmp_path


def _json(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    capsys.readouterr()
    assert main([*command, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_update_names_the_images_that_it_affects_and_that_it_frees(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    _import(fleet, [OLD, NEW])
    said = capsys.readouterr().out
    assert "advisories    1 new" in said
    assert "2 images newly affected, 0 of them running" in said
    assert re.search(r"CVE-2026-2222 +critical +fix now +2 images", said)
    gone = {**NEW, "withdrawn": "2026-02-01T00:00:00Z"}
    _import(fleet, [OLD, gone])
    said = capsys.readouterr().out
    assert "1 flaw resolved, in 2 images" in said
    assert "withdrawn: DEBIAN-CVE-2026-2222" in said


def test_a_reader_that_goes_away_keeps_nothing_from_being_judged(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feeds = _feeds(fleet / "feeds", [OLD, NEW], [OTHER])
    command = [sys.executable, "-m", "seawall", "advisories", "import", str(feeds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 3  # without KEV and EPSS
    assert _json(capsys, "images", "affected", "CVE-2026-2222")["images"] == 2


def test_a_narrowed_advisory_resolves_its_findings(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    narrow = record("DEBIAN-CVE-2026-1111", below("Debian:12", "openssl", "3.0.5-1"))
    capsys.readouterr()
    _import(fleet, [narrow])
    said = capsys.readouterr().out
    assert "1 flaw resolved, in 2 images" in said
    assert "DEBIAN-CVE-2026-1111 no longer names openssl 3.0.11-1" in " ".join(said.split())


def test_what_is_known_is_not_read_again(fleet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["images", "add", *_QUICK, str(fleet / "base.tar")]) == 0
    assert "was known" in capsys.readouterr().out


def test_the_list_says_how_each_image_stands(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _json(capsys, "images", "list")
    assert sorted(sum(row["counts"].values()) for row in rows) == [1, 2, 2]
    assert {row["complete"] for row in rows} <= {True, False}
    assert main(["images", "list"]) == 0
    assert "WORST" in capsys.readouterr().out


def test_the_report_on_an_image_is_the_scan_s(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    main(["scan", *_QUICK, str(fleet / "middle.tar"), "--format", "json"])
    scanned = json.loads(capsys.readouterr().out)
    digest = scanned["digest"]
    shown = _json(capsys, "images", "show", digest)
    assert shown["findings"] == scanned["findings"]
    assert shown["incomplete"] == scanned["incomplete"]


def test_a_flaw_is_followed_from_its_base_to_what_was_built_from_it(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _json(capsys, "images", "affected", "CVE-2026-1111")
    assert found["images"] == 2  # the uppermost image has the fix
    [origin] = found["origins"]
    [root] = origin["roots"]
    assert len(root["derived"]) == 1
    assert root["derived"][0]["derived"] == []
    assert main(["images", "affected", "openssl@3.0.13-1"]) == 0
    assert "1 image, 0 containers running" in capsys.readouterr().out


def test_what_cannot_be_read_stops_no_other_image(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(fleet / "new.tar", [[_OS, _status(("openssl", "3.0.11-1"))]])
    (fleet / "broken.tar").write_bytes((fleet / "new.tar").read_bytes()[:3000])
    capsys.readouterr()
    broken, new = f"docker-archive:{fleet}/broken.tar", str(fleet / "new.tar")
    assert main(["images", "add", *_QUICK, broken, new]) == 3
    said = capsys.readouterr()
    assert "1 package" in said.out
    assert "1 of 2 images could not be read" in said.err


def test_a_verdict_on_an_unknown_digest_is_no_pass(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["images", "verdict", "sha256:" + "0" * 64, "--format", "json"]) == 3
    assert json.loads(capsys.readouterr().out) == {"digest": "sha256:" + "0" * 64, "known": False}


def test_a_name_that_means_several_images_is_not_decided(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last archive has the name where all three were; another host has it for the first."""
    elsewhere = ("--place", "docker:laptop")
    assert main(["images", "add", *_QUICK, *elsewhere, str(fleet / "base.tar")]) == 0
    capsys.readouterr()
    for action in ("verdict", "show", "advise"):
        assert main(["images", action, "test:1"]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert "test:1 means 2 images:" in said.err
        assert re.search(r"sha256:[0-9a-f]{64} .*docker:laptop", said.err)
        assert "give its digest" in said.err
    assert main(["images", "add", *_QUICK, *elsewhere, str(fleet / "top.tar")]) == 0
    top = _json(capsys, "images", "verdict", "test:1")  # all places agree
    assert top["digest"] == _json(capsys, "images", "show", "test:1")["digest"]


def test_a_bill_of_materials_of_an_index_spoils_no_list(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = "sha256:" + "1" * 64
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"component": {"type": "container", "name": "w", "version": index}},
        "components": [],
    }
    (fleet / "bom.json").write_text(json.dumps(document))
    assert main(["images", "add", *_QUICK, f"sbom:{fleet / 'bom.json'}"]) == 0
    digests = [row["digest"] for row in _json(capsys, "images", "list")]
    assert index in digests
    with wiring.open_fleet(configuration.read()) as opened, opened.writing():
        for digest in digests:
            if digest != index:
                opened.images.seen(digest, (), "2026-11-22T00:00:00Z", others=(index,))
    assert sorted(r["image"] for r in _json(capsys, "images", "list")) == sorted(digests)
    assert main(["images", "verdict", index]) == 2
    assert "means 3 images" in capsys.readouterr().err


def test_a_bill_of_materials_stands_for_no_image_and_is_read_once(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(fleet / "new.tar", [[_OS, _status(("openssl", "3.0.11-1"))]])
    capsys.readouterr()
    main(["scan", *_QUICK, str(fleet / "new.tar"), "--format", "json"])
    new = json.loads(capsys.readouterr().out)["digest"]
    properties = [{"name": "aquasecurity:trivy:ImageID", "value": new}]
    component = {"type": "container", "name": "w", "version": "1", "properties": properties}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"component": component},
        "components": [],
    }
    (fleet / "bom.json").write_text(json.dumps(document))
    assert main(["images", "add", *_QUICK, f"sbom:{fleet / 'bom.json'}"]) == 0
    claimed = _json(capsys, "images", "verdict", new)
    assert (claimed["packages"], claimed["complete"], claimed["files_looked_at"]) == (
        0,
        False,
        False,
    )
    assert main(["images", "rescan", "--read", *_QUICK]) == 0
    assert "4 of 4 were read by this very version" in capsys.readouterr().err
    assert main(["images", "add", *_QUICK, str(fleet / "new.tar")]) == 0
    read = _json(capsys, "images", "verdict", new)
    assert (read["packages"], read["files_looked_at"]) == (1, True)
    # Nobody looked for secrets and malware: that there are none is not said.
    assert (read["secrets"], read["malware"], read["complete"]) == (None, None, False)
    main(["images", "verdict", new])
    assert "no: 1 gap, secrets not looked for, malware not looked for" in capsys.readouterr().out


def test_a_configuration_that_is_another_image_s_manifest_is_read(
    fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(fleet / "new.tar", [[_OS, _status(("openssl", "3.0.11-1"))]])
    capsys.readouterr()
    main(["scan", *_QUICK, str(fleet / "new.tar"), "--format", "json"])
    new = json.loads(capsys.readouterr().out)["digest"]
    clean = _json(capsys, "images", "list")[0]["digest"]
    with wiring.open_fleet(configuration.read()) as opened, opened.writing():
        opened.images.seen(clean, (), "2026-11-22T00:00:00Z", others=(new,))
    assert main(["images", "add", *_QUICK, str(fleet / "new.tar")]) == 0
    assert "was known" not in capsys.readouterr().out
    assert _json(capsys, "images", "verdict", new)["image"] == new


def test_judging_all_again_changes_nothing(fleet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["images", "rescan"]) == 0
    said = capsys.readouterr().out
    assert "judged again (asked for)" in said
    assert "nothing changed" in said


def test_without_a_fleet_there_is_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path))
    for command in (["list"], ["show", "x"], ["affected", "CVE-1"], ["rescan"]):
        assert main(["images", *command]) == 2
        assert "no image was added yet" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["nothing", "sha256:abcdef123", "web:1"])
def test_an_image_that_nobody_saw_is_named(
    text: str, fleet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["images", "show", text]) == 2
    assert f"{text}: no such image was seen" in capsys.readouterr().err
