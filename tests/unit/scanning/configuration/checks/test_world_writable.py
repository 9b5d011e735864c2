import pytest

from seawall.scanning.configuration.checks.world_writable import WORLD_WRITABLE
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, run


@pytest.mark.parametrize(
    "mode", ["777", "0666", "a+w", "o+w", "a+rwx", "ugo+rw", "o=rwx", "u+x,o+w"]
)
def test_a_mode_for_everybody_is_found(mode: str) -> None:
    found = in_build_file(WORLD_WRITABLE, run(f"chmod -R {mode} /app"))
    assert evidence(found) == [f"chmod {mode} /app"]
    assert in_image(WORLD_WRITABLE, f"RUN /bin/sh -c chmod {mode} /app # buildkit")


@pytest.mark.parametrize(
    "mode", ["755", "1777", "a+x", "u+w", "g+w", "+w", "a+rwxt", "o-w", "$MODE"]
)
def test_other_modes_are_fine(mode: str) -> None:
    assert in_build_file(WORLD_WRITABLE, run(f"chmod {mode} /app")) == []


def test_the_flag_of_copy_counts() -> None:
    text = "FROM a:1\nCOPY --chmod=777 a /a\nADD --chmod=755 b /b\n"
    assert evidence(in_build_file(WORLD_WRITABLE, text)) == ["--chmod=777"]
    assert in_image(WORLD_WRITABLE, "COPY --chmod=0777 a /a # buildkit")
