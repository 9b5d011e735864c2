"""A client of the OCI distribution protocol (OCI distribution specification 1.1).

`reference` reads a name, `Registry` reaches the place it names: manifests as raw bytes and blobs
as they arrive, both compared with their digests. `references` lists what a registry or repository
holds. Logins and certificates are those of Docker.
"""

from seawall.registry.client import Manifest, Registry, opened
from seawall.registry.listing import references, repositories, scope, tags
from seawall.registry.reference import Reference, parse
from seawall.registry.settings import Settings

__all__ = [
    "Manifest",
    "Reference",
    "Registry",
    "Settings",
    "opened",
    "parse",
    "references",
    "repositories",
    "scope",
    "tags",
]
