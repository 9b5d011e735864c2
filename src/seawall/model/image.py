"""Images and what they are made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ImageRef:
    """How a person names an image: a source (``docker``, ``oci-dir``, …) and a place in it."""

    source: str
    place: str

    def __str__(self) -> str:
        return f"{self.source}:{self.place}"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as the image's configuration names it."""

    diff_id: str  # "sha256:…" of the uncompressed tar; empty for a directory, which has no layer
    created_by: str = ""  # the history line that made it, where the configuration has one


@dataclass(frozen=True, slots=True)
class Image:
    """What an `ImageRef` resolved to."""

    ref: ImageRef
    digest: str  # of the configuration ("sha256:…"), the image id; empty for a directory
    layers: tuple[Layer, ...]  # lowest first
    os: str = ""
    architecture: str = ""
    tags: tuple[str, ...] = field(default=())
