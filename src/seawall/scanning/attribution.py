"""Which findings come from the base image, and which from the layers built on it.

Known for certain where the base image is there to compare. Else by what the image says of itself:
its labels name the base (OCI image specification, "Annotations": ``base.name``, ``base.digest``),
its history shows where one Dockerfile ended. A command or entry point is mostly the last line of
one, so layers that follow such a line may belong to the next; a person's own Dockerfile may have
one earlier, too. So what lies below the first such line is called the base image's only where it is
of a package, and what lies above the last one is the image's own; between them nobody knows.
"""

import re
from dataclasses import replace

from seawall.errors import UsageError
from seawall.images import Limits, Selector, open_image, parse_target
from seawall.model import Finding, Image, Kind, Layer
from seawall.scanning.redaction import redacted
from seawall.scanning.report import BaseImage, Report

_NAME = "org.opencontainers.image.base.name"
_OF_PACKAGES = frozenset({Kind.VULNERABILITY, Kind.END_OF_LIFE})
_DIGEST = "org.opencontainers.image.base.digest"
_LAST_LINE = re.compile(r"(?:/bin/sh -c #\(nop\) +|COMMAND +)?(?:CMD|ENTRYPOINT)\b", re.IGNORECASE)


def open_base(target: str, limits: Limits) -> Image:
    """Return the image that a person says another one was built from; its layers are read.

    Raises:
        UnknownTarget: the target names nothing.
        UsageError: it is a directory, which has no layers.
        ImageError: it cannot be read.
    """
    ref = parse_target(target)
    with open_image(ref, limits) as opened:
        for reading in opened.layers(Selector(())):  # a stream knows who it is at its end
            for _ in reading.files:
                pass
        image = opened.image
    if not image.digest or not image.layers:
        raise UsageError(f"--base {target}: it has no layers to compare")
    return image


def attributed(report: Report, base: Image | None = None) -> Report:
    """Return the report with each finding's `from_base`, as far as it can be told.

    Raises:
        UsageError: `base` is given, and the image was not built from it.
    """
    below, above = _bounds(report.image)
    known = _compared(report.image, base) if base else _presumed(report.image, below)
    if known is None:
        return report
    start = known.layers if known.is_certain else above
    own = {layer.diff_id for layer in report.image.layers[: known.layers]}
    later = {layer.diff_id for layer in report.image.layers[start:]} - own
    findings = report.findings
    if known.layers:
        findings = tuple(
            _marked(finding, own, later)
            if known.is_certain or finding.kind in _OF_PACKAGES or finding.layer in later
            else finding  # a guess must not say that somebody else brought a secret
            for finding in findings
        )
    return replace(report, base=known, findings=findings)


def _marked(finding: Finding, own: set[str], later: set[str]) -> Finding:
    if finding.layer in own or finding.layer in later:
        return replace(finding, from_base=finding.layer in own)
    return finding


def _compared(image: Image, base: Image) -> BaseImage:
    there = [layer.diff_id for layer in image.layers]
    wanted = [layer.diff_id for layer in base.layers]
    for number, diff_id in enumerate(wanted, start=1):
        if number > len(there):
            what = f"it has {len(wanted)} layers, the image only {len(there)}"
        elif there[number - 1] != diff_id:
            what = f"layer {number} is {_short(there[number - 1])} in the image, "
            what += f"{_short(diff_id)} in the base"
        else:
            continue
        raise UsageError(
            f"--base {base.ref}: {image.ref} was not built from it: {what}",
            "name the very version that it was built from; a newer one has other layers",
        )
    name = base.tags[0] if base.tags else str(base.ref)
    layers = len(wanted)
    evidence = f"its {layers} layers are the lowest here" if layers > 1 else "its layer is here"
    return BaseImage(name, base.digest, layers, evidence, is_certain=True)


def _short(digest: str) -> str:
    return digest[: len("sha256:") + 8]


def _presumed(image: Image, layers: int) -> BaseImage | None:
    """Return what the image says of its base, of which its history shows `layers`."""
    labels = image.config.labels if image.config else {}
    name, digest = labels.get(_NAME, ""), labels.get(_DIGEST, "")
    if not (name or digest or layers):
        return None
    evidence = ["named by the image's label"] if name or digest else []
    if layers:
        evidence.append("guessed from the image's history")
    return BaseImage(name, digest, layers, ", ".join(evidence), is_certain=False)


def _bounds(image: Image) -> tuple[int, int]:
    """Return how many layers lie below the first CMD or ENTRYPOINT that has layers above it.

    And how many below the last one; (0, 0) where nothing tells.
    """
    history = image.config.history if image.config else ()
    if sum(not step.is_empty for step in history) != len(image.layers):
        return 0, 0  # squashed, or by a builder that keeps no history
    below = 0
    found: list[int] = []
    for step in history:
        if step.is_empty:
            if _LAST_LINE.match(step.created_by) and below < len(image.layers):
                found.append(below)
        else:
            below += 1
    lowest = next(filter(None, found), 0)
    return lowest, max(found, default=0)


def created_by(layer: Layer) -> str:
    """Return the line of the Dockerfile that made a layer, without what builders put around it.

    What may be a secret in it is cut.
    """
    line = layer.created_by.strip()
    line = re.sub(r"^\|\d+ (?:[A-Za-z_]\w*=\S* )*", "", line)
    if line.startswith("/bin/sh -c #(nop) "):
        line = line.removeprefix("/bin/sh -c #(nop) ").strip()
    elif line.startswith("/bin/sh -c "):
        line = f"RUN {line.removeprefix('/bin/sh -c ')}"
    line = re.sub(r"^RUN (?:\|\d+ (?:[A-Za-z_]\w*=\S* )*)?/bin/sh -c ", "RUN ", line)
    return redacted(" ".join(line.removesuffix("# buildkit").split()))
