"""Make images for tests: one logical image, written in every form there is.

The forms follow what tools write: ``docker save`` before and since 25, ``skopeo copy``, and the OCI
image layout in a directory or a tar file.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
Files = dict[str, bytes | str]  # a str is a symbolic link's target


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def hexed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()


@dataclass(frozen=True)
class Entry:
    """One tar entry; `kind` is tarfile's."""

    name: str
    content: bytes = b""
    kind: bytes = tarfile.REGTYPE
    link: str = ""


def folder(name: str) -> Entry:
    return Entry(name, kind=tarfile.DIRTYPE)


def symlink(name: str, target: str) -> Entry:
    return Entry(name, kind=tarfile.SYMTYPE, link=target)


def hard_link(name: str, target: str) -> Entry:
    return Entry(name, kind=tarfile.LNKTYPE, link=target)


def packed(entries: Iterable[Entry], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar archive of the entries."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for entry in entries:
            info = tarfile.TarInfo(entry.name)
            info.type, info.linkname, info.size = entry.kind, entry.link, len(entry.content)
            tar.addfile(info, io.BytesIO(entry.content))
    return out.getvalue()


def archived(files: Mapping[str, bytes | str]) -> bytes:
    """Return a tar archive of files by name."""
    return packed(
        symlink(name, content) if isinstance(content, str) else Entry(name, content)
        for name, content in files.items()
    )


@dataclass
class Built:
    """One logical image: its layers as tar archives, lowest first."""

    layers: list[bytes]
    tags: list[str] = field(default_factory=lambda: ["example/app:1.0"])
    architecture: str = "amd64"
    compression: str = ""  # of the layers in OCI forms: "", "gzip", "zstd"

    @property
    def config(self) -> bytes:
        return as_json(
            {
                "architecture": self.architecture,
                "os": "linux",
                "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in self.layers]},
                "history": [{"created_by": f"step {i}"} for i in range(len(self.layers))],
            }
        )

    def blob(self, layer: bytes) -> bytes:
        """Return a layer as OCI forms store it."""
        match self.compression:
            case "gzip":
                return gzip.compress(layer, 1, mtime=0)
            case "zstd":
                return zstandard.ZstdCompressor(1).compress(layer)
            case _:
                return layer

    def legacy(self) -> Files:
        """Return the members of ``docker save`` before 25: repeated layers are links."""
        files: Files = {}
        places: dict[bytes, str] = {}
        names = []
        for number, layer in enumerate(self.layers):
            place = f"{hexed(layer + b'%d' % number)}/layer.tar"
            names.append(place)
            files[place] = f"../{places[layer]}" if layer in places else layer
            places.setdefault(layer, place)
        files[f"{hexed(self.config)}.json"] = self.config
        return self._with_manifest(files, f"{hexed(self.config)}.json", names)

    def skopeo(self) -> Files:
        """Return the members of ``skopeo copy … docker-archive:``."""
        files: Files = {f"{hexed(layer)}.tar": layer for layer in self.layers}
        files[f"{hexed(self.config)}.json"] = self.config
        names = [f"{hexed(layer)}.tar" for layer in self.layers]
        return self._with_manifest(files, f"{hexed(self.config)}.json", names)

    def modern(self) -> Files:
        """Return the members of ``docker save`` since 25: both forms' documents, shared blobs."""
        files = self.layout()
        names = [f"blobs/sha256/{hexed(self.blob(layer))}" for layer in self.layers]
        return self._with_manifest(files, f"blobs/sha256/{hexed(self.config)}", names)

    def _with_manifest(self, files: Files, config: str, names: list[str]) -> Files:
        entry = {"Config": config, "RepoTags": self.tags, "Layers": names}
        return {**files, "manifest.json": as_json([entry])}

    def manifest(self) -> bytes:
        return as_json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": {"digest": digest(self.config), "size": len(self.config)},
                "layers": [
                    {"digest": digest(blob), "size": len(blob)}
                    for blob in map(self.blob, self.layers)
                ],
            }
        )

    def blobs(self) -> Files:
        contents = [self.config, self.manifest(), *map(self.blob, self.layers)]
        return {f"blobs/sha256/{hexed(content)}": content for content in contents}

    def descriptor(self, **more: Any) -> dict[str, Any]:
        manifest = self.manifest()
        found = {"mediaType": MANIFEST, "digest": digest(manifest), "size": len(manifest)}
        if self.tags:
            found["annotations"] = {"org.opencontainers.image.ref.name": self.tags[0]}
        return {**found, **more}

    def layout(self) -> Files:
        """Return the files of an OCI image layout."""
        return layout(self.blobs(), self.descriptor())


def layout(blobs: Files, *descriptors: dict[str, Any]) -> Files:
    """Return an OCI image layout whose index lists the descriptors."""
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(descriptors)}
    return {
        "oci-layout": as_json({"imageLayoutVersion": "1.0.0"}),
        "index.json": as_json(index),
        **blobs,
    }


def unpacked(files: Mapping[str, bytes | str], root: Path) -> Path:
    """Write files below `root` and return it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.symlink_to(content)
        else:
            path.write_bytes(content)
    return root
