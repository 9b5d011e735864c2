import pytest

from seawall.scanning.configuration.checks.secret_file_copied import SECRET_FILE_COPIED
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image


@pytest.mark.parametrize(
    "source",
    [".env", "config/.env.production", "id_rsa", ".ssh", "certs/server.key", "app.p12", ".npmrc"],
)
def test_a_file_for_secrets_is_found(source: str) -> None:
    found = in_build_file(SECRET_FILE_COPIED, f"FROM a:1\nCOPY --chown=1 a {source} /app/\n")
    assert evidence(found) == [f"COPY {source}"]
    assert in_image(SECRET_FILE_COPIED, f"COPY {source} /app/ # buildkit")


@pytest.mark.parametrize(
    "line",
    [
        "COPY .env.example /app/",
        "COPY public.pem src /app/",
        "COPY --from=build .npmrc /app/",
        "COPY app /etc/.env",
        "RUN cp .env /x",
    ],
)
def test_other_files_are_fine(line: str) -> None:
    assert in_build_file(SECRET_FILE_COPIED, f"FROM a:1 AS build\nFROM a:1\n{line}\n") == []


def test_a_build_stage_does_not_reach_the_image() -> None:
    text = "FROM a:1 AS build\nCOPY .npmrc /root/\nFROM a:1\nCOPY --from=build /x /x\n"
    assert in_build_file(SECRET_FILE_COPIED, text) == []
