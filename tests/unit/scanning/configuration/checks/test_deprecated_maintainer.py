from seawall.scanning.configuration.checks.deprecated_maintainer import DEPRECATED_MAINTAINER
from tests.unit.scanning.configuration.subjects import in_build_file, lines


def test_it_is_found_in_any_case() -> None:
    assert lines(in_build_file(DEPRECATED_MAINTAINER, "FROM a:1\nmaintainer me\n")) == [2]


def test_a_label_is_fine() -> None:
    assert in_build_file(DEPRECATED_MAINTAINER, "FROM a:1\nLABEL maintainer=me\n") == []
