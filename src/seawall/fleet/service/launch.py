"""What a child of the service runs first: it ties its life to its parent's, then is ``seawall``.

``python -m seawall.fleet.service.launch PARENT ARGUMENT…``. The kernel kills the child when the
process `PARENT` ends, however that ends (prctl(2), PR_SET_PDEATHSIG; it stays set over execve), and
takes the child before the service when memory runs out (proc(5), oom_score_adj).
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_FIRST_TO_GO = "500"


def main(parent: int, arguments: list[str]) -> None:
    """Become ``seawall ARGUMENT…``."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before the kernel knew
        sys.exit(3)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the service was put behind a shell
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    os.execv(sys.executable, [sys.executable, "-m", "seawall", *arguments])  # noqa: S606 - ourselves


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
