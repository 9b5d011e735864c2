"""Walking all headers of an archive's layers: our reader beside `tarfile`, in one process."""

import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.inventory import image
from bench.measuring import keep, median
from seawall.images.blobs import MappedFile
from seawall.images.limits import Budget, Limits
from seawall.images.stream import MappedStream
from seawall.images.tar import TarReader

RUNS = 5


def ours(path: Path, regions: list[tuple[int, int]]) -> int:
    """Return how many entries our reader yields."""
    count = 0
    with MappedFile(path, "bench") as file:
        for start, size in regions:
            stream = MappedStream(file.data, start, start + size, "bench")
            for _ in TarReader(stream, Budget(Limits())):
                count += 1
    return count


def theirs(path: Path, regions: list[tuple[int, int]]) -> int:
    """Return how many entries `tarfile` yields."""
    count = 0
    with path.open("rb") as file:
        for start, _ in regions:
            file.seek(start)
            with tarfile.open(fileobj=file, mode="r:") as archive:
                for _ in archive:
                    count += 1
    return count


def main() -> list[str]:
    """Measure; return the lines of the table."""
    path = image("web")
    with tarfile.open(path) as archive:
        regions = [
            (member.offset_data, member.size)
            for member in archive
            if member.isfile() and member.name.endswith("layer.tar")
        ]
    seconds: dict[str, float] = {}
    counts: dict[str, int] = {}
    walks: dict[str, Callable[[Path, list[tuple[int, int]]], int]] = {
        "seawall": ours,
        "tarfile": theirs,
    }
    times: dict[str, list[float]] = {name: [] for name in walks}
    for _ in range(RUNS):
        for name, walk in walks.items():
            started = time.process_time()
            counts[name] = walk(path, regions)
            times[name].append(time.process_time() - started)
    seconds = {name: median(values) for name, values in times.items()}
    if counts["seawall"] != counts["tarfile"]:
        sys.exit(f"the readers disagree: {counts}")
    ratio = seconds["tarfile"] / seconds["seawall"]
    keep("tar_walk", {"entries": counts["seawall"], "cpu_s": seconds, "ratio": ratio})
    return [
        f"{counts['seawall']:,} headers: {seconds['seawall']:.2f} CPU s, "
        f"`tarfile` {seconds['tarfile']:.2f} CPU s ({ratio:.1f}×)"
    ]


if __name__ == "__main__":
    print("\n".join(main()))
