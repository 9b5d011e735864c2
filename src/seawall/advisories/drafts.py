"""Unfinished files, and who is at work: what a process that dies leaves behind must not matter.

A draft is locked (flock(2)) as long as its maker lives, so whoever comes next can tell a draft
that somebody writes from one that nobody will ever finish. Process numbers could not tell: they
repeat, and two containers that share a folder both have a process 1.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def draft(folder: Path, prefix: str, suffix: str) -> Iterator[Path]:
    """Yield the path of a new empty file in `folder`, which goes unless it is moved away.

    Drafts of the same prefix and suffix that nobody holds any more are removed first.

    Raises:
        OSError: the folder cannot be written.
    """
    for old in folder.glob(f"{prefix}*{suffix}"):
        _remove_abandoned(old)
    descriptor, path = _locked_new(folder, prefix, suffix)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


@contextlib.contextmanager
def alone(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Keep out others that want to be alone in `folder`; call `waiting` where one must wait.

    On file systems without locks everybody is let in: drafts are still nobody else's.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            pass
        yield
    finally:
        os.close(descriptor)


def _locked_new(folder: Path, prefix: str, suffix: str) -> tuple[int, Path]:
    while True:
        path = folder / f"{prefix}{secrets.token_hex(8)}{suffix}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Between making and locking it, somebody may have taken it for an abandoned one.
        if os.fstat(descriptor).st_nlink:
            return descriptor, path
        os.close(descriptor)


def _remove_abandoned(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except OSError:
        pass  # somebody works on it, or this file system cannot tell
    finally:
        os.close(descriptor)
