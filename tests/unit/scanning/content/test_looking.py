import base64
import hashlib
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from seawall.images import open_image, parse_target
from seawall.inventory import read_image
from seawall.model import Finding, Kind, Severity, Urgency
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


@pytest.mark.parametrize("after", [False, True])
def test_a_hard_link_to_where_no_package_has_files_is_found(tmp_path: Path, after: bool) -> None:
    layer = [file("tmp/evil", b"trojan"), link("usr/bin/curl", "tmp/evil")]
    contents = look(tmp_path, BASE, layer[::-1] if after else layer)
    [(path, reason)] = found(contents, Kind.TAMPERED)
    assert path == "usr/bin/curl"
    assert reason.startswith("/usr/bin/curl is now a hard link to /tmp/evil")


def test_the_objects_of_ostree_are_where_its_packages_have_their_files(tmp_path: Path) -> None:
    place = "sysroot/ostree/repo/objects/ab/cd.file"
    layer = [*BASE[:-1], file(place, b"vendor"), link("usr/bin/curl", place)]
    assert look(tmp_path, layer).findings == ()


def wheel(name: str, folder: str, **files: bytes) -> list[Member]:
    def line(path: str, content: bytes) -> str:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        return f"{path},sha256={digest},{len(content)}\n"

    info = f"{folder}/{name}-1.dist-info"
    return [
        file(f"{info}/METADATA", f"Name: {name}\nVersion: 1\n".encode()),
        file(f"{info}/RECORD", "".join(line(*item) for item in files.items()).encode()),
    ]


def test_a_wheel_that_links_to_its_installers_cache_is_not_changed(tmp_path: Path) -> None:
    folder = "opt/venv/lib/python3.11/site-packages"
    for cache in ("root/.cache/uv/archive-v0/x/foo.py", "opt/cache/uv/archive-v0/x/foo.py"):
        layer = [
            *BASE,
            *wheel("foo", folder, **{"foo.py": b"code"}),
            file(cache, b"code"),
            link(f"{folder}/foo.py", cache),
        ]
        assert look(tmp_path, layer).findings == ()


def test_a_wheel_does_not_speak_for_the_files_of_a_systems_package(tmp_path: Path) -> None:
    layer = [
        *wheel("foo", "opt/x/site-packages", **{"/usr/bin/curl": b"trojan"}),
        file("usr/bin/curl", b"trojan"),
    ]
    for layers in ([BASE, layer], [layer[:2], [*BASE[:-1], layer[2]]]):
        [finding] = look(tmp_path, *layers).findings
        assert (finding.name, finding.path) == ("curl", "usr/bin/curl")


def test_where_a_system_package_cannot_be_compared_the_wheel_in_it_can(tmp_path: Path) -> None:
    folder = "usr/lib/python3.11/site-packages"
    digest = base64.b64encode(hashlib.sha1(b"code", usedforsecurity=False).digest()).decode()
    database = f"P:py3-foo\nV:1\nF:{folder}\nR:foo.py\nZ:Q1{digest}\n\n".encode()
    layer = [
        file("lib/apk/db/installed", database),
        *wheel("foo", folder, **{"foo.py": b"code"}),
        file(f"{folder}/foo.py", b"trojan"),
    ]
    [finding] = look(tmp_path, layer).findings
    assert (finding.name, finding.path) == ("foo", f"{folder}/foo.py")


SUMS = "var/lib/dpkg/info/curl.md5sums"


@pytest.mark.parametrize("gone", [file("var/lib/dpkg/info/.wh.curl.md5sums"), file(SUMS, b"")])
def test_a_record_that_is_deleted_speaks_on_while_its_package_stays(
    tmp_path: Path, gone: Member
) -> None:
    trojan = file("usr/bin/curl", b"trojan")
    [finding] = look(tmp_path, BASE, [gone, trojan]).findings
    assert (finding.path, finding.installed) == ("usr/bin/curl", "1")


def test_a_deleted_record_does_not_speak_of_another_version_or_a_removed_package(
    tmp_path: Path,
) -> None:
    gone, other = file("var/lib/dpkg/info/.wh.curl.md5sums"), file("usr/bin/curl", b"newer")
    assert look(tmp_path, BASE, [file(STATUS, stanza("curl", "2")), gone, other]).findings == ()
    assert look(tmp_path, BASE, [file(STATUS, stanza("bash", "1")), gone, other]).findings == ()


def test_a_changed_file_names_the_package_that_brought_it(tmp_path: Path) -> None:
    [finding] = look(tmp_path, BASE, [file("usr/bin/curl", b"trojan")]).findings
    assert finding.brought_by.startswith("pkg:deb/debian/curl@1")
    folder = "srv/site-packages"
    layer = [
        *wheel("foo_bar", folder, **{"foo.py": b"code"}),
        file(f"{folder}/foo.py", b"trojan"),
    ]
    [finding] = look(tmp_path, layer).findings
    assert finding.brought_by == "pkg:pypi/foo-bar@1"


def test_the_worst_changed_files_are_named_and_the_rest_is_as_bad_as_its_worst(
    tmp_path: Path,
) -> None:
    texts = {f"usr/share/doc/x/{n:02}": b"vendor" for n in range(25)}
    programs = {f"usr/share/zz/bin/{n:02}": b"vendor" for n in range(3)}

    def changed(files: dict[str, bytes]) -> Sequence[Finding]:
        layer = [
            file(STATUS, stanza("x", "1")),
            file("var/lib/dpkg/info/x.md5sums", md5sums(**files)),
            *(file(path, b"other") for path in files),
        ]
        return look(tmp_path, layer).findings

    *named, rest = changed(texts | programs)
    assert [f.path for f in named[:3]] == list(programs)
    assert (rest.severity, rest.urgency, rest.path) == (Severity.LOW, Urgency.WATCH, "")
    assert rest.title == "8 more files differ from package x 1"
    assert rest.brought_by == named[0].brought_by
    *_, rest = changed({f"usr/bin/{n:02}": b"vendor" for n in range(21)})
    assert (rest.severity, rest.urgency) == (Severity.HIGH, Urgency.SOON)
    assert rest.title == "1 more file differs from package x 1"


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


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("ENV A=TOKEN1 # buildkit", False),
        ("ENV A=TOKEN1 B=2 # buildkit", False),
        ("/bin/sh -c #(nop)  ENV A=TOKEN1", False),
        ("ENV A TOKEN1", False),
        ("ENV A=TOKEN10 # buildkit", True),
        ("ENV A=TOKEN1 C=TOKEN3 # buildkit", True),
        ("RUN |1 A=TOKEN1 /bin/sh -c make # buildkit", True),
    ],
)
def test_what_the_environment_tells_the_history_does_not_tell_again(
    tmp_path: Path, step: str, told: bool
) -> None:
    config = {"config": {"Env": ["A=TOKEN1", "B=2"]}, "history": [{"created_by": step}]}
    findings = look(tmp_path, [], config=config).findings
    assert [f.path for f in findings] == ["(environment)"] + ["(history)"] * told


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
