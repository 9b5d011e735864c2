"""A file of decisions that a person names, read whole where it is of a sensible size."""

from pathlib import Path

from seawall.errors import UsageError


def content(path: str, most_bytes: int) -> bytes:
    """Return what is in a file of no more than `most_bytes`, a number of whole MiB.

    Raises:
        UsageError: it cannot be read, or is larger.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) > most_bytes:
        raise UsageError(f"{path}: larger than {most_bytes >> 20} MiB")
    return data
