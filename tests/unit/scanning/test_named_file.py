"""A file that a person names is read whole, or refused by name."""

from pathlib import Path

import pytest

from seawall.errors import UsageError
from seawall.scanning import named_file

MIB = 1 << 20


def test_a_file_of_just_the_size_is_read_and_a_larger_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * MIB)
    assert named_file.content(str(path), MIB) == b"x" * MIB
    path.write_bytes(b"x" * (MIB + 1))
    with pytest.raises(UsageError, match=f"{path}: larger than 1 MiB"):
        named_file.content(str(path), MIB)


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        named_file.content("/dev/zero", MIB)


def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "absent", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(UsageError, match=f"{path}: cannot be read .{reason}"):
            named_file.content(str(path), MIB)
