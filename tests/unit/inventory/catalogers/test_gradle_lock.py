from seawall.inventory.catalogers.gradle_lock import GRADLE_LOCK
from tests.unit.inventory.catalogers.locks import named


def test_a_line_is_group_artifact_and_version() -> None:
    content = """\
# This is a Gradle generated file for dependency locking.
# Manual edits can break the build and are not advised.
com.fasterxml.jackson.core:jackson-databind:2.9.8=compileClasspath,runtimeClasspath
org.slf4j:slf4j-api:1.7.30
empty=annotationProcessor
"""
    assert named(GRADLE_LOCK, content) == [
        "com.fasterxml.jackson.core:jackson-databind 2.9.8",
        "org.slf4j:slf4j-api 1.7.30",
    ]
