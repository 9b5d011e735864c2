"""A full scan beside syft's listing: vulnerabilities, secrets, malware, tampering, configuration.

Cold means an empty cache of layers. Then the same image with its top layer changed, with the
cache that the first scan left.
"""

import io
import json
import os
import sys
import tarfile
import tempfile
from hashlib import sha256
from pathlib import Path

from bench.inventory import image
from bench.measuring import SEAWALL, Run, keep, median, run, told

RUNS = 3


def main() -> list[str]:
    """Measure both images; return the lines of the table."""
    syft = str(Path(sys.executable).with_name("syft"))
    results = {}
    lines = [
        "| image | | CPU s | wall s | peak MiB |",
        "| --- | --- | --- | --- | --- |",
    ]
    for kind in ("web", "mixed"):
        path = image(kind)
        changed = with_another_top_layer(path)
        told(f"{kind}: {RUNS} rounds")
        rounds = [one_round(path, changed, syft) for _ in range(RUNS)]
        names = ("syft, packages only", "full scan, cold", "full scan, top layer changed")
        figures = {
            name: {
                "cpu_s": median([r[i].cpu_s for r in rounds]),
                "wall_s": median([r[i].wall_s for r in rounds]),
                "peak_mib": median([r[i].peak_mib for r in rounds]),
            }
            for i, name in enumerate(names)
        }
        results[kind] = {
            "archive_bytes": path.stat().st_size,
            "ratios": {
                "cpu": median([r[0].cpu_s / r[1].cpu_s for r in rounds]),
                "wall": median([r[0].wall_s / r[1].wall_s for r in rounds]),
                "peak": median([r[0].peak_mib / r[1].peak_mib for r in rounds]),
            },
            **figures,
        }
        for name, row in figures.items():
            lines.append(
                f"| {kind}, {path.stat().st_size / 1e9:.2f} GB | {name} | {row['cpu_s']:.2f} "
                f"| {row['wall_s']:.2f} | {row['peak_mib']:.0f} |"
            )
    keep("scanning", results)
    return lines


def one_round(path: Path, changed: Path, syft: str) -> tuple[Run, Run, Run]:
    """Run syft, a cold scan, and a scan of the changed image with what the cold one kept."""
    theirs = os.environ | {
        "SYFT_FILE_METADATA_SELECTION": "none",
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
    }
    listing = [syft, "scan", f"docker-archive:{path}", "-o", "json=/dev/null", "-q"]
    with tempfile.TemporaryDirectory() as home:
        ours = os.environ | {"SEAWALL_HOME": home}
        scan = [*SEAWALL, "scan", "--format", "json"]
        return (
            run(listing, theirs),
            run([*scan, f"docker-archive:{path}"], ours),
            run([*scan, f"docker-archive:{changed}"], ours),
        )


def with_another_top_layer(path: Path) -> Path:
    """Return the same image with another top layer: a few files, one of them a package."""
    changed = path.with_name(f"{path.stem}-changed.tar")
    if changed.exists() and changed.stat().st_mtime > path.stat().st_mtime:
        return changed
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for number in range(200):
            _add(tar, f"srv/changed/{number}.py", f"print({number})\n".encode() * 200)
        _add(tar, "srv/changed/package.json", b'{"name": "lodash", "version": "4.17.20"}')
    with tarfile.open(path) as old, tarfile.open(changed, "w") as new:
        manifest = json.load(_member(old, "manifest.json"))
        config = json.load(_member(old, manifest[0]["Config"]))
        kept = manifest[0]["Layers"][:-1]
        digest = sha256(layer.getvalue()).hexdigest()
        config["rootfs"]["diff_ids"][-1] = f"sha256:{digest}"
        raw = json.dumps(config).encode()
        manifest[0] |= {
            "Config": f"{sha256(raw).hexdigest()}.json",
            "Layers": [*kept, f"{digest}/layer.tar"],
        }
        for name in kept:
            new.addfile(old.getmember(name), old.extractfile(name))
        _add(new, f"{digest}/layer.tar", layer.getvalue())
        _add(new, manifest[0]["Config"], raw)
        _add(new, "manifest.json", json.dumps(manifest).encode())
    return changed


def _member(tar: tarfile.TarFile, name: str) -> io.BufferedIOBase:
    found = tar.extractfile(name)
    if found is None:
        raise RuntimeError(f"{name} is no file in the archive")
    return found  # type: ignore[return-value]


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


if __name__ == "__main__":
    print("\n".join(main()))
