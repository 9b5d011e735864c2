"""What the fleet keeps of an image: who it is, its layers, and what each brought.

A layer is known by its chain (OCI image specification, "Layer ChainID"): the same change on top of
another base shows and names other packages. All images with a chain have the layers below it in
common, so the base of an image is a chain, too.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seawall.errors import UsageError
from seawall.fleet.component import Component, Place, located
from seawall.model import Distribution, Finding, Image, Incomplete, Inventory
from seawall.scanning.content.file_digests import FileList

Located = tuple[Component, Place]

_CLAIMED = "sbom:"  # stands before the chain of what a bill of materials says


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One layer, and what the image shows of what it brought."""

    chain_id: str  # "sha256:…"; of a bill of materials "sbom:sha256:…"
    diff_id: str  # empty where the image's layers are not known
    created_by: str
    contents: tuple[Located, ...]  # each once


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image as it was read."""

    digest: str  # of its configuration
    layers: tuple[LayerRecord, ...]  # lowest first; never empty
    distribution: Distribution | None
    names: tuple[str, ...] = ()  # tags under which it was seen
    other_digests: tuple[str, ...] = ()  # of manifests that name it
    target: str = ""  # where it was read: "docker:web:1"
    os: str = ""
    architecture: str = ""
    created: str = ""  # RFC 3339, as its builder says
    analyser: str = ""  # fingerprint of the code that read it
    incomplete: tuple[Incomplete, ...] = ()
    # What is wrong beside flaws of packages: secrets, malware, changed files, configuration. They
    # do not depend on advisories. None: nobody looked.
    other_findings: tuple[Finding, ...] | None = None
    asked_rules: tuple[str, ...] = ()  # that looked for these; see `asked_rules` of the detectors
    # Which files the layers hold, by diff-id, where it was noted: see `Indicators.keep_files`.
    files: Mapping[str, FileList] = field(default_factory=dict, compare=False, repr=False)
    is_claimed: bool = False  # a bill of materials says so; the image itself was not read


def chain_ids(diff_ids: Iterable[str]) -> Iterator[str]:
    """Yield the chain-id of each layer, lowest first."""
    chain = ""
    for diff_id in diff_ids:
        if chain:
            diff_id = "sha256:" + hashlib.sha256(f"{chain} {diff_id}".encode()).hexdigest()  # noqa: PLW2901 - as the specification writes it
        chain = diff_id
        yield chain


def record_of(
    image: Image,
    inventory: Inventory,
    *,
    analyser: str = "",
    other_findings: Sequence[Finding] | None = None,
    asked_rules: Sequence[str] = (),
    files: Mapping[str, FileList] | None = None,
) -> ImageRecord:
    """Return what the fleet keeps of an image that was read, or is claimed to be so.

    Whoever wrote a bill of materials may name any layers. So it has one of its own, in which no
    image that was read has a part.

    Raises:
        UsageError: it has no digest, so nothing could tell it from others (a directory).
    """
    if not image.digest:
        raise UsageError(
            f"{image.ref}: it has no digest to be known by", "the fleet keeps images: docker:, …"
        )
    is_claimed = image.ref.source == "sbom"
    layers = () if is_claimed else image.layers
    diff_ids = [layer.diff_id for layer in layers] or ([] if is_claimed else [*inventory.layers])
    # Where nothing is known of layers all is one, known by the image's digest.
    chains = list(chain_ids(diff_ids)) or [f"{_CLAIMED if is_claimed else ''}{image.digest}"]
    diff_ids = diff_ids or [""]
    by_layer: dict[str, dict[Located, None]] = {diff_id: {} for diff_id in diff_ids}
    top = diff_ids[-1]
    for component, place, layer in located(inventory):
        by_layer[layer if layer in by_layer else top][component, place] = None
    # The same change may be there twice (an empty layer); what it brought counts once, below.
    contents = [tuple(by_layer.pop(diff_id, ())) for diff_id in diff_ids]
    made_by = [layer.created_by for layer in layers] or [""] * len(diff_ids)
    return ImageRecord(
        digest=image.digest,
        layers=tuple(
            LayerRecord(*fields) for fields in zip(chains, diff_ids, made_by, contents, strict=True)
        ),
        distribution=inventory.distribution,
        names=image.tags,
        other_digests=image.other_digests,
        target=str(image.ref),
        os=image.os,
        architecture=image.architecture,
        created=image.config.created if image.config else "",
        analyser=analyser,
        incomplete=tuple(inventory.incomplete),
        other_findings=None if other_findings is None else tuple(other_findings),
        asked_rules=tuple(asked_rules),
        files=files or {},
        is_claimed=is_claimed,
    )
