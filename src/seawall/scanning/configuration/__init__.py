"""How an image is configured and built, and what is wrong with it.

`configuration_findings` judges an image's configuration, history and setuid files, or the
Dockerfiles of a project. A check is one module of ``checks/`` and one line of `CHECKS`.
"""

from seawall.scanning.configuration.checks import CHECKS
from seawall.scanning.configuration.contract import BuildFile, Check, ImageFacts, Problem
from seawall.scanning.configuration.dockerfile import Dockerfile, parse
from seawall.scanning.configuration.findings import (
    configuration_findings,
    is_build_file,
    is_project,
)

__all__ = [
    "CHECKS",
    "BuildFile",
    "Check",
    "Dockerfile",
    "ImageFacts",
    "Problem",
    "configuration_findings",
    "is_build_file",
    "is_project",
    "parse",
]
