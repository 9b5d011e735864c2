"""A VEX document from a file; its form is recognised by what it says of itself."""

import json

from seawall.errors import UsageError
from seawall.scanning import named_file
from seawall.scanning.vex import csaf, openvex
from seawall.scanning.vex.statement import Statement

_MOST_BYTES = 128 << 20  # the largest documents of distributions have a few dozen million
_HINT = "OpenVEX JSON and CSAF 2.0 VEX JSON can be read"


def read(path: str) -> list[Statement]:
    """Return the statements of a file, in its order.

    Raises:
        UsageError: it cannot be read, or is no VEX document.
    """
    data = named_file.content(path, _MOST_BYTES)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON ({error})", _HINT) from error
    if isinstance(document, dict):
        for form in (openvex, csaf):
            if form.is_one(document):
                try:
                    return list(form.statements(document, path))
                except ValueError as error:
                    raise UsageError(f"{path}: {error}") from error
    raise UsageError(f"{path}: not a VEX document", _HINT)
