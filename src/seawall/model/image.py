"""Images and what they are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ImageRef:
    """How a person names an image: a source (``docker``, ``oci-dir``, …) and a place in it."""

    source: str
    place: str
    platform: str = ""  # "linux/arm64/v8", where several are to choose from; empty: this machine's

    def __str__(self) -> str:
        return f"{self.source}:{self.place}"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as the image's configuration names it."""

    diff_id: str  # "sha256:…" of the uncompressed tar; empty for a directory, which has no layer
    created_by: str = ""  # the history line that made it, where the configuration has one


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an image's history."""

    created_by: str  # as the builder wrote it: "/bin/sh -c #(nop) USER app", "RUN /bin/sh -c …"
    is_empty: bool = False  # it changed the configuration only and made no layer
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What an image says of how to run it (OCI image specification, "Image Configuration")."""

    user: str = ""  # as written: "1000:1000", "app"; empty is root
    env: tuple[str, ...] = ()  # "NAME=value"
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()  # "80/tcp"
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    working_directory: str = ""
    has_health_check: bool = False  # one that is not "NONE"
    history: tuple[Step, ...] = ()  # oldest first
    created: str = ""  # RFC 3339


@dataclass(frozen=True, slots=True)
class Image:
    """What an `ImageRef` resolved to."""

    ref: ImageRef
    digest: str  # of the configuration ("sha256:…"), the image id; empty for a directory
    layers: tuple[Layer, ...]  # lowest first
    os: str = ""
    architecture: str = ""
    tags: tuple[str, ...] = field(default=())
    config: ImageConfig | None = None  # None: a directory has none
    # By which others know it: of manifests, and of indexes that have it among other images.
    other_digests: tuple[str, ...] = ()
