"""Image → findings, and the reports that show them.

`scan` judges an inventory; `attributed` says what the base image brought, `suppress` what somebody
decided not to count; `explain` says why an advisory did or did not apply; ``reports`` writes the
result.
"""

from seawall.scanning.attribution import attributed, open_base
from seawall.scanning.explaining import explain
from seawall.scanning.reading import read, read_with_files
from seawall.scanning.report import AdvisoryData, BaseImage, Decision, Report
from seawall.scanning.scan import (
    advisory_data,
    discounted,
    over_threshold,
    scan,
    without_kinds,
    without_unfixed,
)
from seawall.scanning.suppression import Suppression, VexStatements, suppress
from seawall.scanning.vulnerabilities import Judgement, judge

__all__ = [
    "AdvisoryData",
    "BaseImage",
    "Decision",
    "Judgement",
    "Report",
    "Suppression",
    "VexStatements",
    "advisory_data",
    "attributed",
    "discounted",
    "explain",
    "judge",
    "open_base",
    "over_threshold",
    "read",
    "read_with_files",
    "scan",
    "suppress",
    "without_kinds",
    "without_unfixed",
]
