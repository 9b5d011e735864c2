from dataclasses import replace
from pathlib import Path

import pytest

from seawall.errors import UsageError
from seawall.images import Limits
from seawall.model import Image, ImageConfig, ImageRef, Layer, Step
from seawall.scanning import attributed, open_base
from seawall.scanning.attribution import created_by
from tests.unit.inventory.images import file, save
from tests.unit.scanning.reports.samples import (
    APP,
    AWS_KEY,
    BASE,
    FINDINGS,
    GLIBC,
    REPORT,
    ROOT,
    TOOLS,
    rendered,
)

DEBIAN = Image(ImageRef("docker", "debian:12"), "sha256:" + "d" * 64, (Layer(BASE),))


def built(*steps: Step, labels: dict[str, str] | None = None) -> Image:
    """Return an image with that history, a layer for each step that makes one."""
    config = ImageConfig(history=steps, labels=labels or {})
    layers = [BASE, TOOLS, APP]
    made = [step for step in steps if not step.is_empty]
    return replace(
        REPORT.image, layers=tuple(map(Layer, layers[: len(made)] or layers)), config=config
    )


ADD, RUN, COPY = Step("ADD rootfs /"), Step("RUN apt-get"), Step("COPY . /app")
BASH = Step('/bin/sh -c #(nop)  CMD ["bash"]', is_empty=True)
CMD = Step('CMD ["app"]', is_empty=True, comment="buildkit.dockerfile.v0")
ENTRY = Step("ENTRYPOINT [app]", is_empty=True)
ENV = Step("ENV CMD=1", is_empty=True)


def test_a_base_that_was_named_is_compared_layer_by_layer() -> None:
    report = attributed(REPORT, DEBIAN)
    assert report.base is not None
    assert (report.base.layers, report.base.is_certain) == (1, True)
    assert {f.from_base for f in report.findings if f.layer == BASE} == {True}
    assert {f.from_base for f in report.findings if f.layer != BASE} == {False}


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ((TOOLS,), "layer 1 is sha256:aaaaaaaa in the image, sha256:bbbbbbbb in the base"),
        ((BASE, APP), "layer 2 is"),
        ((BASE, TOOLS, APP, BASE), "it has 4 layers, the image only 3"),
    ],
)
def test_an_image_that_is_not_its_base_is_refused(layers: tuple[str, ...], reason: str) -> None:
    base = replace(DEBIAN, layers=tuple(map(Layer, layers)))
    with pytest.raises(UsageError, match="was not built from it") as error:
        attributed(REPORT, base)
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("steps", "layers"),
    [
        ((ADD, BASH, RUN, COPY, CMD), 1),
        ((ADD, BASH, RUN, CMD, COPY, ENTRY), 1),
        ((ADD, RUN, ENTRY, CMD, COPY), 2),
        ((ADD, RUN, COPY, CMD), 0),  # one Dockerfile, from scratch
        ((ADD, ENV, RUN, COPY), 0),
        ((BASH, ADD, RUN, COPY), 0),
    ],
)
def test_a_command_that_layers_follow_ends_the_base(steps: tuple[Step, ...], layers: int) -> None:
    report = attributed(replace(REPORT, image=built(*steps)))
    assert (report.base.layers if report.base else 0) == layers
    if report.base:
        assert not report.base.is_certain
        assert "guessed from the image's history" in report.base.evidence


def test_a_guess_says_of_no_secret_that_the_base_brought_it() -> None:
    in_base, between, above = (
        [
            replace(GLIBC, id=f"CVE-2026-{number}", layer=layer),
            replace(AWS_KEY, path=f"app/{number}", layer=layer),
        ]
        for number, layer in enumerate((BASE, TOOLS, APP), start=1000)
    )
    image = built(ADD, BASH, COPY, ENTRY, COPY)
    found = replace(REPORT, image=image, findings=[*in_base, *between, *above])
    report = attributed(found)
    assert [f.from_base for f in report.findings] == [True, None, None, None, False, False]
    text = rendered(report, "table", width=200)
    assert "from your layers: 2; not known of: 3" in text
    compared = attributed(found, DEBIAN)
    assert [f.from_base for f in compared.findings] == [True, True, False, False, False, False]


def test_a_history_that_does_not_fit_the_layers_tells_nothing() -> None:
    image = replace(built(ADD, BASH, RUN, COPY), layers=(Layer(BASE), Layer(APP)))
    assert attributed(replace(REPORT, image=image)).base is None


def test_a_label_names_the_base_and_alone_tells_no_layers() -> None:
    labels = {
        "org.opencontainers.image.base.name": "debian:12",
        "org.opencontainers.image.base.digest": "sha256:" + "e" * 64,
    }
    report = attributed(replace(REPORT, image=built(ADD, RUN, COPY, labels=labels)))
    assert report.base is not None
    assert (report.base.name, report.base.layers) == ("debian:12", 0)
    assert all(finding.from_base is None for finding in report.findings)
    assert "which layers it has is not known: --base TARGET" in rendered(report, "table", width=200)
    both = attributed(replace(REPORT, image=built(ADD, BASH, RUN, COPY, labels=labels)))
    assert both.base is not None
    assert both.base.evidence == "named by the image's label, guessed from the image's history"


def test_the_report_counts_what_the_base_brought() -> None:
    text = rendered(attributed(REPORT, DEBIAN), "table", width=200)
    assert "2 of the 19 come from the base image docker:debian:12; from your layers: 17" in text
    assert "base image: 1 layer, its layer is here" in text
    assert "from layer 1 (base image)" in text


def test_what_is_in_no_layer_is_from_neither() -> None:
    report = attributed(replace(REPORT, findings=[GLIBC, AWS_KEY, ROOT]), DEBIAN)
    assert [finding.from_base for finding in report.findings] == [True, False, None]
    assert "from neither: 1" in rendered(report, "table", width=200)


def test_nothing_is_said_of_a_base_that_nobody_knows() -> None:
    assert attributed(REPORT) == REPORT
    assert "base image" not in rendered(REPORT, "table")


def test_any_image_can_be_opened_as_the_base(tmp_path: Path) -> None:
    first = [file("etc/os-release", b"ID=debian\n")]
    target = save(tmp_path / "base.tar", [first])
    base = open_base(target, Limits())
    assert len(base.layers) == 1
    with pytest.raises(UsageError, match="no layers"):
        open_base(f"dir:{tmp_path}", Limits())


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("/bin/sh -c #(nop) COPY dir:1 in /app ", "COPY dir:1 in /app"),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
        ("RUN |1 V=2 /bin/sh -c make # buildkit", "RUN make"),
        ("|2 A=1 B=2 /bin/sh -c make", "RUN make"),
        ("COPY . /app # buildkit", "COPY . /app"),
        ("", ""),
    ],
)
def test_a_layers_line_is_as_the_dockerfile_has_it(written: str, line: str) -> None:
    assert created_by(Layer(BASE, written)) == line


def test_more_detail_names_the_line_that_made_the_layer() -> None:
    report = replace(REPORT, findings=FINDINGS[:1])
    assert "ADD rootfs.tar.xz /" not in rendered(report, "table", width=200)
    assert "from layer 1, ADD rootfs.tar.xz /" in rendered(
        report, "table", width=200, show_all=True
    )
