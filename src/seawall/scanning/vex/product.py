"""How an image is named as the product of a VEX statement."""

import hashlib
import re
from typing import Any

from packageurl import PackageURL

from seawall.model import Image

_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def product_of(image: Image) -> dict[str, Any]:
    """Return an image as a product: its image id, and a name for people to know it by."""
    algorithm, _, value = image.digest.partition(":")
    if not value:
        return {"@id": str(image.ref) if _is_iri(str(image.ref)) else _urn(image)}
    tagged = image.tags[0] if image.tags else ""
    if not tagged and image.ref.source in ("docker", "registry"):
        tagged = image.ref.place.partition("@")[0]
    repository, _, tag = tagged.partition("@")[0].rpartition(":")
    if "/" in tag or not repository:
        repository, tag = tagged, ""
    name = repository.rpartition("/")[2].lower()
    product: dict[str, Any] = {"@id": f"urn:{image.digest}"}
    if name and (url := _image_url(name, image.digest, repository, tag)):
        product = {"@id": url, "identifiers": {"purl": url}}
    if algorithm == "sha256":
        product["hashes"] = {"sha-256": value}
    return product


def _image_url(name: str, digest: str, repository: str, tag: str) -> str:
    qualifiers = {"repository_url": repository if "/" in repository else "", "tag": tag}
    kept = {key: value for key, value in qualifiers.items() if value}
    try:
        return PackageURL("oci", None, name, digest, kept).to_string()
    except (ValueError, TypeError):  # a digest of nothing but space, in an image made to confuse
        return ""


def _is_iri(text: str) -> bool:
    return text.isascii() and _IRI.fullmatch(text) is not None


def _urn(image: Image) -> str:
    spelled = str(image.ref).encode("utf-8", "backslashreplace")
    return f"urn:seawall:{hashlib.sha256(spelled).hexdigest()[:32]}"
