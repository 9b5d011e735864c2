import pytest

from seawall.scanning.configuration.checks.add_instead_of_copy import ADD_INSTEAD_OF_COPY
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, lines


def test_files_and_folders_are_found() -> None:
    found = in_build_file(ADD_INSTEAD_OF_COPY, 'FROM a:1\nADD index.html /\nADD ["a b", "/x"]\n')
    assert (lines(found), evidence(found)) == ([2, 3], ["ADD index.html /", "ADD a b /x"])


@pytest.mark.parametrize(
    "line",
    [
        "ADD app.tar.gz /app",
        "ADD https://x.example/a /a",
        "ADD git@x.example:a.git /a",
        "ADD $FILES /a",
        "COPY a /a",
    ],
)
def test_archives_addresses_and_copies_are_fine(line: str) -> None:
    assert in_build_file(ADD_INSTEAD_OF_COPY, f"FROM a:1\n{line}\n") == []


def test_the_root_file_system_in_a_history_is_fine_and_later_files_are_not() -> None:
    found = in_image(
        ADD_INSTEAD_OF_COPY,
        "/bin/sh -c #(nop) ADD file:5a3c8bd2f1a4e0c7 in / ",
        "/bin/sh -c #(nop) ADD file:5a3c8bd2f1a4e0c7 in /app/ ",
        "ADD rootfs.tar.xz / # buildkit",
        "ADD app /srv # buildkit",
    )
    assert (lines(found), evidence(found)) == ([2, 4], ["ADD a file /app/", "ADD app /srv"])
