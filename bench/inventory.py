"""Listing an image's packages: Seawall beside syft, in turn, on the same archives.

Seawall verifies every digest on the way. syft runs with file metadata and its update check off, so
that both do the same job. The floor is what hashing the archive alone costs with OpenSSL.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench.measuring import HERE, SEAWALL, keep, median, paired, run, told

RUNS = 3


def image(kind: str) -> Path:
    """Return the archive of an image, made when it is not there yet."""
    folder = Path(os.environ.get("SEAWALL_BENCH_IMAGES") or "/var/tmp/seawall-bench")
    path = folder / f"{kind}.tar"
    if not path.exists():
        told(f"making {path} (some minutes)")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([HERE / "make-image.sh", kind, path], check=True, stdout=sys.stderr)
    return path


def main() -> list[str]:
    """Measure both images; return the lines of the table."""
    syft = Path(sys.executable).with_name("syft")
    environment = os.environ | {
        "SYFT_FILE_METADATA_SELECTION": "none",
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
    }
    results = {}
    lines = [
        "| image | | CPU s | wall s | peak MiB | deb | python | npm |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for kind in ("web", "mixed"):
        path = image(kind)
        target = f"docker-archive:{path}"
        told(f"{kind}: {RUNS} pairs")
        ours = [*SEAWALL, "inventory", target, "--format", "json", "--no-cache"]
        theirs = [str(syft), "scan", target, "-o", "json=/dev/null", "-q"]
        runs = paired(ours, theirs, RUNS, environment)
        floor = median([run(["openssl", "dgst", "-sha256", str(path)]).cpu_s for _ in range(RUNS)])
        counts = {"seawall": packages(ours, environment), "syft": packages_of_syft(syft, target)}
        figures = {
            name: {
                "cpu_s": median([pair[i].cpu_s for pair in runs]),
                "wall_s": median([pair[i].wall_s for pair in runs]),
                "peak_mib": median([pair[i].peak_mib for pair in runs]),
                "packages": counts[name],
            }
            for i, name in enumerate(("seawall", "syft"))
        }
        ratios = {
            "cpu": median([b.cpu_s / a.cpu_s for a, b in runs]),
            "wall": median([b.wall_s / a.wall_s for a, b in runs]),
            "peak": median([b.peak_mib / a.peak_mib for a, b in runs]),
            "cpu_beyond_hashing": median([b.cpu_s / (a.cpu_s - floor) for a, b in runs]),
        }
        results[kind] = {
            "archive_bytes": path.stat().st_size,
            "hashing_floor_cpu_s": floor,
            "ratios": ratios,
            **figures,
        }
        for name, row in figures.items():
            found = counts[name]
            lines.append(
                f"| {kind}, {path.stat().st_size / 1e9:.2f} GB | {name} | {row['cpu_s']:.2f} "
                f"| {row['wall_s']:.2f} | {row['peak_mib']:.0f} | {found.get('deb', 0)} "
                f"| {found.get('python', 0)} | {found.get('npm', 0)} |"
            )
        lines.append(
            f"| | ratio | {ratios['cpu']:.1f}× | {ratios['wall']:.1f}× | {ratios['peak']:.1f}× "
            f"| | | hashing alone: {floor:.2f} CPU s |"
        )
    keep("inventory", results)
    return lines


def packages(command: list[str], environment: dict[str, str]) -> dict[str, int]:
    """Return how many packages of each kind Seawall lists."""
    out = subprocess.run(command, capture_output=True, check=False, env=environment).stdout
    kinds = Counter(package["type"] for package in json.loads(out)["packages"])
    return {"deb": kinds["deb"], "python": kinds["pypi"], "npm": kinds["npm"]}


def packages_of_syft(syft: Path, target: str) -> dict[str, int]:
    """Return how many packages of each kind syft lists."""
    out = subprocess.run(
        [str(syft), "scan", target, "-o", "json", "-q"],
        capture_output=True,
        check=True,
        env=os.environ | {"SYFT_CHECK_FOR_APP_UPDATE": "false"},
    ).stdout
    return dict(Counter(package["type"] for package in json.loads(out)["artifacts"]))


if __name__ == "__main__":
    print("\n".join(main()))
