"""VEX in: what somebody who looked says about flaws in a product.

`read` reads a document (OpenVEX or CSAF), `matching` tells whether a statement speaks of a finding,
and why not.
"""

from seawall.scanning.vex.matching import ImageNames, Verdict, image_names, verdict, why_not
from seawall.scanning.vex.product import product_of
from seawall.scanning.vex.reading import read
from seawall.scanning.vex.statement import (
    JUSTIFICATIONS,
    Component,
    Product,
    Statement,
    Status,
)

__all__ = [
    "JUSTIFICATIONS",
    "Component",
    "ImageNames",
    "Product",
    "Statement",
    "Status",
    "Verdict",
    "image_names",
    "product_of",
    "read",
    "verdict",
    "why_not",
]
