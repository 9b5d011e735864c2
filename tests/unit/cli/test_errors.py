"""Wrong use and broken input end in one line that says what, where and what to do."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seawall.cli import main, wiring
from seawall.errors import OutputUnwritable
from tests.unit.inventory.images import file, save, tar

STATUS = b"Package: a\nStatus: install ok installed\nVersion: 1\n\n"
OS_RELEASE = b"ID=debian\nVERSION_ID=12\n"


@pytest.fixture
def small(tmp_path: Path) -> str:
    return save(
        tmp_path / "small.tar",
        [[file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status", STATUS)]],
    )


def fails(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    """Run a command that must end with `code` and a short message; return the message."""
    assert main(list(arguments)) == code
    message = capsys.readouterr().err
    assert message.startswith("seawall: ")
    assert "Traceback" not in message
    assert len(message.splitlines()) <= 2
    return message


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    message = fails(capsys, 2, "scan", "docker-archive:/no/such/file.tar")
    assert "/no/such/file.tar" in message


def test_a_path_without_prefix_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "/no/such" in fails(capsys, 2, "scan", "/no/such")


def test_a_directory_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    message = fails(capsys, 2, "scan", "dir:/no/such/folder")
    assert "/no/such/folder" in message
    assert "no such" in message.lower()


def test_a_truncated_archive(capsys: pytest.CaptureFixture[str], small: str) -> None:
    path = Path(small.partition(":")[2])
    path.write_bytes(path.read_bytes()[:3000])
    assert "truncated" in fails(capsys, 3, "scan", small)


def test_a_corrupt_archive(capsys: pytest.CaptureFixture[str], small: str) -> None:
    path = Path(small.partition(":")[2])
    content = bytearray(path.read_bytes())
    place = content.index(b"Version: 1")
    content[place : place + 10] = b"Version: 2"
    path.write_bytes(content)
    message = fails(capsys, 3, "scan", small)
    assert "expected sha256:" in message
    assert "content is sha256:" in message


def test_a_file_that_is_no_archive(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("hello\n" * 200)
    assert "not a tar archive" in fails(capsys, 3, "scan", f"docker-archive:{path}")
    assert "not a tar archive" in fails(capsys, 3, "scan", str(path))


def test_an_empty_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    fails(capsys, 3, "scan", f"oci-archive:{path}")
    fails(capsys, 3, "scan", str(path))


def test_a_tar_archive_of_no_image(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "plain.tar"
    path.write_bytes(tar([file("a", b"b")]))
    assert "of no image" in fails(capsys, 3, "scan", str(path))
    assert "no manifest.json" in fails(capsys, 3, "scan", f"docker-archive:{path}")
    assert "no index.json" in fails(capsys, 3, "scan", f"oci-archive:{path}")


def test_a_directory_that_is_no_layout(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "no index.json" in fails(capsys, 3, "scan", f"oci-dir:{tmp_path}")


def test_a_daemon_that_does_not_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/docker.sock")
    message = fails(capsys, 3, "scan", "docker:debian")
    assert "/no/such/docker.sock" in message
    assert "DOCKER_HOST" in message


def test_a_daemon_of_an_unknown_kind(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://host")
    assert "ssh://host" in fails(capsys, 3, "scan", "docker:debian")


def test_a_store_that_is_damaged(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    small: str,
) -> None:
    (tmp_path / "advisories.sqlite").write_bytes(b"nonsense" * 1000)
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path))
    message = fails(capsys, 3, "scan", small)
    assert "advisories.sqlite" in message
    assert "seawall advisories update" in message


def test_a_folder_without_feeds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert str(tmp_path) in fails(capsys, 2, "advisories", "import", str(tmp_path))


def test_a_mirror_that_does_not_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEAWALL_HOME", str(tmp_path))
    monkeypatch.setattr("time.sleep", lambda _: None)  # retries are polite, tests are not
    message = fails(capsys, 3, "advisories", "update", "--url", "http://127.0.0.1:9")
    assert "127.0.0.1:9" in message


def test_an_output_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], small: str, tmp_path: Path
) -> None:
    for command in ("inventory", "scan"):
        for place, why in {
            str(tmp_path / "no/folder/out.json"): "no folder",
            str(tmp_path): "is a folder",
            "/dev/full": "No space left",
        }.items():
            message = fails(capsys, 3, command, small, "-o", place)
            assert f"{place}: cannot be written" in message
            assert why in message
    assert list(tmp_path.iterdir()) == [tmp_path / "small.tar"]


def test_what_was_there_stays_when_the_result_cannot_be_written(tmp_path: Path, small: str) -> None:
    place = tmp_path / "out.json"
    place.write_text("old")

    def write() -> None:
        with wiring.output(str(place)) as out:
            out.write("half of a result")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputUnwritable, match="No space left"):
        write()
    assert place.read_text() == "old"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.json", "small.tar"]


def test_a_link_that_waits_for_the_draft_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    monkeypatch.setattr("os.urandom", bytes)
    (tmp_path / f".seawall-{'00' * 8}").symlink_to(victim)
    with pytest.raises(OutputUnwritable), wiring.output(str(tmp_path / "out")) as out:
        out.write("x")
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("command", ["inventory", "scan"])
def test_an_output_whose_links_lead_in_a_circle(
    capsys: pytest.CaptureFixture[str], small: str, tmp_path: Path, command: str
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(tmp_path / "pool")
    (tmp_path / "pool").symlink_to(loop)
    assert f"{loop}: cannot be written" in fails(capsys, 3, command, small, "-o", str(loop))
    inside = str(loop / "out")
    assert f"{inside}: cannot be written" in fails(capsys, 3, command, small, "-o", inside)
    with pytest.raises(OutputUnwritable), wiring.binary_output(str(loop)):
        pass
    assert loop.is_symlink()


def test_a_disk_that_fails_while_reading_is_not_stdouts_fault(
    capsys: pytest.CaptureFixture[str], small: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> object:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("seawall.images.open_image", fail)
    message = fails(capsys, 3, "inventory", small)
    assert message == "seawall: Input/output error\n"


@pytest.mark.parametrize("setting", ["ratio=x", "speed=9", "entries=0", "file_bytes=-1"])
def test_a_limit_that_makes_no_sense(
    capsys: pytest.CaptureFixture[str], small: str, setting: str
) -> None:
    assert setting in fails(capsys, 2, "scan", small, "--limit", setting)


def test_an_image_over_a_limit(capsys: pytest.CaptureFixture[str], small: str) -> None:
    message = fails(capsys, 3, "scan", small, "--limit", "image_bytes=1k")
    assert "image_bytes" in message
    assert "--limit" in message


def test_an_unknown_option_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["scan", "x", "--nonsense"])
    assert end.value.code == 2


def test_a_reader_that_stops_early_is_no_error(small: str) -> None:
    command = f"{sys.executable} -m seawall inventory {small} | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, check=False
    )
    assert done.stderr == b""
    assert done.returncode == 0


def test_a_result_that_is_incomplete_has_its_own_exit_code(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    target = save(tmp_path / "i.tar", [[file("var/lib/portage/world", b"dev-lang/python\n")]])
    assert main(["scan", target]) == 3
    shown = capsys.readouterr()
    assert "Portage" in shown.err
    assert "Portage" in shown.out
    assert main(["scan", target, "--allow-incomplete"]) == 0
    assert main(["inventory", target]) == 3


def test_findings_over_the_threshold_end_with_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    metadata = file(
        "usr/lib/python3/dist-packages/x.dist-info/METADATA", b"Name: pillow\nVersion: 9.4.0\n"
    )
    target = save(tmp_path / "i.tar", [[metadata]])
    assert main(["scan", target]) == 0
    assert main(["scan", target, "--fail-on", "critical"]) in (0, 1)
    assert main(["scan", target, "--fail-on", "high"]) == 1
    capsys.readouterr()
    assert main(["scan", target, "--format", "json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert "CVE-2023-4863" in {finding["id"] for finding in findings}


def test_a_second_form_is_written_in_the_same_run(
    capsys: pytest.CaptureFixture[str], small: str, tmp_path: Path
) -> None:
    page, sarif = tmp_path / "r.html", tmp_path / "r.sarif"
    assert main(["scan", small, "--also", f"html={page}", "--also", f"sarif={sarif}"]) == 0
    assert page.read_text().lower().startswith("<!doctype html>")
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert capsys.readouterr().out


def test_what_an_image_says_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    evil = "app/node_modules/\x1b[2Jx/package.json"
    target = save(tmp_path / "i.tar", [[file(evil, b"{")]])
    main(["scan", target])
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err


def test_the_modules_name_runs_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seawall", "--version"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert done.stdout.startswith("seawall ")


def in_shell(line: str, setting: dict[str, str] | None = None) -> tuple[int, str]:
    """Run ``seawall LINE`` in a shell; return its exit code and what it said."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m seawall {line}"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (setting or {}),
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "command", ["inventory", "scan", "cache status", "cache prune", "advisories status"]
)
def test_a_full_disk_is_a_plain_error(small: str, command: str, unbuffered: str) -> None:
    target = small if command in ("inventory", "scan") else ""
    code, said = in_shell(f"{command} {target} > /dev/full", {"PYTHONUNBUFFERED": unbuffered})
    assert code == 3
    assert said.startswith("seawall: stdout: cannot be written (No space left on device)")


def test_a_help_that_cannot_be_written_is_no_success() -> None:
    assert in_shell("--help > /dev/full", {"PYTHONUNBUFFERED": ""})[0] == 3


def test_a_stdout_that_is_shut_takes_no_result_and_a_file_does(small: str, tmp_path: Path) -> None:
    code, said = in_shell(f"scan {small} >&-")
    assert (code, said.splitlines()[0]) == (3, "seawall: stdout: cannot be written (it is closed)")
    assert in_shell(f"scan {small} -o {tmp_path}/out >&-")[0] == 0
    assert (tmp_path / "out").read_text()


def test_a_poor_stdout_is_no_crash(small: str) -> None:
    assert in_shell(f"scan {small}", {"PYTHONIOENCODING": "ascii"})[0] == 0


@pytest.mark.parametrize("command", ["scan", "inventory"])
@pytest.mark.parametrize(
    "target",
    ["docker-archive:", "oci-archive:", "oci-dir:", "dir:", "sbom:", "", "docker-archive:x:"],
)
def test_where_nothing_is_every_form_says_the_same(
    capsys: pytest.CaptureFixture[str], command: str, target: str
) -> None:
    message = fails(capsys, 2, command, f"{target}/no/such")
    assert message.splitlines()[0] == f"seawall: {target}/no/such: no such file or directory"


@pytest.mark.parametrize(
    ("named", "prefixes", "hint"),
    [
        (("Dockerfile", "FROM debian\n"), ("", "docker-archive:"), "dir:{folder};"),
        (("build.txt", "# x\nARG A\nFROM a\n"), ("", "oci-archive:"), "dir:{folder};"),
        (("Dockerfile", "FROM debian\n"), ("dir:",), "dir:{folder}"),
        (("a.txt", "hello"), ("", "docker-archive:"), "dir:{folder};"),
        (("bom.json", '{"bomFormat": 1}'), ("docker-archive:", "dir:"), "sbom:{folder}/bom.json"),
    ],
)
def test_a_file_that_is_no_image_is_told_the_form_that_works(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    named: tuple[str, str],
    prefixes: tuple[str, ...],
    hint: str,
) -> None:
    name, content = named
    (tmp_path / name).write_text(content)
    for prefix in prefixes:
        wrong_use = prefix == "dir:"  # seen before anything is opened
        message = fails(capsys, 2 if wrong_use else 3, "scan", f"{prefix}{tmp_path / name}")
        assert hint.format(folder=tmp_path) in message.splitlines()[1]


def test_a_tar_file_named_as_a_directory_is_told_its_form(
    capsys: pytest.CaptureFixture[str], small: str
) -> None:
    path = small.partition(":")[2]
    for prefix in ("dir", "oci-dir"):
        assert f"docker-archive:{path}" in fails(capsys, 2, "scan", f"{prefix}:{path}")


def inventoried(target: str, output: str, stdout: int, passed: tuple[int, ...] = ()) -> None:
    command = [sys.executable, "-m", "seawall", "inventory", target, "--no-cache"]
    output_there = ["--format", "json", "-o", output]
    subprocess.run([*command, *output_there], stdout=stdout, pass_fds=passed, check=True)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/fd/{}"])
def test_a_pipe_is_written_by_the_name_of_its_descriptor(small: str, name: str) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader:
        is_stdout = "{}" not in name
        stdout = writing if is_stdout else subprocess.DEVNULL
        inventoried(small, name.format(writing), stdout, () if is_stdout else (writing,))
        os.close(writing)
        assert json.loads(reader.read())["packages"]


def test_a_log_that_stdout_appends_to_keeps_what_it_has(small: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("earlier\n")
    with log.open("ab") as appended:
        inventoried(small, "/dev/stdout", appended.fileno())
    before, _, document = log.read_text().partition("\n")
    assert before == "earlier"
    assert json.loads(document)["packages"]


def test_a_descriptor_that_is_not_open_is_told_before_the_work(
    capsys: pytest.CaptureFixture[str], small: str
) -> None:
    message = fails(capsys, 3, "inventory", small, "-o", "/dev/fd/987")
    assert "no such descriptor" in message


def test_an_output_that_is_a_pipe_or_a_link_stays_one(small: str, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)
    assert main(["inventory", small, "--format", "json", "-o", str(link)]) == 0
    assert link.is_symlink()
    assert json.loads(real.read_text())["packages"]
    assert real.stat().st_mode & 0o777 == 0o600
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    assert main(["inventory", small, "--format", "json", "-o", str(pipe)]) == 0
    assert pipe.is_fifo()
    assert json.loads(reader.communicate()[0])["packages"]


def test_a_reader_that_stops_early_does_not_open_the_gate(tmp_path: Path) -> None:
    metadata = file("x/a.dist-info/METADATA", b"Name: pillow\nVersion: 9.4.0\n")
    many = [
        file(f"x/{n}.dist-info/METADATA", b"Name: django\nVersion: 3.2.%d\n" % n) for n in range(20)
    ]
    target = save(tmp_path / "i.tar", [[metadata, *many]])
    scan = f"{sys.executable} -m seawall scan {target} --fail-on high --all --format html"
    done = subprocess.run(
        ["bash", "-c", f"{scan} | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1


def test_ids_are_found_in_any_case(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    metadata = file("x/a.dist-info/METADATA", b"Name: pillow\nVersion: 9.4.0\n")
    target = save(tmp_path / "i.tar", [[metadata]])
    assert main(["scan", target, "--explain", "cve-2023-4863"]) == 0
    assert "reported." in capsys.readouterr().out


def test_explaining_takes_no_other_output(capsys: pytest.CaptureFixture[str], small: str) -> None:
    assert "--explain" in fails(capsys, 2, "scan", small, "--explain", "X", "--format", "json")
    assert "--explain" in fails(capsys, 2, "scan", small, "--explain", "")


@pytest.mark.parametrize("target", ["no-such-file.tar", "registry:Debian"])
def test_what_is_no_image_of_the_daemon_is_not_asked_of_it(
    capsys: pytest.CaptureFixture[str], target: str
) -> None:
    assert "docker" not in fails(capsys, 2, "scan", target).splitlines()[0]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("var/lib/dpkg/status", b"Package: a\nVersion: 1" + b" " * 2_000_000 + b"x\n"),
        ("a/b.dist-info/METADATA", b"Name: a\nVersion: 1" + b" " * 2_000_000 + b"x\n"),
        ("etc/os-release", b'ID="' + b"a " * 2_000_000 + b'"\n'),
        ("a/node_modules/b/package.json", b"[" + b"[]," * 1_000_000 + b"[]]"),
    ],
)
def test_long_lines_take_no_long_time(tmp_path: Path, path: str, content: bytes) -> None:
    target = save(tmp_path / "i.tar", [[file(path, content)]])
    command = [sys.executable, "-m", "seawall", "scan", target]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
