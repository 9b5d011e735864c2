import csv
from pathlib import Path

import pytest

from seawall.images import open_image, parse_target
from seawall.inventory import read_image
from seawall.model import (
    Distribution,
    Finding,
    Image,
    ImageConfig,
    ImageRef,
    Inventory,
    Kind,
    Layer,
    Package,
    Severity,
    Step,
    Urgency,
)
from seawall.scanning.configuration import configuration_findings, is_project
from seawall.scanning.content.inspection import ContentInspector
from seawall.scanning.content.looking import FIRST_GUESS, Contents, look_at

FOLDER = Path(__file__).parents[3] / "data" / "dockerfiles"
NOTHING = Inventory("dir:.", "", None, ())
DEBIAN = Inventory("dir:/", "", Distribution("debian", "12"), (Package("deb", "sudo", "1"),))
PROJECT = Image(ImageRef("dir", "."), "", (Layer(""),))
BAD = b"FROM debian\nUSER root\n"


def image(*steps: Step, layers: int = 0, **config: object) -> Image:
    settings = ImageConfig(history=steps, **config)  # type: ignore[arg-type]  # by name
    ids = tuple(Layer(f"sha256:{n}") for n in range(layers))
    return Image(ImageRef("docker", "shop/api"), "sha256:c", ids, config=settings)


def found(target: Image, contents: Contents, inventory: Inventory = NOTHING) -> list[Finding]:
    return list(configuration_findings(target, contents, inventory))


def ids(findings: list[Finding]) -> set[str]:
    return {finding.id for finding in findings}


def test_a_finding_says_where_what_and_what_to_do() -> None:
    [finding, *_] = found(PROJECT, Contents(build_files={"api/Dockerfile": BAD}))
    assert (finding.kind, finding.id) == (Kind.CONFIGURATION, "runs-as-root")
    assert (finding.path, finding.line, finding.evidence) == ("api/Dockerfile", 2, "USER root")
    assert (finding.severity, finding.urgency) == (Severity.MEDIUM, Urgency.SOON)
    assert finding.title
    assert finding.remedy


def test_a_dockerfile_within_an_image_or_a_root_file_system_is_not_judged() -> None:
    contents = Contents(build_files={"app/Dockerfile": BAD})
    assert "latest-tag" in ids(found(PROJECT, contents))
    assert found(PROJECT, contents, DEBIAN) == []
    assert all(f.path != "app/Dockerfile" for f in found(image(), contents))
    assert is_project(PROJECT, NOTHING)
    assert not is_project(PROJECT, DEBIAN)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_dockerfile_is_judged_in_whatever_encoding_an_editor_wrote_it(encoding: str) -> None:
    contents = Contents(build_files={"Dockerfile": BAD.decode().encode(encoding)})
    assert found(PROJECT, contents) == found(PROJECT, Contents(build_files={"Dockerfile": BAD}))


def test_setuid_files_of_a_root_file_system_are_judged() -> None:
    contents = Contents(privileged={"opt/x": 0o4755})
    assert ids(found(PROJECT, contents, DEBIAN)) == {"setuid-files"}


def test_dockerfiles_of_others_and_what_only_has_such_a_name_are_not_judged() -> None:
    names = ["node_modules/a/Dockerfile", "vendor/x/Dockerfile", "Dockerfile.dockerignore"]
    names += ["dockerfile_parse.py", "Dockerfile.j2"]
    files = dict.fromkeys(names, BAD) | {"docs/Dockerfile.notes": b"how to build"}
    assert found(PROJECT, Contents(build_files=files)) == []


def test_a_step_of_the_history_is_attributed_to_its_layer() -> None:
    steps = (
        Step("/bin/sh -c #(nop) ADD file:1 in / "),
        Step('CMD ["x"]', is_empty=True),
        Step("RUN /bin/sh -c curl https://x.example | sh # buildkit"),
    )
    [finding] = [f for f in found(image(*steps, layers=2), Contents()) if f.id == "curl-pipe-shell"]
    assert (finding.path, finding.line, finding.layer) == ("(history)", 3, "sha256:1")


def test_a_history_that_does_not_fit_the_layers_attributes_nothing() -> None:
    steps = (Step("RUN /bin/sh -c apt-get update"),)
    layers = {f.layer for f in found(image(*steps, layers=3), Contents())}
    assert layers == {""}


def test_a_containers_own_layer_does_not_shift_the_others() -> None:
    one = image(Step("RUN /bin/sh -c apt-get update"), layers=1)
    container = Image(one.ref, "", (*one.layers, Layer("", "changed")), config=one.config)
    [finding] = [f for f in found(container, Contents()) if f.id == "update-alone"]
    assert finding.layer == "sha256:0"


def test_a_secret_that_the_detector_found_is_told_once() -> None:
    target = image(env=("DB_PASSWORD=hunter2-prod",))
    assert "secret-in-environment" in ids(found(target, Contents()))
    known = Finding(Kind.SECRET, "x", Severity.HIGH, Urgency.NOW, "", path="(environment)", line=1)
    assert "secret-in-environment" not in ids(found(target, Contents(findings=(known,))))


def test_of_two_secrets_at_one_place_that_of_an_account_is_told_beside_the_detectors() -> None:
    text = b"FROM debian:12\nRUN sshpass -p hunter2-prod ssh a && useradd -p hunter3-prod b\n"
    known = Finding(Kind.SECRET, "x", Severity.HIGH, Urgency.NOW, "", path="Dockerfile", line=2)
    for detected, shown in (((), ["sshpass -p …", "useradd --password …"]), ((known,), None)):
        contents = Contents(findings=detected, build_files={"Dockerfile": text})
        told = [f.evidence for f in found(PROJECT, contents) if f.id == "password-in-command"]
        assert told == (shown or ["useradd --password …"])


def test_an_ignore_comment_suppresses_its_check_with_its_reason() -> None:
    text = b"# seawall: ignore runs-as-root it drops its rights itself\nFROM debian:12\n"
    findings = found(PROJECT, Contents(build_files={"Dockerfile": text}))
    said = {f.id: f.suppressed for f in findings}
    assert said["runs-as-root"] == "a comment in Dockerfile, line 1: it drops its rights itself"
    assert said["unpinned-base"] == ""


def test_an_ignore_comment_without_a_reason_suppresses_nothing() -> None:
    text = b"# seawall: ignore runs-as-root\nFROM debian:12\n"
    findings = found(PROJECT, Contents(build_files={"Dockerfile": text}))
    assert all(not f.suppressed for f in findings)
    assert "build-file-syntax" in ids(findings)


def test_of_many_findings_of_a_check_twenty_are_told_and_the_rest_counted() -> None:
    text = b"FROM debian:12\n" + b"RUN apt-get update\n" * 100
    findings = found(PROJECT, Contents(build_files={"Dockerfile": text}))
    alone = [f for f in findings if f.id == "update-alone"]
    assert len(alone) == 20
    assert alone[-1].reason.endswith(", and 80 more like it")


def test_what_the_dockerfile_shows_the_history_shows_too() -> None:
    text = b"FROM debian:12\nRUN curl -k https://x.example | sh\nUSER root\n"
    build = ids(found(PROJECT, Contents(build_files={"Dockerfile": text})))
    step = Step("RUN /bin/sh -c curl -k https://x.example | sh # buildkit")
    built = ids(found(image(step, user="root"), Contents()))
    assert {"curl-pipe-shell", "certificate-check-off", "runs-as-root"} <= build & built


# As BuildKit and Debian's own tool wrote it for an official image (python:3.12-slim-bookworm).
CLEAN = (
    Step("# debian.sh --arch 'amd64' out/ 'bookworm' '@1718582400'"),
    Step("ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", is_empty=True),
    Step(
        "RUN /bin/sh -c set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends "
        "\t\tca-certificates \t\tnetbase \t\ttzdata \t; \trm -rf /var/lib/apt/lists/* # buildkit"
    ),
    Step("ENV GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305", is_empty=True),
    Step(
        'RUN /bin/sh -c set -eux; \twget -O python.tar.xz "https://www.python.org/ftp/python/'
        '${PYTHON_VERSION%%[a-z]*}/Python-$PYTHON_VERSION.tar.xz"; \tGNUPGHOME="$(mktemp -d)"; '
        "export GNUPGHOME; \tgpg --batch --verify python.tar.xz.asc python.tar.xz; \trm -rf "
        '"$GNUPGHOME" # buildkit'
    ),
    Step('CMD ["python3"]', is_empty=True),
)


def test_an_official_base_image_only_runs_as_root_and_has_no_health_check() -> None:
    env = ("PATH=/usr/local/bin:/bin", "LANG=C.UTF-8", "GPG_KEY=7169605F62C751356D054A26A821E680")
    target = image(*CLEAN, layers=3, env=env, command=("python3",))
    assert ids(found(target, Contents())) == {"runs-as-root", "no-health-check"}


def test_a_projects_folder_is_read_and_judged(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "Dockerfile.prod").write_bytes(BAD)
    with open_image(parse_target(f"dir:{tmp_path}")) as opened:
        inspector = ContentInspector((), FIRST_GUESS, 1 << 20)
        contents = look_at(read_image(opened, inspector=inspector), opened, inspector)
        findings = configuration_findings(opened.image, contents, NOTHING)
    assert {f.path for f in findings} == {"api/Dockerfile.prod"}
    assert {"runs-as-root", "latest-tag"} <= ids(list(findings))


def test_an_ignore_file_is_seen_beside_its_dockerfile() -> None:
    files = {"api/Dockerfile": b"FROM debian:12\nCOPY . .\n"}
    assert "whole-context-copied" in ids(found(PROJECT, Contents(build_files=files)))
    files["api/.dockerignore"] = b".git\n"
    assert "whole-context-copied" not in ids(found(PROJECT, Contents(build_files=files)))


def test_a_projects_ignore_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM debian:12\nCOPY . .\n")
    found: list[bool] = []
    for text in (None, b"", b"!src\n", b".git\n"):
        if text is not None:
            (tmp_path / ".dockerignore").write_bytes(text)
        with open_image(parse_target(f"dir:{tmp_path}")) as opened:
            inspector = ContentInspector((), FIRST_GUESS, 1 << 20)
            contents = look_at(read_image(opened, inspector=inspector), opened, inspector)
            findings = configuration_findings(opened.image, contents, NOTHING)
        found.append("whole-context-copied" in ids(list(findings)))
    assert found == [True, True, True, False]


def test_a_secret_is_one_by_its_kind_whoever_finds_it() -> None:
    text = (
        b"FROM debian:12\nARG API_TOKEN=x7Kq-29f\nENV DB_PASSWORD=hunter2-prod\nCOPY .env /app/\n"
        b"RUN echo root:hunter2-prod | chpasswd\nUSER root\n"
    )
    findings = found(PROJECT, Contents(build_files={"Dockerfile": text}))
    assert ids([f for f in findings if f.kind is Kind.SECRET]) == {
        "secret-in-environment",
        "secret-in-build-argument",
        "secret-file-copied",
        "password-in-command",
    }
    assert "runs-as-root" in ids([f for f in findings if f.kind is Kind.CONFIGURATION])


# What checkov 3.3.30 finds in our ten files, and by which check we say the same.
SAME = {
    "CKV_DOCKER_1": {"ssh-exposed"},
    "CKV_DOCKER_2": {"no-health-check"},
    "CKV_DOCKER_3": {"runs-as-root"},
    "CKV_DOCKER_4": {"add-instead-of-copy", "add-from-url"},
    "CKV_DOCKER_6": {"deprecated-maintainer"},
    "CKV_DOCKER_7": {"latest-tag"},
    "CKV_DOCKER_10": {"relative-workdir"},
    "CKV2_DOCKER_1": {"sudo-used"},
    "CKV2_DOCKER_2": {"certificate-check-off"},
    "CKV2_DOCKER_3": {"certificate-check-off"},
    "CKV2_DOCKER_8": {"unverified-packages"},
    "CKV2_DOCKER_9": {"unverified-packages"},
    "CKV2_DOCKER_13": {"certificate-check-off"},
    "CKV2_DOCKER_17": {"password-in-command"},
}
WRONG = {  # what it says and we do not, on purpose
    ("go-distroless.Dockerfile", "CKV_DOCKER_3"): "the base image is :nonroot",
    ("monorepo-stages.Dockerfile", "CKV_DOCKER_7"): "FROM ${BASE} has no value here",
    ("rhel-yum.Dockerfile", "CKV_DOCKER_4"): "ADD app.tar.gz unpacks an archive (line 6)",
}
WHOLE_FILE = {"CKV_DOCKER_2", "CKV_DOCKER_3"}  # it gives the first line, we the last FROM


def test_we_find_all_that_checkov_finds_but_for_three_that_are_none() -> None:
    files = {path.name: path.read_bytes() for path in FOLDER.glob("*.Dockerfile")}
    ours = found(PROJECT, Contents(build_files=files))
    with (FOLDER / "checkov.csv").open() as stored:
        rows = list(csv.DictReader(stored))
    missed = [
        (row["file"], row["check"], row["line"])
        for row in rows
        if not any(
            f.path == row["file"]
            and f.id in SAME[row["check"]]
            and (row["check"] in WHOLE_FILE or f.line == int(row["line"]))
            for f in ours
        )
    ]
    assert [(file, check) for file, check, _ in missed] == sorted(WRONG)
    assert len(rows) == 31
