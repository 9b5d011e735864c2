"""From the documents in an archive or layout to the list of layers.

Two forms: Docker's ``manifest.json`` (as ``docker save`` writes it) and the OCI image layout
(``index.json``, OCI image specification 1.1). Pure: documents come through a function that
returns a blob's bytes by its name.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from seawall.errors import CorruptImage, DigestMismatch, LimitExceeded, NotAnImage, UsageError
from seawall.images.limits import Limits
from seawall.images.platforms import Platform
from seawall.model import Image, ImageConfig, ImageRef, Layer, Step

Read = Callable[[str], bytes | None]  # a blob's bytes by name in the archive; None when absent

_T = TypeVar("_T")
_DIGEST = re.compile(r"sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})")
_SHOWN = 20  # platforms that a message lists
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LayerBlob:
    """Where a layer's bytes are and what they must hash to."""

    name: str  # in the archive or layout
    diff_id: str  # digest of the uncompressed tar
    digest: str = ""  # digest of the blob as stored; empty where the form has none
    size: int = -1  # bytes of the blob as stored; -1 where the manifest does not say


@dataclass(frozen=True, slots=True)
class Resolution:
    """The image chosen, and its layers' blobs, lowest first."""

    image: Image
    blobs: tuple[LayerBlob, ...]


class Resolved:
    """An image that is known before its layers are read, as its documents were."""

    def __init__(self, resolution: Resolution) -> None:
        self.notes: list[str] = []
        self._resolution = resolution

    @property
    def image(self) -> Image:
        """Who it is."""
        return self._resolution.image

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The layers, lowest first."""
        return tuple(blob.diff_id for blob in self._resolution.blobs)

    def wanted(self, known: Collection[str]) -> Iterator[LayerBlob]:
        """Yield each distinct layer once, lowest first, but for those with a `known` diff-id."""
        seen = set(known)
        for blob in self._resolution.blobs:
            if blob.diff_id not in seen:
                seen.add(blob.diff_id)
                yield blob


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """Return ``sha256:…`` of `data`."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def resolve_docker(read: Read, ref: ImageRef, wanted: str, limits: Limits) -> Resolution:
    """Return the image in a Docker archive; `wanted` is a tag, needed where there are several.

    Raises:
        NotAnImage: no ``manifest.json``, or nothing in it.
        UsageError: several images and `wanted` chooses none or more than one.
        CorruptImage: a document is missing or malformed.
        DigestMismatch: the configuration is not what its name says.
    """
    where = str(ref)
    raw = read("manifest.json")
    if raw is None:
        raise NotAnImage(f"{where}: no manifest.json in it")
    entries = _document(raw, list, f"{where}: manifest.json")
    images = {i: entry for i, entry in enumerate(entries) if isinstance(entry, dict)}
    tags = {i: _strings(entry.get("RepoTags") or []) for i, entry in images.items()}
    chosen = _choose(where, wanted, tags)
    entry = images[chosen]
    config_name, names = entry.get("Config"), _strings(entry.get("Layers"))
    if not isinstance(config_name, str) or names is None:
        raise CorruptImage(f"{where}: manifest.json names no configuration or no layers")
    config_name = _text(config_name)
    config = read(config_name)
    if config is None:
        raise CorruptImage(f"{where}: {config_name} is missing")
    stem = config_name.rpartition("/")[2].removesuffix(".json")
    digest = digest_of(config)
    if _HEX.fullmatch(stem) and digest != f"sha256:{stem}":
        raise DigestMismatch(f"{where}: {config_name}", f"sha256:{stem}", digest)
    image = image_of(ref, config, digest, tags[chosen] or [], limits)
    if len(names) != len(image.layers):
        raise CorruptImage(
            f"{where}: {len(names)} layers in manifest.json, {len(image.layers)} in {config_name}"
        )
    return Resolution(
        image,
        tuple(LayerBlob(n, layer.diff_id) for n, layer in zip(names, image.layers, strict=True)),
    )


def resolve_oci(read: Read, ref: ImageRef, wanted: str, limits: Limits) -> Resolution:
    """Return the image in an OCI layout; `wanted` is a tag or digest, needed among several.

    An index below the first one holds platforms: the one that `ref` names is taken, else this
    machine's, else the only one.

    Raises:
        NotAnImage: no ``index.json``, or no image in it.
        UsageError: several images and `wanted` chooses none or more than one.
        CorruptImage: a document is missing or malformed.
        DigestMismatch: a document is not what its digest says.
        LimitExceeded: indexes nested deeper than the limit.
    """
    where = str(ref)
    raw = read("index.json")
    if raw is None:
        raise NotAnImage(f"{where}: no index.json in it")
    descriptors = _manifests(_document(raw, dict, f"{where}: index.json"), where)
    if not wanted and len(descriptors) > 1 and all(d.get("platform") for d in descriptors):
        descriptor = _for_platform(descriptors, ref)  # one image, its platforms side by side
    else:
        names = {i: _names(descriptor) for i, descriptor in enumerate(descriptors)}
        descriptor = descriptors[_choose(where, wanted, names)]
    return resolve_descriptor(read, read, ref, descriptor, limits)


def resolve_descriptor(
    read_manifest: Read, read_blob: Read, ref: ImageRef, descriptor: dict[str, Any], limits: Limits
) -> Resolution:
    """Return the image that a descriptor stands for, through indexes if need be.

    Raises as `resolve_oci` does.
    """
    where = str(ref)
    passed = []  # digests of the indexes and the manifest
    for _ in range(limits.nesting):
        raw = _blob(read_manifest, where, descriptor)
        passed.append(descriptor["digest"])
        manifest = _document(raw, dict, f"{where}: {descriptor['digest']}")
        if "manifests" in manifest and "layers" in manifest:
            # Two tools could see two images in it (CVE-2021-41190).
            raise CorruptImage(f"{where}: {descriptor['digest']} is both index and manifest")
        if "layers" in manifest and "config" in manifest:
            break
        if "manifests" not in manifest:
            raise NotAnImage(f"{where}: {descriptor['digest']} is neither index nor manifest")
        descriptor = _for_platform(_manifests(manifest, where), ref)
    else:
        raise LimitExceeded(f"{where}: more than {limits.nesting} indexes in one another (nesting)")
    config_descriptor, layers = manifest["config"], manifest["layers"]
    if not isinstance(layers, list):
        raise CorruptImage(f"{where}: {descriptor['digest']}: layers are no list")
    config = _blob(read_blob, where, config_descriptor)
    tags = [n for n in _names(descriptor) if not _DIGEST.fullmatch(n)]
    image = image_of(ref, config, digest_of(config), tags, limits)
    if len(layers) != len(image.layers):
        raise CorruptImage(
            f"{where}: {len(layers)} layers in the manifest, {len(image.layers)} in the config"
        )
    if ref.platform and not Platform.parse(ref.platform).is_for(image.os, image.architecture):
        raise NotAnImage(
            f"{where}: is for {image.os}/{image.architecture}, not {ref.platform}",
            "leave out --platform, or name another image",
        )
    digests = [_digest(layer, where) for layer in layers]
    return Resolution(
        replace(image, other_digests=tuple(passed)),
        tuple(
            LayerBlob(_blob_name(digest), layer.diff_id, digest, _size(descriptor))
            for digest, layer, descriptor in zip(digests, image.layers, layers, strict=True)
        ),
    )


def _choose(where: str, wanted: str, names: Mapping[int, list[str] | None]) -> int:
    """Return which of several images `wanted` means."""
    if not names:
        raise NotAnImage(f"{where}: there is no image in it")
    if not wanted:
        if len(names) == 1:
            return next(iter(names))
        known = ", ".join(name for listed in names.values() for name in listed or []) or "unnamed"
        raise UsageError(f"{where}: {len(names)} images in it ({known})", "add :NAME to the target")
    forms = {wanted, f"{wanted}:latest"}
    found = [i for i, listed in names.items() if forms & set(listed or [])]
    if not found:  # a bare tag, as skopeo lets people write
        found = [
            i for i, listed in names.items() if any(n.endswith(f":{wanted}") for n in listed or [])
        ]
    if len(found) != 1:
        known = ", ".join(name for listed in names.values() for name in listed or []) or "unnamed"
        raise UsageError(f"{where}: {wanted!r} means {len(found)} of its images", f"it has {known}")
    return found[0]


def _for_platform(manifests: list[dict[str, Any]], ref: ImageRef) -> dict[str, Any]:
    """Return the manifest for the platform that `ref` names.

    Where it names none: for this machine's, or the only one there is.
    """
    wanted = Platform.parse(ref.platform) if ref.platform else Platform.here()
    images: list[tuple[Platform, dict[str, Any]]] = []
    for descriptor in manifests:
        listed = descriptor.get("platform")
        form = listed if isinstance(listed, dict) else {}
        if form.get("os") == "unknown":  # an attestation, not an image
            continue
        names = (form.get("os", "?"), form.get("architecture", "?"), form.get("variant"))
        images.append((Platform(*map(_text, names)), descriptor))
    best = wanted.best([one for one, _ in images])
    if best is not None:
        return images[best][1]
    if len(images) == 1 and not ref.platform:
        return images[0][1]
    have = ", ".join(str(one) for one, _ in images[:_SHOWN]) or "none"
    raise NotAnImage(f"{ref}: no image for {wanted}; it has {have}", "choose one: --platform")


def _names(descriptor: dict[str, Any]) -> list[str]:
    """Return what a person may call an image in an index: its digest and its names."""
    annotations = descriptor.get("annotations")
    found = annotations if isinstance(annotations, dict) else {}
    keys = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
    names = [_text(found[key]) for key in keys if isinstance(found.get(key), str)]
    digest = descriptor.get("digest")
    return names + ([_text(digest)] if isinstance(digest, str) else [])


def _manifests(index: dict[str, Any], where: str) -> list[dict[str, Any]]:
    found = index.get("manifests")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise CorruptImage(f"{where}: an index without a list of manifests")
    return found


def _blob_name(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    return f"blobs/{algorithm}/{value}"


def _digest(descriptor: object, where: str) -> str:
    """Return a descriptor's digest; it becomes a path, so its form is checked first."""
    digest = descriptor.get("digest") if isinstance(descriptor, dict) else None
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise CorruptImage(f"{where}: {str(digest)[:80]!r} is no digest")
    return digest


def _size(descriptor: dict[str, Any]) -> int:
    size = descriptor.get("size")
    return size if isinstance(size, int) and size >= 0 else -1


def _blob(read: Read, where: str, descriptor: object) -> bytes:
    """Return a document's bytes, compared with its digest."""
    digest = _digest(descriptor, where)
    raw = read(_blob_name(digest))
    if raw is None:
        raise CorruptImage(f"{where}: {_blob_name(digest)} is missing")
    actual = digest_of(raw, digest.partition(":")[0])
    if actual != digest:
        raise DigestMismatch(f"{where}: {_blob_name(digest)}", digest, actual)
    return raw


def _document(raw: bytes, form: type[_T], where: str) -> _T:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise CorruptImage(f"{where}: no valid JSON") from error
    if not isinstance(document, form):
        raise CorruptImage(f"{where}: not of the form it should have")
    return document


def _strings(value: object) -> list[str] | None:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [_text(item) for item in value]
    return None


def _text(value: object) -> str:
    """Return a JSON value as text that can be printed: JSON allows lone surrogates, UTF-8 not."""
    return str(value or "").encode("utf-8", "backslashreplace").decode()


def image_of(ref: ImageRef, raw: bytes, digest: str, tags: list[str], limits: Limits) -> Image:
    """Return what an image configuration says (OCI image specification, "Image Configuration").

    Raises:
        CorruptImage: it has not the form it should have.
        LimitExceeded: more layers than an image has.
    """
    where = f"{ref}: configuration"
    config = _document(raw, dict, where)
    rootfs = config.get("rootfs")
    diff_ids = _strings(rootfs.get("diff_ids") or []) if isinstance(rootfs, dict) else None
    if diff_ids is None or not all(_DIGEST.fullmatch(diff_id) for diff_id in diff_ids):
        raise CorruptImage(f"{where}: it lists no layers (rootfs.diff_ids)")
    if len(diff_ids) > limits.entries:
        raise LimitExceeded(f"{where}: {len(diff_ids):,} layers (entries)")
    settings = _config(config)
    made_layers = [step.created_by for step in settings.history if not step.is_empty]
    if len(made_layers) != len(diff_ids):
        made_layers = [""] * len(diff_ids)
    return Image(
        ref=ref,
        digest=digest,
        layers=tuple(Layer(d, s) for d, s in zip(diff_ids, made_layers, strict=True)),
        os=_text(config.get("os")),
        architecture=_text(config.get("architecture")),
        tags=tuple(tags),
        config=settings,
    )


def _config(document: dict[str, Any]) -> ImageConfig:
    """Return how the image says it is run; what is not of the form it should have is left out."""
    listed = document.get("config")
    config: dict[str, Any] = listed if isinstance(listed, dict) else {}
    labels, health = config.get("Labels"), config.get("Healthcheck")
    test = health.get("Test") if isinstance(health, dict) else None
    history = document.get("history")
    return ImageConfig(
        user=_text(config.get("User")),
        env=tuple(_strings(config.get("Env")) or ()),
        entrypoint=tuple(_strings(config.get("Entrypoint")) or ()),
        command=tuple(_strings(config.get("Cmd")) or ()),
        ports=_keys(config.get("ExposedPorts")),
        volumes=_keys(config.get("Volumes")),
        labels={_text(k): _text(v) for k, v in labels.items()} if isinstance(labels, dict) else {},
        working_directory=_text(config.get("WorkingDir")),
        has_health_check=bool(test) and test != ["NONE"],
        history=tuple(
            Step(_text(s.get("created_by")), bool(s.get("empty_layer")), _text(s.get("comment")))
            for s in (history if isinstance(history, list) else [])
            if isinstance(s, dict)
        ),
        created=_text(document.get("created")),
    )


def _keys(value: object) -> tuple[str, ...]:
    return tuple(_text(key) for key in value) if isinstance(value, dict) else ()
