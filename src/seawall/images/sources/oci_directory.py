"""``oci-dir:PATH[:NAME]``: an OCI image layout in a directory (OCI image specification 1.1)."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from seawall.errors import CorruptImage, NotAnImage
from seawall.images.blobs import Hashing, Layers, MappedFile
from seawall.images.limits import Budget, Limits
from seawall.images.selection import Selector
from seawall.images.sources.archive import check_document, exists, split_place
from seawall.images.sources.contract import Inspect, LayerReading, OpenImage
from seawall.images.sources.manifest import Resolved, resolve_oci
from seawall.model import ImageRef


@contextmanager
def open_oci_directory(ref: ImageRef, limits: Limits) -> Iterator[OpenImage]:
    """Open the layout; each blob is mapped when its turn comes."""
    root, wanted = split_place(ref.place)
    if not root.is_dir():
        raise NotAnImage(f"{ref}: not a directory", "use oci-archive: or docker-archive:")
    with Hashing() as hashing:
        yield OciDirectory(root, ref, wanted, limits, hashing)


class OciDirectory(Resolved):
    """An image in a layout directory."""

    def __init__(
        self, root: Path, ref: ImageRef, wanted: str, limits: Limits, hashing: Hashing
    ) -> None:
        self._root, self._ref, self._limits, self._hashing = root, ref, limits, hashing
        super().__init__(resolve_oci(self._document, ref, wanted, limits))

    def layers(
        self,
        selector: Selector,
        inspect: Inspect | None = None,
        known: Collection[str] = frozenset(),
    ) -> Iterator[LayerReading]:
        """Yield each distinct layer once."""
        layers = Layers(selector, Budget(self._limits), inspect)
        with ExitStack() as files:
            for blob in self.wanted(known):
                where = f"{self._ref}: layer {blob.name}"
                if not exists(self._root / blob.name):
                    raise CorruptImage(f"{where} is missing")
                file = files.enter_context(MappedFile(self._root / blob.name, where))
                yield layers.mapped(
                    file, 0, file.size, self._hashing, where, blob.diff_id, blob.digest
                )
            self._hashing.compare()

    def _document(self, name: str) -> bytes | None:
        path = self._root / name
        if not exists(path):
            return None
        with MappedFile(path, f"{self._ref}: {name}") as file:
            check_document(self._ref, name, file.size)
            return file.data[: file.size]
