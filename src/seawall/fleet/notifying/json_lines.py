"""Notices behind what a file holds, one line of JSON each, and each once.

Whoever appended and died before it could say so appends again. So the end of the file is looked
at first: a line that has the id is this one. A line that a power failure cut is left as it is, and
the next one begins on a line of its own.
"""

import fcntl
import os
import stat
from pathlib import Path

_TAIL = 1 << 20  # bytes at the end that are looked at; a repetition follows soon


def append_once(path: Path, beginning: bytes, line: bytes, mode: int = 0o640) -> bool:
    """Append `line` and have it on the disk; False when a line that begins so is there already.

    `line` begins with `beginning`, as no other line does, and has no line break. A file that is
    made gets `mode`, less the process's mask. Others that do the same wait.

    Raises:
        OSError: it cannot be done, or `path` is a link or no regular file. What was written of the
            line is taken back.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, mode)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no regular file")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        tail = os.pread(descriptor, _TAIL, max(0, size - _TAIL))
        whole, _, _torn = tail.rpartition(b"\n")
        if any(known.startswith(beginning) for known in whole.split(b"\n")):
            os.fsync(descriptor)  # the one who died may not have got so far
            return False
        try:
            _write(descriptor, (b"\n" if tail and not tail.endswith(b"\n") else b"") + line + b"\n")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    return True


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
