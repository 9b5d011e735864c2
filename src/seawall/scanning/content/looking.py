"""From the inspections of an image's layers to findings, seen as the image shows its files."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from seawall.errors import LimitExceeded
from seawall.images import OpenImage, hides, shown
from seawall.images import visible as visible_paths
from seawall.inventory import LayerCache, Reading, inspect_layers
from seawall.model import Finding, Image, Incomplete, Kind, Step, Urgency
from seawall.scanning.content.contract import Detector, Window
from seawall.scanning.content.inspection import ContentInspector, FileHit, LayerContent
from seawall.scanning.content.searching import Looking
from seawall.scanning.content.tampering import Records, changed_files

_T = TypeVar("_T")
_ENV = re.compile(r"(?:/bin/sh -c #\(nop\) +)?ENV +")
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
    inspector: ContentInspector,
    cache: LayerCache | None = None,
) -> Contents:
    """Return what the files of an image say that was read with `inspector`.

    Where its packages record other checksums than the first reading computed, the layers are read
    once more for these alone.

    Raises what `read_image` raises.
    """
    inspector.finish()
    records = Records(reading)
    system = _system_algorithm(records)
    contents = cast("Mapping[str, LayerContent]", reading.inspections)
    by_digest = contents
    if system not in ("", FIRST_GUESS):
        again = inspector.only_hashing(system)
        by_digest = cast("Mapping[str, LayerContent]", inspect_layers(opened, again, cache))
    digests = [by_digest[diff_id].digests() for diff_id, _ in reading.layers]
    sure = [
        _of_one_file(by_digest[diff_id].twice(), known)
        for (diff_id, _), known in zip(reading.layers, digests, strict=True)
    ]
    said = list(_in_configuration(reading.image, inspector.looking))
    findings = [
        *_hits(reading, contents, sure, records, inspector.looking.detectors),
        *(item for item in said if isinstance(item, Finding)),
        *changed_files(reading, by_digest, digests, records, system),
    ]
    incomplete = [item for item in said if isinstance(item, Incomplete)]
    for diff_id, _ in reading.layers:
        incomplete += (replace(item, layer=diff_id) for item in contents[diff_id].incomplete)
    return Contents(
        tuple(findings),
        tuple(incomplete),
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


def _of_one_file(twice: Set[int], digests: Mapping[int, int]) -> Mapping[int, int]:
    """Return the digests but for names that stand twice: a hit may be in what was overwritten."""
    return {n: digest for n, digest in digests.items() if n not in twice} if twice else digests


def _hits(
    reading: Reading,
    contents: Mapping[str, LayerContent],
    digests: Sequence[Mapping[int, int]],
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
        for found in contents[diff_id].hits:
            removed_in = _removed_in(found.path, number, reading)
            if (found, "") in told or (found, removed_in) in told:
                continue
            vendors = records.is_vendors(found.path, digests[number].get(hash(found.path)))
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


def _in_configuration(image: Image, looking: Looking) -> Iterator[Finding | Incomplete]:
    """Yield secrets in what the image says of itself; there are no files to hold malware."""
    config = image.config
    if config is None:
        return
    environment = frozenset(config.env)
    texts = {
        "(environment)": config.env,
        "(labels)": [f"{name}={value}" for name, value in config.labels.items()],
        "(command)": [*config.entrypoint, *config.command],
        "(history)": [_without_environment(step, environment) for step in config.history],
    }
    windows: list[Window] = []
    for place, lines in texts.items():
        data = "\n".join(line.replace("\n", " ") for line in lines).encode()
        windows.append(Window(place, 0, len(data), data))
    for number, detector, said in looking.look(windows):
        place = windows[number].path
        if isinstance(said, LimitExceeded):
            yield Incomplete(place, str(said))
        elif (finding := detector.finding(said, place, "")).kind is Kind.SECRET:
            yield finding


def _without_environment(step: Step, environment: Set[str]) -> str:
    """Return a step of the history without what it sets and the environment tells anyway."""
    text = f"{step.created_by} {step.comment}".rstrip()
    setting = _ENV.match(text)
    if not setting:
        return text
    rest = step.created_by[setting.end() :].strip().removesuffix("# buildkit").rstrip()
    name, _, value = rest.partition(" ")
    if rest in environment or f"{name}={value}" in environment:
        return setting[0]
    words = (word for word in text[setting.end() :].split(" ") if word not in environment)
    return setting[0] + " ".join(words)


def _visible(reading: Reading, files: Sequence[Mapping[bytes, _T]]) -> Iterator[tuple[str, _T]]:
    """Yield what of each layer's files the image shows."""
    layers = [(set(f), layer.changes) for f, (_, layer) in zip(files, reading.layers, strict=True)]
    for path, number in sorted(visible_paths(layers).items()):
        yield shown(path), files[number][path]
