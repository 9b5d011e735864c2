"""The nouns every room shares.

Frozen values without behaviour beyond their own invariants. Two rooms that do not know each
other meet here.
"""

from seawall.model.advisory import Advisory, FixState, Range, Severity
from seawall.model.finding import Finding, Urgency
from seawall.model.image import Image, ImageRef, Layer
from seawall.model.package import Distribution, Incomplete, Inventory, Package

__all__ = [
    "Advisory",
    "Distribution",
    "Finding",
    "FixState",
    "Image",
    "ImageRef",
    "Incomplete",
    "Inventory",
    "Layer",
    "Package",
    "Range",
    "Severity",
    "Urgency",
]
