"""How much memory this process has."""

import os
from pathlib import Path


def memory_bytes() -> int:
    """Return the memory of this process that is in RAM (proc(5), statm); 0 where none tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
