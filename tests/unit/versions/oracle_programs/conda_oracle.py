"""Asks conda's own VersionOrder: python conda_oracle.py conda/models/version.py; see README.md.

That module is loaded alone: of the rest of conda, and all that it would import, it needs one
exception only.
"""

import importlib.util
import sys
from types import ModuleType


class InvalidVersionSpec(Exception):
    """What the module raises for a version it refuses."""


exceptions = ModuleType("conda.exceptions")
exceptions.InvalidVersionSpec = InvalidVersionSpec  # type: ignore[attr-defined]  # made here
for module in (ModuleType("conda"), ModuleType("conda.models"), exceptions):
    module.__path__ = []  # a package
    sys.modules[module.__name__] = module
spec = importlib.util.spec_from_file_location("conda.models.version", sys.argv[1])
assert spec is not None
assert spec.loader is not None
conda_version = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conda_version)


def parsed(version: str) -> object | None:
    try:
        answer: object = conda_version.VersionOrder(bytes.fromhex(version).decode())
    except InvalidVersionSpec:
        return None
    return answer


for line in sys.stdin:
    a, b = map(parsed, line.rstrip("\n").split(" "))
    order = 0
    if a is not None and b is not None:
        order = (b < a) - (a < b)  # type: ignore[operator]  # both are a VersionOrder
    print(int(a is not None), int(b is not None), order)
