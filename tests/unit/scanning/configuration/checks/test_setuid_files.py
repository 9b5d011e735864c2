from seawall.model import Severity, Urgency
from seawall.scanning.configuration.checks.setuid_files import SETUID_FILES
from tests.unit.scanning.configuration.subjects import evidence, in_image


def test_those_of_the_distribution_are_one_hidden_finding() -> None:
    [found] = in_image(SETUID_FILES, privileged={"usr/bin/su": 0o4755, "bin/mount": 0o4755})
    assert (found.severity, found.urgency) == (Severity.LOW, Urgency.HIDDEN)
    assert found.message == "2 programs of the distribution with setuid or setgid: mount, su"


def test_another_one_is_found_with_its_mode() -> None:
    [found] = in_image(SETUID_FILES, privileged={"opt/app/helper": 0o6755})
    assert (found.path, found.evidence) == ("opt/app/helper", "mode 6755")
    assert found.message == "/opt/app/helper is setuid and setgid"
    assert found.severity is None


def test_a_usual_name_in_an_unusual_folder_is_found() -> None:
    assert evidence(in_image(SETUID_FILES, privileged={"tmp/su": 0o4755})) == ["mode 4755"]


def test_a_setuid_shell_is_a_door_to_root_and_a_setgid_one_less_so() -> None:
    door, group = in_image(
        SETUID_FILES, privileged={"usr/bin/bash": 0o4755, "usr/bin/python3.11": 0o2755}
    )
    assert (door.severity, door.urgency) == (Severity.HIGH, Urgency.SOON)
    assert group.severity is None


def test_nothing_is_found_where_there_is_none() -> None:
    assert in_image(SETUID_FILES) == []
