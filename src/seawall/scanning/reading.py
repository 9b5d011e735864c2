"""Read an open image once: its packages, and what its files hold."""

from collections.abc import Mapping, Sequence

from seawall.images import OpenImage
from seawall.inventory import LayerCache, Reading, read_image
from seawall.inventory.reading import Progress
from seawall.scanning.content.contract import Detector
from seawall.scanning.content.file_digests import ContentAndFilesInspector, FileList, apart
from seawall.scanning.content.inspection import ContentInspector
from seawall.scanning.content.looking import FIRST_GUESS, Contents, look_at


def read(
    opened: OpenImage,
    detectors: Sequence[Detector],
    content_bytes: int,
    cache: LayerCache | None = None,
    progress: Progress | None = None,
) -> tuple[Reading, Contents]:
    """Return what is in an image, and what `detectors` and its packages' checksums say of it.

    Of each file `content_bytes` are looked at.

    Raises what `read_image` raises.
    """
    inspector = ContentInspector(detectors, FIRST_GUESS, content_bytes, cache)
    reading = read_image(opened, progress, inspector=inspector, cache=cache)
    return reading, look_at(reading, opened, inspector, cache)


def read_with_files(
    opened: OpenImage,
    detectors: Sequence[Detector],
    content_bytes: int,
    cache: LayerCache | None = None,
    progress: Progress | None = None,
) -> tuple[Reading, Contents, Mapping[str, FileList]]:
    """Return what `read` returns, and which files each layer holds, by its diff-id.

    Raises what `read_image` raises.
    """
    content = ContentInspector(detectors, FIRST_GUESS, content_bytes, cache)
    both = ContentAndFilesInspector(content)
    reading, files = apart(read_image(opened, progress, inspector=both, cache=cache))
    return reading, look_at(reading, opened, content, cache), files
