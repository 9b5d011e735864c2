from seawall.scanning.configuration.checks.cd_without_effect import CD_WITHOUT_EFFECT
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, run


def test_cd_alone_is_found() -> None:
    assert evidence(in_build_file(CD_WITHOUT_EFFECT, run("cd /app"))) == ["RUN cd /app"]


def test_cd_before_something_is_fine() -> None:
    assert in_build_file(CD_WITHOUT_EFFECT, run("cd /app && make", "make", "")) == []
