"""Pods that a ``Podfile.lock`` names (CocoaPods/Core, ``Pod::Lockfile``).

``PODS`` lists ``Name/Subspec (1.2.3)``; the parts of one pod have one version. Pods from a folder
are parts of the project.
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import entries, lock_file, pin

_POD = re.compile(r"([^\s/()]+)(?:/[^()]*)? \(([0-9][^\s()]*)\)")


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the pods without those of the project, in file order."""
    pods: dict[tuple[str, str], None] = {}
    local: set[str] = set()
    for keys, value in entries(file.text):
        if keys[:2] == ("PODS", "-") and len(keys) < 4:
            match = _POD.fullmatch(keys[2] if len(keys) == 3 else value)
            if match:
                pods[match[1], match[2]] = None
        elif keys[0] == "EXTERNAL SOURCES" and len(keys) == 3 and keys[2] == ":path":
            local.add(keys[1].partition("/")[0])
    for name, version in pods:
        if name not in local:
            yield from pin("cocoapods", name, version)


PODFILE_LOCK = lock_file("podfile-lock", ("**/Podfile.lock",), locked)
