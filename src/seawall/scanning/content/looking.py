"""From the inspections of an image's layers to findings, seen as the image shows its files."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from seawall.images import OpenImage, hides, shown
from seawall.images import visible as visible_paths
from seawall.inventory import LayerCache, Reading, inspect_layers
from seawall.model import Finding, Image, Incomplete, Kind, Urgency
from seawall.scanning.content.contract import Detector, Window
from seawall.scanning.content.inspection import ContentInspector, FileHit, LayerContent
from seawall.scanning.content.tampering import Records, changed_files

_T = TypeVar("_T")
FIRST_GUESS = "md5"  # dpkg's; most images are made from Debian or Ubuntu


@dataclass(frozen=True, slots=True)
class Contents:
    """What the content of an image's files says."""

    findings: Sequence[Finding] = ()
    incomplete: Sequence[Incomplete] = ()
    privileged: Mapping[str, int] = field(default_factory=dict)  # visible setuid and setgid files
    build_files: Mapping[str, bytes] = field(default_factory=dict)  # visible Dockerfiles


def look_at(
    reading: Reading,
    opened: OpenImage,
    detectors: Sequence[Detector],
    content_bytes: int,
    cache: LayerCache | None = None,
) -> Contents:
    """Return what the files of an image say that was read with a `ContentInspector`.

    Where its packages record other checksums than the first reading computed, the layers are read
    once more for these alone.

    Raises what `read_image` raises.
    """
    records = Records(reading)
    system = _system_algorithm(records)
    contents = cast("Mapping[str, LayerContent]", reading.inspections)
    by_digest = contents
    if system not in ("", FIRST_GUESS):
        again = ContentInspector((), system, content_bytes)
        by_digest = cast("Mapping[str, LayerContent]", inspect_layers(opened, again, cache))
    findings = [
        *_hits(reading, contents, by_digest, records, detectors),
        *_in_configuration(reading.image, detectors),
        *changed_files(reading, by_digest, records, system),
    ]
    return Contents(
        tuple(findings),
        tuple(
            replace(item, layer=diff_id)
            for diff_id, _ in reading.layers
            for item in contents[diff_id].incomplete
        ),
        dict(_visible(reading, [contents[d].privileged for d, _ in reading.layers])),
        dict(_visible(reading, [contents[d].build_files for d, _ in reading.layers])),
    )


def _system_algorithm(records: Records) -> str:
    """Return the algorithm that most files of the operating system's packages are recorded by."""
    used = Counter(
        record.algorithm
        for record in records.today.values()
        if not record.owner.startswith("pypi:")
    )
    return used.most_common(1)[0][0] if used else ""


def _hits(
    reading: Reading,
    contents: Mapping[str, LayerContent],
    by_digest: Mapping[str, LayerContent],
    records: Records,
    detectors: Sequence[Detector],
) -> Iterator[Finding]:
    """Yield the detectors' findings in all layers, those in deleted files too, each once.

    What a system package brought unchanged is its publisher's and needs no action: such hits are
    hidden, with the reason. Malware counts there all the same, because whoever plants it can write
    the record as well.
    """
    named = {detector.name: detector for detector in detectors}
    told: set[tuple[FileHit, str]] = set()
    for number in range(len(reading.layers) - 1, -1, -1):  # from the top: what is visible first
        diff_id = reading.layers[number][0]
        digests = by_digest[diff_id].digests() if any(contents[diff_id].hits) else {}
        for found in contents[diff_id].hits:
            removed_in = _removed_in(found.path, number, reading)
            if (found, "") in told or (found, removed_in) in told:
                continue
            vendors = records.is_vendors(found.path, digests.get(hash(found.path)))
            finding = named[found.detector].finding(found.hit, shown(found.path), diff_id)
            if vendors and finding.kind is Kind.SECRET:
                owner = records.owner(found.path)
                reason = f"{finding.reason}; the file is as its package {owner} brought it"
                finding = replace(finding, urgency=Urgency.HIDDEN, reason=reason)
            told.add((found, removed_in))
            yield replace(finding, removed_in=removed_in) if removed_in else finding


def _removed_in(path: bytes, number: int, reading: Reading) -> str:
    """Return the layer that deletes or replaces a file of an earlier one; empty if none does."""
    for diff_id, layer in reading.layers[number + 1 :]:
        if hides(layer.changes, path):
            return diff_id
    return ""


def _in_configuration(image: Image, detectors: Sequence[Detector]) -> Iterator[Finding]:
    """Yield secrets in what the image says of itself; there are no files to hold malware."""
    config = image.config
    if config is None:
        return
    texts = {
        "(environment)": config.env,
        "(labels)": [f"{name}={value}" for name, value in config.labels.items()],
        "(command)": [*config.entrypoint, *config.command],
        "(history)": [f"{step.created_by} {step.comment}".rstrip() for step in config.history],
    }
    for place, lines in texts.items():
        data = "\n".join(line.replace("\n", " ") for line in lines).encode()
        if not data:
            continue
        for detector in detectors:
            for hit in detector.look(Window(place, 0, len(data), data)):
                finding = detector.finding(hit, place, "")
                if finding.kind is Kind.SECRET:
                    yield finding


def _visible(reading: Reading, files: Sequence[Mapping[bytes, _T]]) -> Iterator[tuple[str, _T]]:
    """Yield what of each layer's files the image shows."""
    layers = [(set(f), layer.changes) for f, (_, layer) in zip(files, reading.layers, strict=True)]
    for path, number in sorted(visible_paths(layers).items()):
        yield shown(path), files[number][path]
