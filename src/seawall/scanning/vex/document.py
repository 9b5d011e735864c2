"""Reading JSON that somebody else wrote: every access says what it wanted."""

from datetime import UTC, datetime
from typing import Any


def text_of(holder: dict[str, Any], key: str) -> str:
    """Return the text at `key`; empty when there is none or it is no text."""
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def objects_of(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the objects of the list at `key`; what is no object is left out."""
    value = holder.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def object_of(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object at `key`; empty when there is none."""
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def texts_of(holder: dict[str, Any], key: str) -> list[str]:
    """Return the texts of the list at `key`."""
    value = holder.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def moment(text: str, what: str) -> datetime:
    """Return an RFC 3339 time; one without a zone is UTC.

    Raises:
        ValueError: it is none.
    """
    try:
        then = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{what}: {text!r} is no time") from error
    return then if then.tzinfo else then.replace(tzinfo=UTC)


def hashed(algorithm: str, value: str) -> str:
    """Return ``sha256:…`` for a hash of an image, however its algorithm is spelt; else empty."""
    name = algorithm.lower().replace("-", "")
    return f"{name}:{value.lower()}" if name in ("sha256", "sha512") else ""
