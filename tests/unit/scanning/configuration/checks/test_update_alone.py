from seawall.scanning.configuration.checks.update_alone import UPDATE_ALONE
from tests.unit.scanning.configuration.subjects import evidence, in_build_file, in_image, run


def test_a_list_without_an_installation_is_found() -> None:
    found = in_build_file(UPDATE_ALONE, run("apt-get update -qq", "apk update"))
    assert evidence(found) == ["apt-get update", "apk update"]
    assert in_image(UPDATE_ALONE, "/bin/sh -c apt-get update")


def test_a_list_with_an_installation_is_fine() -> None:
    text = run(
        "apt-get update && apt-get install -y a", "apt update && apt-get upgrade", "yum update"
    )
    assert in_build_file(UPDATE_ALONE, text) == []


def test_another_managers_installation_does_not_count() -> None:
    assert evidence(in_build_file(UPDATE_ALONE, run("apt-get update && pip install a"))) == [
        "apt-get update"
    ]
