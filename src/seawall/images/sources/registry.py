"""``registry:NAME[:TAG][@DIGEST]``: an image in a registry (OCI distribution specification 1.1).

A tag is resolved once; after that everything is asked for by digest. Layers are read as they
arrive, and those that are already known are not asked for.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from seawall.errors import CorruptImage, NotInRegistry, UnknownTarget
from seawall.images.blobs import Layers
from seawall.images.limits import Budget, Limits
from seawall.images.selection import Selector
from seawall.images.sources.archive import DOCUMENT_BYTES
from seawall.images.sources.contract import Inspect, LayerReading, OpenImage
from seawall.images.sources.manifest import Resolution, Resolved, resolve_descriptor
from seawall.images.stream import begun
from seawall.model import ImageRef

if TYPE_CHECKING:
    from seawall.registry import Reference, Registry


@contextmanager
def open_registry_image(ref: ImageRef, limits: Limits) -> Iterator[OpenImage]:
    """Open an image where it is; connections end with the ``with`` block."""
    from seawall.registry import opened, parse  # noqa: PLC0415 - other images need no network

    reference = parse(ref.place)
    with opened(reference) as repository:
        yield RegistryImage(repository, reference, ref, limits)


class RegistryImage(Resolved):
    """An image in a registry."""

    def __init__(
        self,
        repository: "Registry",
        reference: "Reference",
        ref: ImageRef,
        limits: Limits,
    ) -> None:
        self._repository, self._ref, self._limits = repository, ref, limits
        super().__init__(self._resolve(reference))

    def layers(
        self,
        selector: Selector,
        inspect: Inspect | None = None,
        known: Collection[str] = frozenset(),
    ) -> Iterator[LayerReading]:
        """Yield each distinct layer once; none in `known` is downloaded."""
        layers = Layers(selector, Budget(self._limits), inspect)
        for blob in self.wanted(known):
            where = f"{self._ref}: layer {blob.digest}"
            if blob.size < 0:
                raise CorruptImage(f"{where}: the manifest does not say how large it is")
            head, chunks = begun(self._repository.blob(blob.digest, blob.size), 512)
            yield layers.chunked(chunks, head, where, blob.diff_id)

    def _resolve(self, reference: "Reference") -> Resolution:
        try:
            first = self._repository.manifest(reference.wanted)
        except NotInRegistry as error:
            raise UnknownTarget(str(error), error.hint) from error
        documents = {first.digest: first.raw}

        def manifest(name: str) -> bytes:
            digest = _digest_in(name)
            return documents.get(digest) or self._repository.manifest(digest).raw

        def blob(name: str) -> bytes:
            return self._repository.document(_digest_in(name), DOCUMENT_BYTES)

        found = resolve_descriptor(
            manifest, blob, self._ref, {"digest": first.digest}, self._limits
        )
        tags = (str(replace(reference, digest="")),) if reference.tag else ()
        return replace(found, image=replace(found.image, tags=tags))


def _digest_in(name: str) -> str:
    """Return the digest in ``blobs/ALGORITHM/HEX``, as layouts name it."""
    return ":".join(name.split("/")[1:])
