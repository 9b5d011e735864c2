"""Images made in memory: a list of layers, each a list of tar members."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def file(name: str, content: bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, content


def link(name: str, target: str, kind: bytes = tarfile.LNKTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def tar(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def save(
    path: Path,
    layers: list[list[tuple[tarfile.TarInfo, bytes]]],
    config: Mapping[str, Any] | None = None,
) -> str:
    """Write a Docker archive and return it as a target; `config` adds to the configuration."""
    blobs = [tar(layer) for layer in layers]
    digests = [hashlib.sha256(blob).hexdigest() for blob in blobs]
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]}
    document = json.dumps({"rootfs": rootfs, **(config or {})}).encode()
    name = f"{hashlib.sha256(document).hexdigest()}.json"
    manifest = [
        {"Config": name, "RepoTags": ["test:1"], "Layers": [f"{d}/layer.tar" for d in digests]}
    ]
    members = [file(f"{d}/layer.tar", blob) for d, blob in zip(digests, blobs, strict=True)]
    members += [file(name, document), file("manifest.json", json.dumps(manifest).encode())]
    path.write_bytes(tar(members))
    return f"docker-archive:{path}"
