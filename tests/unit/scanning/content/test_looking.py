import base64
import hashlib
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seawall.images import open_image, parse_target
from seawall.inventory import read_image
from seawall.model import Kind, Severity, Urgency
from seawall.scanning.content.contract import Hit, Place, Window
from seawall.scanning.content.inspection import ContentInspector
from seawall.scanning.content.looking import FIRST_GUESS, Contents, look_at
from tests.unit.inventory.images import file, link, save
from tests.unit.inventory.test_reading import OS_RELEASE, STATUS, stanza
from tests.unit.scanning.content.detectors import Words

Member = tuple[tarfile.TarInfo, bytes]
BYTES = 64 << 20


def md5sums(**files: bytes) -> bytes:
    lines = (
        f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}  {path}\n"
        for path, content in files.items()
    )
    return "".join(lines).encode()


def look(
    path: Path,
    *layers: list[Member],
    config: Mapping[str, Any] | None = None,
    kind: Kind = Kind.SECRET,
) -> Contents:
    target = save(path / "image.tar", list(layers), config)
    detectors = [Words(kind)]
    with open_image(parse_target(target)) as opened:
        inspector = ContentInspector(detectors, FIRST_GUESS, BYTES)
        reading = read_image(opened, inspector=inspector)
        return look_at(reading, opened, inspector)


def curl(content: bytes, version: str = "1", path: str = "usr/bin/curl") -> list[Member]:
    return [
        file(STATUS, stanza("curl", version)),
        file("var/lib/dpkg/info/curl.md5sums", md5sums(**{path: content})),
    ]


BASE = [file("etc/os-release", OS_RELEASE), *curl(b"vendor"), file("usr/bin/curl", b"vendor")]


def found(contents: Contents, kind: Kind) -> list[tuple[str, str]]:
    return [(f.path, f.reason) for f in contents.findings if f.kind is kind]


def test_a_file_as_its_package_brought_it_is_no_finding(tmp_path: Path) -> None:
    assert look(tmp_path, BASE).findings == ()


def test_a_file_changed_in_a_later_layer_is_found(tmp_path: Path) -> None:
    contents = look(tmp_path, BASE, [file("usr/bin/curl", b"trojan")])
    [finding] = contents.findings
    assert (finding.kind, finding.path, finding.name) == (Kind.TAMPERED, "usr/bin/curl", "curl")
    assert finding.severity is Severity.HIGH
    assert "changed in a later layer than the package's" in finding.reason
    recorded = hashlib.md5(b"vendor", usedforsecurity=False).hexdigest()[:16]
    now = hashlib.md5(b"trojan", usedforsecurity=False).hexdigest()[:16]
    assert recorded in finding.evidence
    assert now in finding.evidence


def test_a_file_changed_beside_its_package_is_found(tmp_path: Path) -> None:
    contents = look(tmp_path, [*BASE[:-1], file("usr/bin/curl", b"trojan")])
    [finding] = contents.findings
    assert "changed in the layer of the package itself" in finding.reason


def test_a_changed_file_in_a_directory_is_found(tmp_path: Path) -> None:
    for name, content in (
        ("var/lib/dpkg/status", stanza("curl", "1")),
        ("var/lib/dpkg/info/curl.md5sums", md5sums(**{"usr/bin/curl": b"vendor"})),
        ("usr/bin/curl", b"trojan"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with open_image(parse_target(f"dir:{tmp_path}")) as opened:
        inspector = ContentInspector([], FIRST_GUESS, BYTES)
        contents = look_at(read_image(opened, inspector=inspector), opened, inspector)
    [finding] = contents.findings
    assert (finding.kind, finding.path) == (Kind.TAMPERED, "usr/bin/curl")
    assert "layer" not in finding.reason


def test_a_secret_that_the_layer_itself_overwrites_is_nobodys_but_its_own(tmp_path: Path) -> None:
    secret = file("usr/bin/curl", b"TOKEN1")
    [finding] = look(tmp_path, [*BASE[:-1], secret, file("usr/bin/curl", b"vendor")]).findings
    assert (finding.kind, finding.urgency) == (Kind.SECRET, Urgency.NOW)
    assert "as its package" not in finding.reason


@dataclass
class _Slow(Words):
    """Takes its time, and notes whether it was asked meanwhile."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    was_interrupted: bool = False

    def look(self, _window: Window, _places: Sequence[Place] | None) -> Iterator[Hit]:
        if not self.lock.acquire(blocking=False):
            self.was_interrupted = True
            return
        time.sleep(0.3)
        self.lock.release()
        yield from ()


def test_all_is_looked_at_before_the_configuration_is(tmp_path: Path) -> None:
    digest = base64.b64encode(hashlib.sha1(b"x", usedforsecurity=False).digest()).decode()
    database = f"P:curl\nV:1\nF:usr/bin\nR:curl\nZ:Q1{digest}\n\n".encode()
    large = file("srv/large", bytes(2 << 20))  # searched by itself, at once
    layer = [file("lib/apk/db/installed", database), file("usr/bin/curl", b"x"), large]
    target = save(tmp_path / "image.tar", [layer], {"config": {"Env": ["A=1"]}})
    detector = _Slow()
    with open_image(parse_target(target)) as opened:
        inspector = ContentInspector([detector], FIRST_GUESS, BYTES)
        contents = look_at(read_image(opened, inspector=inspector), opened, inspector)
    assert contents.findings == (), "the second reading compared SHA-1"
    assert not detector.was_interrupted


def test_an_upgraded_package_changes_no_file_behind_its_back(tmp_path: Path) -> None:
    upgrade = [*curl(b"newer", "2"), file("usr/bin/curl", b"newer")]
    assert look(tmp_path, BASE, upgrade).findings == ()


def test_a_removed_file_is_not_a_changed_one(tmp_path: Path) -> None:
    assert look(tmp_path, BASE, [file("usr/bin/.wh.curl")]).findings == ()


def test_a_file_replaced_by_a_link_is_found(tmp_path: Path) -> None:
    soft = link("usr/bin/curl", "/tmp/evil", tarfile.SYMTYPE)
    assert found(look(tmp_path, BASE, [soft]), Kind.TAMPERED)[0][1].startswith(
        "/usr/bin/curl is now a link to /tmp/evil"
    )


def test_a_hard_link_is_judged_by_the_file_it_names(tmp_path: Path) -> None:
    other = [file("usr/bin/evil", b"trojan"), link("usr/bin/curl", "usr/bin/evil")]
    assert [path for path, _ in found(look(tmp_path, BASE, other), Kind.TAMPERED)] == [
        "usr/bin/curl"
    ]
    same = [file("usr/bin/same", b"vendor"), link("usr/bin/curl", "usr/bin/same")]
    assert look(tmp_path, BASE, same).findings == ()


def test_a_package_that_names_a_file_under_a_folder_that_is_a_link_is_understood(
    tmp_path: Path,
) -> None:
    layer = [
        link("bin", "usr/bin", tarfile.SYMTYPE),
        *curl(b"vendor", path="bin/curl"),
        file("usr/bin/curl", b"trojan"),
    ]
    assert [path for path, _ in found(look(tmp_path, layer), Kind.TAMPERED)] == ["usr/bin/curl"]


def test_of_many_changed_files_of_a_package_twenty_are_named_and_the_rest_counted(
    tmp_path: Path,
) -> None:
    files = {f"usr/share/x/{n}": b"vendor" for n in range(30)}
    layer = [
        file(STATUS, stanza("x", "1")),
        file("var/lib/dpkg/info/x.md5sums", md5sums(**files)),
        *(file(path, b"other") for path in files),
    ]
    findings = look(tmp_path, layer).findings
    assert len(findings) == 21
    assert "10 more files of x" in findings[-1].reason


def test_a_secret_in_a_vendors_own_file_is_nobodys_secret(tmp_path: Path) -> None:
    layer = [*curl(b"TOKEN1"), file("usr/bin/curl", b"TOKEN1"), file("srv/x", b"TOKEN1")]
    urgencies = {f.path: f.urgency for f in look(tmp_path, layer).findings}
    assert urgencies == {"usr/bin/curl": Urgency.HIDDEN, "srv/x": Urgency.NOW}


def test_a_wheels_own_record_makes_nobody_a_vendor(tmp_path: Path) -> None:
    path = "usr/local/lib/python3.11/site-packages/app/settings.py"
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"TOKEN1").digest()).rstrip(b"=").decode()
    info = "usr/local/lib/python3.11/site-packages/app-1.dist-info"
    layer = [
        file(f"{info}/METADATA", b"Name: app\nVersion: 1\n"),
        file(f"{info}/RECORD", f"app/settings.py,sha256={digest},6\n".encode()),
        file(path, b"TOKEN1"),
    ]
    [finding] = look(tmp_path, layer).findings
    assert finding.urgency is Urgency.NOW


def test_a_vendors_file_that_an_upgrade_replaced_is_the_vendors_all_the_same(
    tmp_path: Path,
) -> None:
    upgrade = [*curl(b"newer", "2"), file("usr/bin/curl", b"newer")]
    layer = [*curl(b"TOKEN1"), file("usr/bin/curl", b"TOKEN1")]
    assert [f.urgency for f in look(tmp_path, layer, upgrade).findings] == [Urgency.HIDDEN]


def test_malware_in_a_vendors_own_file_counts(tmp_path: Path) -> None:
    layer = [*curl(b"TOKEN1"), file("usr/bin/curl", b"TOKEN1")]
    assert len(found(look(tmp_path, layer, kind=Kind.MALWARE), Kind.MALWARE)) == 1


def test_a_secret_that_a_later_layer_deletes_is_still_in_the_image(tmp_path: Path) -> None:
    contents = look(tmp_path, [file("app/.env", b"TOKEN1")], [file("app/.wh..env")], [file("x")])
    [finding] = contents.findings
    layers = [finding.layer, finding.removed_in]
    assert finding.path == "app/.env"
    assert len(set(layers)) == 2
    assert all(layer.startswith("sha256:") for layer in layers)


def test_the_same_secret_in_two_layers_is_told_once_for_the_file_that_is_seen(
    tmp_path: Path,
) -> None:
    contents = look(tmp_path, [file("a", b"TOKEN1")], [file("a", b"TOKEN1")])
    [finding] = contents.findings
    assert not finding.removed_in


def test_the_images_configuration_is_searched_for_secrets(tmp_path: Path) -> None:
    config = {
        "config": {
            "Env": ["PATH=/bin", "KEY=TOKEN1"],
            "Labels": {"a": "TOKEN2"},
            "Cmd": ["run", "--key", "TOKEN3"],
        },
        "history": [{"created_by": "RUN curl -H TOKEN4"}],
    }
    contents = look(tmp_path, [file("x")], config=config)
    assert [(f.path, f.reason) for f in contents.findings] == [
        ("(environment)", "TOKEN1"),
        ("(labels)", "TOKEN2"),
        ("(command)", "TOKEN3"),
        ("(history)", "TOKEN4"),
    ]


def test_only_visible_setuid_files_and_dockerfiles_are_told(tmp_path: Path) -> None:
    su, gone = file("usr/bin/su", b"x"), file("usr/bin/gone", b"x")
    su[0].mode = gone[0].mode = 0o4755
    contents = look(
        tmp_path,
        [su, gone, file("Dockerfile", b"FROM scratch\n")],
        [file("usr/bin/.wh.gone"), file("web/Containerfile", b"FROM x\n")],
    )
    assert contents.privileged == {"usr/bin/su": 0o4755}
    assert list(contents.build_files) == ["Dockerfile", "web/Containerfile"]
