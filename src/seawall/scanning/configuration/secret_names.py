"""Variables that hold a secret, told by their names and by what their values look like."""

import re

from seawall.scanning.content.secrets.judging import CHECKS as JUDGES

_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRETS?|TOKEN|CREDENTIALS?"
    r"|(?:API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|MASTER|AUTH|ACCOUNT|DEPLOY)_?KEY(?:_BASE)?)(?:_?\d{1,3})?$"
    r"|(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|APIKEY|ACCESSKEY|SECRETKEY)(?:_?\d{1,3})?$",
    re.IGNORECASE,
)
_NONE = frozenset(("PWD", "OLDPWD"))  # the shell's own
_LENGTH = 10_000  # characters of a value that are looked at
_PAIR = re.compile(rb"(?P<name>[^=]*)=(?P<secret>.*)", re.DOTALL)


def is_secret_name(name: str) -> bool:
    """Tell whether a variable of this name holds a secret, if it holds anything."""
    return len(name) <= 200 and name not in _NONE and bool(_NAME.search(name))


def holds_secret(name: str, value: str) -> bool:
    """Tell whether a variable holds a secret: no reference to one, no path, no switch."""
    if not value or not is_secret_name(name):
        return False
    pair = f"{name}={value[:_LENGTH]}".encode("utf-8", "backslashreplace")
    match = _PAIR.fullmatch(pair)
    return match is not None and JUDGES["environment"](match)
