"""Bills of materials: an inventory in the formats that people and other tools read.

One module a format, named as the format is. `FORMATS` imports a module when it is first used.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TextIO

from seawall.model import Inventory

__all__ = ["FORMATS", "Writer"]

Writer = Callable[[Inventory, TextIO], None]


def _writer(module: str) -> Writer:
    def write(inventory: Inventory, out: TextIO) -> None:
        loaded: Writer = import_module(f"{__name__}.{module}").write
        loaded(inventory, out)

    return write


FORMATS: Mapping[str, Writer] = MappingProxyType(
    {
        "table": _writer("table"),
        "json": _writer("json"),
        "cyclonedx-json": _writer("cyclonedx_json"),
        "spdx-json": _writer("spdx_json"),
        "purl": _writer("purl"),
    }
)
