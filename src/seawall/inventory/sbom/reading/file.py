"""A file with a bill of materials, in any of the wrappings it comes in.

Attestations wrap it: an in-toto statement (https://github.com/in-toto/attestation, ``spec/``), as
BuildKit stores, and around that a DSSE envelope, as cosign does. ``docker buildx imagetools
inspect`` and GitHub's export have a wrapping of one key. What a signature says is not looked at.
"""

import base64
import binascii
import re
from pathlib import Path

import msgspec

from seawall.errors import LimitExceeded, SbomError
from seawall.images import Limits
from seawall.inventory.sbom.reading import cyclonedx, spdx
from seawall.inventory.sbom.reading.contents import Contents, Sbom

_WRAPPINGS = 5  # envelope, statement, and what a tool may put in between
_BOM = b"\xef\xbb\xbf"
_CYCLONEDX = re.compile(r"1\.[2-7]")
_SPDX = re.compile(r"SPDX-2\.[23](?:\.[0-9])?")
_UNSIGNED = "the bill of materials comes from an attestation, whose signature was not verified"


class _Head(msgspec.Struct):
    """The keys that tell what a JSON document is."""

    bom_format: str | None = msgspec.field(default=None, name="bomFormat")
    spec_version: str | None = msgspec.field(default=None, name="specVersion")
    spdx_version: str | None = msgspec.field(default=None, name="spdxVersion")
    predicate_type: str | None = msgspec.field(default=None, name="predicateType")
    predicate: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="Data")  # in cosign's predicates
    payload_type: str | None = msgspec.field(default=None, name="payloadType")
    payload: str | None = None
    spdx: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="SPDX")
    sbom: msgspec.Raw = msgspec.Raw()
    context: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="@context")
    artifacts: msgspec.Raw = msgspec.Raw()


def read_sbom(path: str, limits: Limits | None = None) -> Sbom:
    """Read the bill of materials in a file; `parse_sbom` says what it may be.

    Raises:
        SbomError: it cannot be read, or is no bill of materials that we know.
        LimitExceeded: it is larger than `limits` allow (``file_bytes``).
    """
    most = (limits or Limits()).file_bytes
    try:
        with Path(path).open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SbomError(f"{path}: cannot be read ({reason})", "check the path") from error
    if len(data) > most:
        raise LimitExceeded(f"{path}: larger than {most:,} bytes (file_bytes)")
    return parse_sbom(data, path)


def parse_sbom(data: bytes, where: str) -> Sbom:
    """Return the inventory that a document holds: CycloneDX or SPDX as JSON, or an attestation.

    A damaged component or package makes the inventory incomplete; all others are in it.

    Raises:
        SbomError: it is none of these, no JSON, or damaged in what holds its parts.
        LimitExceeded: it has too many parts.
    """
    data = data.removeprefix(_BOM)
    is_attested = False
    try:
        for _ in range(_WRAPPINGS):
            if data.lstrip()[:1] != b"{":
                raise SbomError(f"{where}: {_form(data)}")
            head = msgspec.json.decode(data, type=_Head)
            if head.bom_format is not None or head.spdx_version is not None:
                found = _document(data, head, where)
                if is_attested:
                    found.notes.append(_UNSIGNED)
                return found.sbom()
            is_attested |= bool(bytes(head.predicate))
            data = _unwrapped(head, where)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SbomError(f"{where}: damaged: {error}") from error
    except RecursionError as error:
        raise SbomError(f"{where}: nested too deep") from error
    raise SbomError(f"{where}: one wrapping inside another, more than {_WRAPPINGS} times")


def _document(data: bytes, head: _Head, where: str) -> Contents:
    if head.bom_format is not None:
        if head.bom_format != "CycloneDX" or not _CYCLONEDX.fullmatch(head.spec_version or ""):
            form = f"{head.bom_format} {head.spec_version or 'without a version'}"
            raise SbomError(f"{where}: {form[:80]} cannot be read")
        return cyclonedx.contents(data, where)
    if not _SPDX.fullmatch(head.spdx_version or ""):
        raise SbomError(f"{where}: {(head.spdx_version or 'SPDX')[:80]} cannot be read")
    return spdx.contents(data, where)


def _unwrapped(head: _Head, where: str) -> bytes:
    """Return the document inside of a wrapping."""
    if head.payload is not None:
        try:
            return base64.b64decode(head.payload, validate=True)
        except (binascii.Error, ValueError) as error:
            raise SbomError(f"{where}: an envelope whose payload is no base64") from error
    for inner in (head.predicate, head.data, head.spdx, head.sbom):
        if raw := bytes(inner):
            # cosign's predicate may hold the document as a text.
            return msgspec.json.decode(raw, type=str).encode() if raw[:1] == b'"' else raw
    if b"spdx" in bytes(head.context)[:200].lower():
        raise SbomError(f"{where}: SPDX 3 cannot be read", "export it as SPDX 2.3 JSON")
    if bytes(head.artifacts):
        raise SbomError(
            f"{where}: syft's own form cannot be read", "write it with -o cyclonedx-json"
        )
    if head.predicate_type is not None:
        raise SbomError(f"{where}: an attestation without a predicate")
    raise SbomError(f"{where}: JSON, but no bill of materials")


def _form(data: bytes) -> str:
    """Say what is there instead of JSON."""
    start = data.lstrip()[:1000]
    if start.startswith(b"<"):
        return "XML cannot be read"
    if start.startswith((b"SPDXVersion:", b"#")) and b"SPDXVersion:" in start:
        return "SPDX in the tag-value form cannot be read"
    return "not a JSON object"
