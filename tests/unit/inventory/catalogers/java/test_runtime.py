import pytest

from seawall.inventory.catalogers import ImageFile
from seawall.inventory.catalogers.java.runtime import release
from seawall.model import Package

TEMURIN = """\
IMPLEMENTOR="Eclipse Adoptium"
JAVA_RUNTIME_VERSION="17.0.9+9"
JAVA_VERSION="17.0.9"
MODULES="java.base java.compiler jdk.compiler"
IMAGE_TYPE="{type}"
"""


def found(text: str) -> list[tuple[str, str]]:
    facts = release(ImageFile("opt/java/release", text.encode()))
    return [(f.name, f.version) for f in facts if isinstance(f, Package)]


def test_a_kit_and_a_runtime_have_the_names_that_advisories_know() -> None:
    assert found(TEMURIN.format(type="JDK")) == [("java", "17.0.9")]
    assert found(TEMURIN.format(type="JRE")) == [("jre", "17.0.9")]


def test_without_a_type_the_compiler_tells() -> None:
    assert found('JAVA_VERSION="21"\nMODULES="java.base jdk.compiler"\n') == [("java", "21")]
    assert found('JAVA_VERSION="21"\nMODULES="java.base"\n') == [("jre", "21")]


def test_the_evidence_says_who_built_it() -> None:
    (fact,) = release(ImageFile("release", TEMURIN.format(type="JRE").encode()))
    assert isinstance(fact, Package)
    assert fact.evidence == "release: JAVA_VERSION=17.0.9, Eclipse Adoptium"


@pytest.mark.parametrize(
    ("given", "expected"), [("1.8.0_392", "8.0.392"), ("1.8.0", "8.0.0"), ("1.7.0_80", "7.0.80")]
)
def test_old_versions_are_written_as_they_are_compared(given: str, expected: str) -> None:
    assert found(f'JAVA_VERSION="{given}"\n') == [("jre", expected)]


@pytest.mark.parametrize("text", ["", "12.4\n", 'JAVA_VERSION="x"\n', "NAME=other\n"])
def test_other_files_of_that_name_say_nothing(text: str) -> None:
    assert found(text) == []
