"""From a target to what the fleet keeps of it: the image is read as a scan reads it."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from seawall.fleet.record import ImageRecord, record_of
from seawall.images import Limits, OpenImage, open_image
from seawall.inventory import LayerCache
from seawall.inventory.reading import Progress
from seawall.inventory.sbom.reading import read_sbom
from seawall.model import Image, ImageRef
from seawall.scanning.configuration import configuration_findings
from seawall.scanning.content.contract import Detector, asked_rules
from seawall.scanning.reading import read_with_files

Known = Callable[[str], bool]  # whether an image with this digest need not be read again


def read_record(
    ref: ImageRef,
    *,
    limits: Limits,
    detectors: Sequence[Detector],
    analyser: str,
    known: Known = lambda _: False,
    cache: LayerCache | None = None,
    progress: Progress | None = None,
) -> ImageRecord | Image:
    """Return what the fleet keeps of an image; where it is known, only who it is.

    A bill of materials is an image of which only packages are known, and these by hearsay. Its
    analyser is another one for each document, so that none passes for a reading of the image.

    Raises:
        UsageError: it has no digest to be known by.
        ImageError: it cannot be opened or read.
        SbomError: a bill of materials that cannot be read.
    """
    if ref.source == "sbom":
        document = read_sbom(ref.place, limits)
        plain = repr(document.inventory).encode(errors="backslashreplace")
        told = hashlib.blake2b(plain, digest_size=8)
        return record_of(
            document.image,
            document.inventory,
            analyser=f"sbom {told.hexdigest()} {analyser}",
        )
    with open_image(ref, limits) as opened:
        # A stream knows who it is only after it was read.
        if opened.diff_ids and opened.image.digest and known(opened.image.digest):
            return opened.image
        return _read(opened, limits, detectors, analyser, cache=cache, progress=progress)


def _read(
    opened: OpenImage,
    limits: Limits,
    detectors: Sequence[Detector],
    analyser: str,
    *,
    cache: LayerCache | None,
    progress: Progress | None,
) -> ImageRecord:
    reading, contents, files = read_with_files(
        opened, detectors, limits.content_bytes, cache, progress
    )
    others = configuration_findings(reading.image, contents, reading.inventory)
    record = record_of(
        reading.image,
        reading.inventory,
        analyser=analyser,
        other_findings=[*contents.findings, *others],
        asked_rules=asked_rules(detectors),
        files=files,
    )
    gaps = dict.fromkeys((*record.incomplete, *contents.incomplete))
    return replace(record, incomplete=tuple(gaps))
