"""Image → findings, and the reports that show them.

`scan` judges an inventory; `explain` says why an advisory did or did not apply; ``reports``
writes the result.
"""

from seawall.scanning.explaining import explain
from seawall.scanning.report import AdvisoryData, Report
from seawall.scanning.scan import advisory_data, over_threshold, scan, without_unfixed
from seawall.scanning.vulnerabilities import Judgement, judge

__all__ = [
    "AdvisoryData",
    "Judgement",
    "Report",
    "advisory_data",
    "explain",
    "judge",
    "over_threshold",
    "scan",
    "without_unfixed",
]
