"""Images made to exhaust a scanner: each must end within the limits, and say what was limited."""

import io
import json
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from bench.measuring import SEAWALL, keep, run, told

_FILES = 3_000_000
_ONE_LINE = 1 << 30
_NESTED = 50
_BLOCK = 512


def main() -> list[str]:
    """Measure each image; return the lines of the table."""
    lines = [
        "| image | archive MB | CPU s | wall s | peak MiB | what the report says |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    results = {}
    for name, write_layer in CASES.items():
        with tempfile.TemporaryDirectory(dir=os.environ.get("SEAWALL_BENCH_IMAGES")) as folder:
            told(f"{name} …")
            path = Path(folder) / "image.tar"
            _image(path, write_layer)
            report = Path(folder) / "report.json"
            environment = os.environ | {"SEAWALL_HOME": folder}
            command = [*SEAWALL, "scan", "--format", "json", "-o", str(report)]
            done = run([*command, f"docker-archive:{path}"], environment)
            said = [item["reason"] for item in json.loads(report.read_text())["incomplete"]]
            size = path.stat().st_size
            row = {
                "archive_bytes": size,
                "cpu_s": done.cpu_s,
                "wall_s": done.wall_s,
                "peak_mib": done.peak_mib,
                "incomplete": said,
            }
        results[name] = row
        lines.append(
            f"| {name} | {size / 1e6:.0f} | {done.cpu_s:.1f} | {done.wall_s:.1f} "
            f"| {done.peak_mib:.0f} | {'; '.join(said[:2]) or 'nothing left out'} |"
        )
    keep("hostile", results)
    return lines


def _image(path: Path, write_layer: Callable[[Path], None]) -> None:
    """Write a Docker archive of one layer."""
    layer = path.with_name("layer.tar")
    write_layer(layer)
    state = sha256()
    with layer.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    digest = state.hexdigest()
    config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}).encode()
    name = f"{sha256(config).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": None, "Layers": ["layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        tar.add(layer, "layer.tar")
        for member, content in ((name, config), ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    layer.unlink()


def _empty_files(path: Path) -> None:
    with path.open("wb") as file:
        for number in range(_FILES):
            name = f"srv/{number // 10_000}/{number}"
            file.write(tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT))
        file.write(bytes(2 * _BLOCK))


def _one_line(path: Path) -> None:
    piece = b'function a(b,c){return b+c}var d={"e":"f0","g":[1,2,3]};'
    block = piece * (1 << 15)
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("srv/bundle.js")
        info.size = _ONE_LINE
        tar.addfile(info, _Repeated(block, _ONE_LINE))  # type: ignore[arg-type]


class _Repeated:
    """A file of one block over and over, without ever holding it all."""

    def __init__(self, block: bytes, size: int) -> None:
        self._block, self._left = block, size

    def read(self, count: int) -> bytes:
        count = min(count, self._left, len(self._block))
        self._left -= count
        return self._block[:count]


def _nested_jar(path: Path) -> None:
    content = b"x"
    for depth in range(_NESTED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as jar:
            jar.writestr(
                "META-INF/maven/org.example/inner/pom.properties",
                f"groupId=org.example\nartifactId=inner\nversion=1.{depth}\n",
            )
            jar.writestr("lib/inner.jar", content)
        content = out.getvalue()
    _single(path, "srv/app.jar", content)


def _zip_bomb(path: Path) -> None:
    """A jar whose members all unpack to a gigabyte of zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as jar:
        for number in range(8):
            with jar.open(f"lib/{number}.jar", "w", force_zip64=True) as member:
                for _ in range(1024):
                    member.write(bytes(1 << 20))
    _single(path, "srv/bomb.jar", out.getvalue())


def _single(path: Path, name: str, content: bytes) -> None:
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))


CASES = {
    "three million empty files": _empty_files,
    "1 GiB of JavaScript in one line": _one_line,
    "a jar nested 50 deep": _nested_jar,
    "a zip bomb of 8 GiB": _zip_bomb,
}

if __name__ == "__main__":
    print("\n".join(main()))
