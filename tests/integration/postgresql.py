"""A PostgreSQL server of our own, from Debian's package; whoever uses it gets a schema or skips.

No network, no durability: a socket in a folder that is thrown away. The server will not run as
root, so root starts it as another user; it ends with the process that started it, however that
ends.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_INSTALLED = Path("/usr/lib/postgresql")
_STARTED_S = 60
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "20",
    "autovacuum": "on",
}
# Waits for the end of its parent, which nothing can keep from closing a pipe, then cleans up.
_KEEPER = """
import json, shutil, signal, subprocess, sys
user, folder = json.loads(sys.argv[1]), sys.argv[2]
server = subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL, **user)
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdin.read()
server.send_signal(signal.SIGQUIT)
server.wait()
shutil.rmtree(folder, ignore_errors=True)
"""


class Unavailable(Exception):
    """There is no server here; says why."""


def programs() -> Path:
    """Return the folder of the newest installed server.

    Raises:
        Unavailable: there is none.
    """
    found = [p.parent for p in _INSTALLED.glob("*/bin/postgres") if (p.parent / "initdb").exists()]
    if not found:
        raise Unavailable("needs PostgreSQL (Debian's package postgresql)")
    return max(found, key=lambda folder: int(folder.parent.name.partition(".")[0]))


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Run a server and yield the URL of an empty database.

    Raises:
        Unavailable: there is no PostgreSQL, or it does not start here.
    """
    folder = Path(tempfile.mkdtemp(prefix="seawall-postgresql-", dir="/tmp"))  # a short path
    user = _unprivileged()
    keeper = None
    try:
        if user:
            os.chown(folder, user["user"], user["group"])
        data, log = folder / "data", folder / "log"
        made = subprocess.run(
            [
                programs() / "initdb",
                *("-D", str(data), "-U", "seawall", "-A", "trust"),
                *("-E", "UTF8", "--locale=C", "--no-sync"),
            ],
            capture_output=True,
            check=False,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            user=user.get("user"),
            group=user.get("group"),
        )
        if made.returncode:
            raise Unavailable(f"initdb fails here: {made.stderr[-300:]!r}")
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with log.open("wb") as out:
            keeper = subprocess.Popen(
                [
                    *(sys.executable, "-c", _KEEPER, json.dumps(user), str(folder)),
                    *(str(programs() / "postgres"), "-D", str(data), "-k", str(folder), *options),
                ],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                cwd=folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
            )
        _wait(keeper, folder, log)
        yield f"postgresql://seawall@/postgres?host={quote(str(folder), safe='')}"
    finally:
        if keeper is not None and keeper.stdin is not None:
            keeper.stdin.close()
            try:
                keeper.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(keeper.pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(keeper: "subprocess.Popen[bytes]", folder: Path, log: Path) -> None:
    end = time.monotonic() + _STARTED_S
    while time.monotonic() < end and keeper.poll() is None:
        asked = subprocess.run(
            [programs() / "pg_isready", "-q", "-h", folder], check=False, capture_output=True
        )
        if asked.returncode == 0:
            return
        time.sleep(0.05)
    raise Unavailable(f"PostgreSQL does not start here: {log.read_text()[-400:]}")


def _unprivileged() -> dict[str, int]:
    """Return who runs the server; nobody else than we where that will do."""
    return {"user": 65534, "group": 65534} if os.geteuid() == 0 else {}
