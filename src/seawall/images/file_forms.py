"""What a file is that is no image, and how a person names it so that it can be looked at."""

from contextlib import suppress
from pathlib import Path

from seawall.errors import NotAnImage
from seawall.images import compression
from seawall.images.blobs import looks_like_tar

_HEAD = 512  # bytes that tell the form

# As `seawall.scanning.content.inspection` knows them, and the comments and instructions that
# one begins with (Dockerfile reference: only ARG and parser directives may come before FROM).
_BUILD_FILES = ("dockerfile", "containerfile")
_BEGINNINGS = (b"from ", b"arg ")


def is_document(head: bytes) -> bool:
    """Tell JSON, and bills of materials in other forms, which their reader refuses by name."""
    is_json = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"
    is_xml = head.lstrip()[:1] == b"<" and b"cyclonedx.org" in head
    return is_json or is_xml or b"SPDXVersion:" in head


def no_archive(path: Path, where: str, head: bytes) -> NotAnImage:
    """Return the error for a file that starts with `head` and is no archive: what works instead."""
    if is_document(head):
        return NotAnImage(
            f"{where}: a document, not an image", f"a bill of materials is written sbom:{path}"
        )
    if _is_dockerfile(path, head):
        return NotAnImage(
            f"{where}: a Dockerfile, not an image",
            f"scan the folder that it is in: dir:{path.parent}; "
            "or the image that is built from it: docker:NAME",
        )
    return NotAnImage(
        f"{where}: not a tar archive",
        f"a file that is no image is scanned with its folder: dir:{path.parent}; "
        "a bill of materials is JSON: sbom:FILE",
    )


def _is_dockerfile(path: Path, head: bytes) -> bool:
    name = path.name.lower()
    if name.startswith(_BUILD_FILES) or name.endswith(tuple(f".{kind}" for kind in _BUILD_FILES)):
        return True
    lines = (line.strip().lower() for line in head.splitlines())
    first = next((line for line in lines if line and not line.startswith(b"#")), b"")
    return first.startswith(_BEGINNINGS)


def no_directory(path: Path, where: str) -> NotAnImage:
    """Return the error for a file where a directory was asked for: what works instead."""
    head = b""
    with suppress(OSError):
        if path.is_file():  # to open a FIFO would block
            with path.open("rb") as file:
                head = file.read(_HEAD)
    if is_document(head):
        hint = f"a bill of materials is written sbom:{path}"
    elif compression.is_compressed(head) or looks_like_tar(head):
        hint = f"an image in a file: docker-archive:{path} or oci-archive:{path}"
    else:
        hint = f"name the folder that it is in: dir:{path.parent}"
    return NotAnImage(f"{where}: a file, not a directory", hint)
