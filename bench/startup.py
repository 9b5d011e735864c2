"""How soon the command answers: its version, and the scan of a small image."""

import sys

from bench.inventory import image
from bench.measuring import SEAWALL, keep, median, run

RUNS = 11


def main() -> list[str]:
    """Measure; return the lines of the table."""
    base = image("base")
    commands = {
        "python3 -c pass": [sys.executable, "-c", "pass"],
        "seawall --version": [*SEAWALL, "--version"],
        "seawall --help": [*SEAWALL, "--help"],
        f"seawall scan, {base.stat().st_size / 1e6:.0f} MB image": [
            *SEAWALL,
            "scan",
            f"docker-archive:{base}",
        ],
    }
    results = {}
    for name, command in commands.items():
        run(command)
        runs = [run(command) for _ in range(RUNS)]
        results[name] = {
            "wall_s": median([one.wall_s for one in runs]),
            "cpu_s": median([one.cpu_s for one in runs]),
            "peak_mib": median([one.peak_mib for one in runs]),
        }
    keep("startup", results)
    return [
        "| command | wall ms | CPU ms | peak MiB |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{name}` | {row['wall_s'] * 1000:.0f} | {row['cpu_s'] * 1000:.0f} "
            f"| {row['peak_mib']:.0f} |"
            for name, row in results.items()
        ),
    ]


if __name__ == "__main__":
    print("\n".join(main()))
