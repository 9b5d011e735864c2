"""The Java runtime itself, by the file ``release`` in its folder (JEP 223 and the JDK's own build).

Bitnami's names, so that its advisories can speak of it: ``java`` for a development kit, ``jre``
for a runtime, and 8.0.392 for what calls itself 1.8.0_392 (JEP 223 describes both forms).
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.model import Package

_FIELD = re.compile(r'^([A-Z_]{1,40})="?([^"\n]{0,200}?)"?[ \t\r]*$', re.MULTILINE)
_OLD = re.compile(r"1\.([5-8])\.0(?:_([0-9]+))?(?:-[A-Za-z0-9-]+)?")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*(?:[-+][A-Za-z0-9.+-]+)?")


def release(file: ImageFile) -> Iterator[Fact]:
    """Yield the runtime that a ``release`` file describes; other files of that name say nothing."""
    if not 0 < len(file.content) < 1 << 16 or file.path.startswith("opt/bitnami/"):
        return  # Bitnami says itself what is there
    fields = dict(_FIELD.findall(file.text))
    version = fields.get("JAVA_VERSION", "")
    old = _OLD.fullmatch(version)
    if old is not None:
        version = f"{old[1]}.0.{int(old[2] or 0)}"
    elif not _VERSION.fullmatch(version):
        return
    # Kits up to Java 8 carry no type, and Debian's none at all; jlink's images are runtimes.
    kind = fields.get("IMAGE_TYPE", "")
    is_kit = kind == "JDK" or (not kind and "jdk.compiler" in fields.get("MODULES", ""))
    by = fields.get("IMPLEMENTOR", "")
    evidence = f"release: JAVA_VERSION={fields['JAVA_VERSION']}" + (f", {by}" if by else "")
    yield Package("generic", "java" if is_kit else "jre", version, evidence=evidence)
