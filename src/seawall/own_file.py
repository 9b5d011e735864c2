"""Whether a file could be somebody else's work.

What is believed (findings kept from before, settings) must not have been written by another user.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def check_own(path: Path, beside: Sequence[str] = ()) -> tuple[str, str] | None:
    """Return why a file is not to be believed, and what to do; None when all is well.

    Looked at are the file, those `beside` it (endings: what SQLite keeps there), and the folder:
    another user than we and root may own none of them, nor write to them. In a sticky folder, as
    ``/tmp`` is, others cannot take our files away, so there only the files must be ours. What does
    not exist is nobody's.

    Raises:
        OSError: it cannot be looked at.
    """
    real = Path(os.path.realpath(path))  # links are followed, and a log is kept behind them
    others = [real.with_name(real.name + ending) for ending in beside]
    for place in (path.parent, real.parent, real, *others):
        try:
            state = place.stat(follow_symlinks=place not in others)
        except FileNotFoundError:
            continue
        if state.st_uid not in (os.geteuid(), 0):
            return (
                f"{place}: belongs to another user (uid {state.st_uid}), who could hide findings",
                "set SEAWALL_HOME to a folder of your own",
            )
        is_sticky = stat.S_ISDIR(state.st_mode) and state.st_mode & stat.S_ISVTX
        if state.st_mode & _OTHERS_WRITE and not is_sticky:
            return (
                f"{place}: other users may write to it, so they could hide findings",
                f"if nobody else has written there: chmod go-w {place}",
            )
    return None
