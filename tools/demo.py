"""The main job on real input: this machine's root file system, and one image of its Docker daemon.

Prints both reports, writes them as HTML, and says where; keeps the image in a fleet of its own.
Exit code 3 of a scan (something could not be analysed) is a result like any other here; only a scan
that fails ends the demo.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from seawall.errors import SeawallError
from seawall.images.sources.docker_daemon import image_names

SEAWALL = [sys.executable, "-m", "seawall"]


def main() -> int:
    """Run the demo; 0 unless a scan could not be made at all."""
    folder = Path(tempfile.mkdtemp(prefix="seawall-demo-"))
    targets = ["dir:/"]
    try:
        names = image_names()
        if names:
            targets.append(f"docker:{names[0]}")
        else:
            print("The Docker daemon has no image; the demo goes on without one.\n")
    except SeawallError as error:
        print(f"No image scanned: {error}\n")
    reports = []
    for target in targets:
        page = folder / f"{'root' if target == 'dir:/' else 'image'}.html"
        print(f"$ seawall scan {target} --also html={page}", flush=True)
        command = [*SEAWALL, "scan", target, "--also", f"html={page}"]
        code = subprocess.run(command, check=False).returncode
        if code not in (0, 3):
            return code
        reports.append((target, page))
        print(flush=True)
    if len(targets) > 1:
        code = show_fleet(folder, targets[1])
        if code:
            return code
    for target, page in reports:
        print(f"HTML report on {target}: {page} ({page.stat().st_size // 1024} KiB)")
    if os.geteuid() != 0:
        print("Not run as root: files that only root may read were not analysed.")
    return 0


def show_fleet(folder: Path, image: str) -> int:
    """Keep the image in a fleet of its own, and ask how it stands; 0 unless that fails."""
    settings = folder / "seawall.yaml"
    settings.write_text(f"fleet:\n  store: sqlite://{folder}/fleet.sqlite\n")
    environment = {**os.environ, "SEAWALL_CONFIG": str(settings)}
    for words in (["images", "add", image], ["images", "list"]):
        print(f"$ seawall {' '.join(words)}", flush=True)
        code = subprocess.run([*SEAWALL, *words], env=environment, check=False).returncode
        print(flush=True)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
