"""Reports of one scan, in the formats that people and other tools read.

One module a format, named as the format is. `FORMATS` imports a module when it is first used.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TextIO

from seawall.scanning.report import Report
from seawall.scanning.reports.options import Options

__all__ = ["FORMATS", "Options", "Writer"]

Writer = Callable[[Report, TextIO, Options], None]


def _writer(module: str) -> Writer:
    def write(report: Report, out: TextIO, options: Options) -> None:
        loaded: Writer = import_module(f"{__name__}.{module}").write
        loaded(report, out, options)

    return write


FORMATS: Mapping[str, Writer] = MappingProxyType(
    {
        "table": _writer("table"),
        "json": _writer("json"),
        "sarif": _writer("sarif"),
        "html": _writer("html"),
        "junit": _writer("junit"),
        "cyclonedx-json": _writer("cyclonedx_json"),
        "spdx-json": _writer("spdx_json"),
        "openvex": _writer("openvex"),
    }
)
