"""The nouns every room shares.

Frozen values without behaviour beyond their own invariants. Two rooms that do not know each
other meet here.
"""

from seawall.model.advisory import Advisory, FixState, Range, Severity
from seawall.model.finding import Finding, Kind, Urgency
from seawall.model.image import Image, ImageConfig, ImageRef, Layer, Step
from seawall.model.package import Distribution, Incomplete, Inventory, Package

__all__ = [
    "Advisory",
    "Distribution",
    "Finding",
    "FixState",
    "Image",
    "ImageConfig",
    "ImageRef",
    "Incomplete",
    "Inventory",
    "Kind",
    "Layer",
    "Package",
    "Range",
    "Severity",
    "Step",
    "Urgency",
]
