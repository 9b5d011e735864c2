from seawall.scanning.configuration.checks.recommended_packages import RECOMMENDED_PACKAGES
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, run


def test_an_installation_with_recommended_packages_is_found() -> None:
    text = run("apt-get update && apt-get -y install curl", "apt install git")
    assert evidence(in_build_file(RECOMMENDED_PACKAGES, text)) == ["apt-get install", "apt install"]


def test_one_without_them_is_fine() -> None:
    text = run("apt-get install -y --no-install-recommends curl", "apk add git")
    assert in_build_file(RECOMMENDED_PACKAGES, text) == []


def test_a_setting_for_all_is_known() -> None:
    setting = """echo 'APT::Install-Recommends "0";' > /etc/apt/apt.conf.d/00 """
    assert in_build_file(RECOMMENDED_PACKAGES, run(setting, "apt-get install -y curl")) == []
