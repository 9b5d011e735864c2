import pytest

from seawall.scanning.configuration.checks.secret_in_environment import SECRET_IN_ENVIRONMENT
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, lines


def test_a_value_is_found_and_never_shown() -> None:
    found = in_image(SECRET_IN_ENVIRONMENT, env=("PATH=/bin", "DB_PASSWORD=hunter2-prod"))
    assert (lines(found), evidence(found)) == ([2], ["DB_PASSWORD=…"])
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    "variable",
    [
        "DB_PASSWORD=",
        "DB_PASSWORD=$PASSWORD",
        "DB_PASSWORD_FILE=/run/secrets/db",
        "DB_PASSWORD=/run/secrets/db",
        "TOKEN=true",
        "PWD=/app",
        "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        "KEYBOARD=qwertz-layout",
        "COMPASS=north-1234",
        "API_KEY=your-api-key-here",
        "DB_PASSWORD=your-password-here",
        "API_TOKEN=changeme",
        "DB_PASSWORD=<the password>",
        "API_KEY=xxx",
        "API_KEY=my-example-key",
        "API_KEY=${API_KEY}",
    ],
)
def test_what_holds_no_secret_is_not_found(variable: str) -> None:
    assert in_image(SECRET_IN_ENVIRONMENT, env=(variable,)) == []


@pytest.mark.parametrize("value", ["changeme", "password", "Admin123", "root", "postgres"])
def test_a_password_that_everybody_guesses_is_one(value: str) -> None:
    assert len(in_image(SECRET_IN_ENVIRONMENT, env=(f"DB_PASSWORD={value}",))) == 1


@pytest.mark.parametrize(
    "name", ["API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SECRET_KEY_BASE", "dbPassword"]
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert in_build_file(SECRET_IN_ENVIRONMENT, f"FROM a:1\nENV A=1 {name}='x7 Kq-29'\n")


def test_the_old_form_of_env_is_one_variable() -> None:
    found = in_build_file(SECRET_IN_ENVIRONMENT, "FROM a:1\nENV DB_PASS s3cr3t-word x=y\n")
    assert (lines(found), evidence(found)) == ([2], ["DB_PASS=…"])


def test_what_the_secrets_detector_found_is_not_told_twice() -> None:
    env = ("A=1", "DB_PASSWORD=hunter2-prod")
    known = frozenset({("(environment)", 2)})
    assert in_image(SECRET_IN_ENVIRONMENT, env=env, secrets=known) == []
