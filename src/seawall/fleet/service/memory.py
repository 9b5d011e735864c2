"""How much memory this process has."""

import os
from pathlib import Path


def memory_bytes() -> int:
    """Return the memory in RAM that is this process's own (proc(5), statm); 0 where none tells.

    Pages of files, as those of the store, are the kernel's to take back, so they do not count.
    """
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
        pages = int(fields[1]) - int(fields[2])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
