from seawall.inventory.catalogers.cocoapods import PODFILE_LOCK
from tests.unit.inventory.catalogers.locks import named

PODFILE = """\
PODS:
  - DeviceDNA (0.1.6)
  - "GoogleUtilities/NSData+zlib (7.0.0)"
  - Mine (0.1.0):
    - DeviceDNA
  - Mockingjay (2.0.1):
    - Mockingjay/Core (= 2.0.1)
    - Mockingjay/XCTest (= 2.0.1)
  - Mockingjay/Core (2.0.1):
    - URITemplate (~> 2.0)
  - TrustKit (1.6.4)

DEPENDENCIES:
  - DeviceDNA
  - Mine (from `../Mine`)

SPEC REPOS:
  https://github.com/cocoapods/specs.git:
    - DeviceDNA

EXTERNAL SOURCES:
  Mine:
    :path: "../Mine"

SPEC CHECKSUMS:
  DeviceDNA: 06c4c1af198fc8b44711d10bed39e0a8638b490d

COCOAPODS: 1.7.4
"""


def test_the_parts_of_a_pod_are_one_and_those_of_the_project_are_none() -> None:
    assert named(PODFILE_LOCK, PODFILE) == [
        "DeviceDNA 0.1.6",
        "GoogleUtilities 7.0.0",
        "Mockingjay 2.0.1",
        "TrustKit 1.6.4",
    ]
