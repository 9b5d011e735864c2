from seawall.model import Severity
from seawall.scanning.configuration.checks.secret_in_build_argument import SECRET_IN_BUILD_ARGUMENT
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, lines


def test_a_default_value_is_high_and_a_declaration_medium() -> None:
    found = in_build_file(
        SECRET_IN_BUILD_ARGUMENT, "FROM a:1\nARG NPM_TOKEN\nARG API_TOKEN=f7ad91-kq VERSION=1\n"
    )
    assert evidence(found) == ["ARG NPM_TOKEN", "API_TOKEN=…"]
    assert [p.severity for p in found] == [Severity.MEDIUM, None]
    assert "f7ad91" not in repr([(p.message, p.evidence, p.remedy) for p in found])


def test_other_arguments_are_fine() -> None:
    text = "ARG VERSION=1\nFROM a:$VERSION\nARG VERSION TOKEN_URL=https://x.example\n"
    assert in_build_file(SECRET_IN_BUILD_ARGUMENT, text) == []


def test_a_value_in_the_history_is_found_once_in_either_form() -> None:
    steps = (
        "|2 NPM_TOKEN=npm-9f8e7d6c V=1 /bin/sh -c npm ci",
        "RUN |1 NPM_TOKEN=npm-9f8e7d6c /bin/sh -c npm run build # buildkit",
        "ARG REGISTRY_PASSWORD=pw-4711-x",
    )
    found = in_image(SECRET_IN_BUILD_ARGUMENT, *steps)
    assert (lines(found), evidence(found)) == ([1, 3], ["NPM_TOKEN=…", "REGISTRY_PASSWORD=…"])


def test_a_history_without_values_is_fine() -> None:
    assert in_image(SECRET_IN_BUILD_ARGUMENT, "|1 VERSION=1 /bin/sh -c make", "ARG NPM_TOKEN") == []
