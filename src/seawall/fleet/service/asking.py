"""Ask the service that runs, over its Unix socket."""

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any

from seawall.errors import FleetError

_TIMEOUT_S = 15.0
_ANSWER_BYTES = 4 << 20


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT_S)
        self.sock.connect(os.fspath(self._path))


def ask(path: Path, page: str) -> dict[str, Any]:
    """Return the JSON object that the service answers for a page.

    Raises:
        FleetError: it does not answer, or with something else.
    """
    connection = _Connection(path)
    try:
        connection.request("GET", page)
        found = json.loads(connection.getresponse().read(_ANSWER_BYTES))
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise FleetError(
            f"the service does not answer at {path} ({why})",
            "does it run?   systemctl status seawall-fleet   or   seawall fleet run",
        ) from error
    except ValueError as error:
        raise FleetError(f"{path}: what answers is no Seawall", "see health.socket") from error
    finally:
        connection.close()
    if not isinstance(found, dict):
        raise FleetError(f"{path}: what answers is no Seawall", "see health.socket")
    return found
