"""Hex packages that a ``mix.lock`` names: an Elixir map of tuples, one dependency a line.

``{:hex, :name, "version", "checksum", …}`` (hex, ``Hex.Utils.lock``): the second atom is the
package, which an application may call otherwise. What is from a repository has no version.
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import lock_file, pin

_HEX = re.compile(r'\{\s*+:hex\s*+,\s*+:"?([\w.@-]++)"?\s*+,\s*+"([^"\\\s]++)"', re.ASCII)
_COMMENT = re.compile(r"^\s*+#.*$", re.MULTILINE)


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages, in file order."""
    text = _COMMENT.sub("", file.text)
    if not text.lstrip().startswith("%{"):
        raise ValueError("a mix.lock that is no map")
    for match in _HEX.finditer(text):
        yield from pin("hex", match[1], match[2])


MIX_LOCK = lock_file("mix-lock", ("**/mix.lock",), locked)
