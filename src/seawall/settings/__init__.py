"""Files of settings that a person writes: read with a line for each complaint.

Knows no setting by itself: who reads a file says which keys it has.
"""

from seawall.settings.document import Value
from seawall.settings.reading import Address
from seawall.settings.secret import Secret

__all__ = ["Address", "Secret", "Value"]
