"""Java: archives of code, and the runtime that runs them."""

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger
from seawall.inventory.catalogers.java.jar import (
    JAVA_ENDINGS,
    OTHER_ENDINGS,
    jar,
    pom_properties,
)
from seawall.inventory.catalogers.java.runtime import release

JAVA = Cataloger(
    "java",
    (
        # Without magic: a start script may stand in front.
        *(Pattern(f"**/*.{ending}") for ending in JAVA_ENDINGS),
        *(Pattern(f"**/*.{ending}", magic=b"PK") for ending in OTHER_ENDINGS),
    ),
    jar,
)
JAVA_UNPACKED = Cataloger(
    "java-unpacked", (Pattern("**/META-INF/maven/*/*/pom.properties"),), pom_properties
)
JAVA_RUNTIME = Cataloger("java-runtime", (Pattern("**/release"),), release)

__all__ = ["JAVA", "JAVA_RUNTIME", "JAVA_UNPACKED"]
