"""Tell systemd how the service is: sd_notify(3), datagrams to ``$NOTIFY_SOCKET``.

Without that variable nobody listens and nothing is sent.
"""

import os
import socket
from contextlib import suppress

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


def tell(*states: str) -> None:
    """Tell systemd; a listener that is gone is no error."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # a name without a file (unix(7), abstract)
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.connect(address)
        listener.send("\n".join(states).encode())


def status(text: str) -> str:
    """Return the state that ``systemctl status`` shows as a line."""
    return "STATUS=" + " ".join(text.split())


def watchdog_s() -> float | None:
    """Return within how many seconds systemd wants to hear that we are alive; None: it does not."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        found = int(os.environ.get("WATCHDOG_USEC", "")) / 1e6
    except ValueError:
        return None
    return found if found > 0 else None
