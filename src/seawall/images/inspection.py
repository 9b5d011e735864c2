"""What may look at every file of a layer while it is read.

A `Selector` asks for the few files that name packages; an `Inspection` sees all of them, whatever
they are called: secrets, malware and changed files hide anywhere.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol


class Inspection(Protocol):
    """Looks at one layer. Calls come in the order of the layer's entries, from one thread."""

    reads_content: bool  # whether `file` is called at all

    def names(self, paths: Sequence[bytes]) -> None:
        """Take the next names in the layer that are no folders; in batches, all of them."""

    def link(self, path: bytes, target: bytes, is_hard: bool) -> None:
        """Take a link: a hard one's target is a path from the root, a symbolic one's as stored.

        Called only where `reads_content`.
        """

    def file(self, path: bytes, mode: int, size: int, blocks: Iterator[bytes]) -> None:
        """Look at a regular file: its permission bits, its size in bytes, and its content.

        Blocks that are not taken are skipped. A name may come twice: the image shows the later one.
        """
