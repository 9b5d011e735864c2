import re
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.inventory.catalogers.java import identity
from seawall.inventory.catalogers.java.identity import (
    Clues,
    artifact_and_version,
    attributes,
    group_of_bundle,
    packages,
    record,
)


def found(
    name: str,
    manifest: str = "",
    records: tuple[tuple[str, str, str], ...] = (),
    names: bytes = b"",
) -> list[tuple[str, str]]:
    texts = [
        (f"META-INF/maven/{g}/{a}/pom.properties", f"groupId={g}\nartifactId={a}\nversion={v}\n")
        for g, a, v in records
    ]
    return [(p.name, p.version) for p in packages(Clues(name, texts, manifest, names))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("log4j-core-2.14.1", ("log4j-core", "2.14.1")),
        ("log4j-1.2-api-2.14.1", ("log4j-1.2-api", "2.14.1")),
        ("guava-31.1-jre", ("guava", "31.1-jre")),
        ("netty-common-4.1.100.Final", ("netty-common", "4.1.100.Final")),
        ("netty-transport-native-epoll-4.1.100.Final-linux-x86_64",
         ("netty-transport-native-epoll", "4.1.100.Final")),
        ("kafka_2.13-3.5.1", ("kafka_2.13", "3.5.1")),
        ("shop-1.0-20230101.120000-3", ("shop", "1.0-20230101.120000-3")),
        ("shop-1.0.0-SNAPSHOT", ("shop", "1.0.0-SNAPSHOT")),
        ("shop-1.0-sources", ("shop", "1.0")),
        ("log4j-1.2-api", ("log4j-1.2-api", "")),
        ("commons-io", ("commons-io", "")),
        ("geronimo-annotation-1.3-spec", ("geronimo-annotation-1.3-spec", "")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_a_file_name_is_split_as_maven_writes_it(name: str, expected: tuple[str, str]) -> None:
    assert artifact_and_version(name) == expected


def test_an_endless_name_costs_nothing() -> None:
    assert artifact_and_version("a" + "-1-x" * 16_000)[1] == ""


def test_mavens_record_comes_first() -> None:
    own = ("org.a", "a", "1.0")
    assert found("a-9", "Implementation-Version: 8", (own,)) == [("org.a:a", "1.0")]


def test_copied_code_is_listed_beside_the_jars_own() -> None:
    texts = (("io.netty", "netty-common", "4.1.100"), ("org.jctools", "jctools-core", "3.1.0"))
    clues = Clues(
        "netty-common-4.1.100",
        [(f"{g}/{a}", f"groupId={g}\nartifactId={a}\nversion={v}") for g, a, v in texts],
        "",
        b"",
    )
    own, copied = packages(clues)
    assert (own.name, own.evidence) == ("io.netty:netty-common", "io.netty/netty-common")
    assert copied.evidence.endswith("of code copied into this archive")


def test_a_jar_that_records_only_what_was_copied_in_is_listed_itself() -> None:
    copied = (("com.google.guava", "guava", "32.0.0-jre"),)
    assert found("graphql-java-20.4", "", copied, b"graphql/schema/X") == [
        ("com.google.guava:guava", "32.0.0-jre"),
        ("com.graphql-java:graphql-java", "20.4"),
    ]


def test_a_renamed_jar_is_its_record() -> None:
    assert found("error-prone", "", (("com.google", "error_prone", "2.1"),)) == [
        ("com.google:error_prone", "2.1")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "groupId=a.b\nartifactId=c\n",
        "groupId=a.b\nartifactId=c\nversion=${project.version}\n",
        "groupId=a b\nartifactId=c\nversion=1\n",
        "groupId=\nartifactId=c\nversion=1\n",
        "",
    ],
)
def test_a_record_that_does_not_name_everything_counts_for_nothing(text: str) -> None:
    assert record(text) is None


def test_a_record_may_have_spaces_and_line_ends_of_other_systems() -> None:
    text = "groupId = a.b\r\nartifactId: c\r\nversion = 1.0 \r\n"
    assert record(text) == ("a.b", "c", "1.0")


def test_without_any_group_the_artifact_stands_alone() -> None:
    assert found("libintl-0.21") == [("libintl", "0.21")]


def test_a_jar_that_tells_no_version_is_listed_all_the_same() -> None:
    assert found("gettext") == [("gettext", "unknown")]
    assert found("a b*") == [("a-b", "unknown")]
    assert found("") == [("jar", "unknown")]


def test_the_name_has_the_version_as_maven_knows_it_unless_the_manifest_contradicts() -> None:
    assert found("k-1.9.10", "Implementation-Version: 1.9.10-release-459") == [("k", "1.9.10")]
    assert found("k-1.9.10", "Implementation-Version: 2.0") == [("k", "2.0")]
    assert found("k-1.0-SNAPSHOT", "Bundle-Version: 1.0.0.SNAPSHOT") == [("k", "1.0-SNAPSHOT")]
    assert found("k", "Bundle-Version: 4.2.3") == [("k", "4.2.3")]
    assert found("k", "Implementation-Version: ${version}") == [("k", "unknown")]


def test_a_vendor_id_is_a_group_where_the_title_is_the_artifact() -> None:
    vendor = "Implementation-Vendor-Id: org.hibernate\nImplementation-Title: hibernate-core\n"
    assert found("hibernate-core-5.6.15.Final", vendor)[0][0] == "org.hibernate:hibernate-core"
    assert found("other-5.6.15.Final", vendor)[0][0] == "other"


@pytest.mark.parametrize(
    ("symbolic", "artifact", "group"),
    [
        ("com.fasterxml.jackson.core.jackson-databind", "jackson-databind",
         "com.fasterxml.jackson.core"),
        ("org.apache.commons.lang3", "commons-lang3", "org.apache.commons"),
        ("org.apache.maven.core", "maven-core", "org.apache.maven"),
        ("com.google.guava", "guava", ""),
        ("org.objectweb.asm", "asm", ""),
        ("slf4j.api", "slf4j-api", ""),
        ("", "a-b", ""),
    ],
)  # fmt: skip
def test_a_symbolic_name_tells_the_group_only_where_it_is_certain(
    symbolic: str, artifact: str, group: str
) -> None:
    assert group_of_bundle(symbolic, artifact) == group


@pytest.mark.parametrize("artifact", ["spring-core", "spring-webmvc"])
def test_a_known_publishers_jar_has_its_group_by_its_classes(artifact: str) -> None:
    held = b"org/springframework/core/SpringVersion.class"
    assert found(f"{artifact}-5.3.30", names=held) == [
        (f"org.springframework:{artifact}", "5.3.30")
    ]
    assert found(f"{artifact}-5.3.30", names=b"com/other/X.class") == [(artifact, "5.3.30")]


def test_tomcats_own_folder_has_shorter_names_than_mavens_repository() -> None:
    held = b"org/apache/catalina/startup/Bootstrap.class"
    assert found("catalina", "Implementation-Version: 9.0.82", names=held) == [
        ("org.apache.tomcat:tomcat-catalina", "9.0.82")
    ]


def test_every_publishers_artifacts_are_a_pattern() -> None:
    text = files(identity.__name__.rpartition(".")[0]).joinpath("publishers.toml").read_text()
    for entry in tomllib.loads(text)["publisher"]:
        assert re.compile(entry["artifacts"])
        assert entry["holds"].endswith(("/", "Driver"))


def test_long_lines_of_a_manifest_are_joined_and_only_its_main_part_counts() -> None:
    text = "A: one\r\n two\r\nB: 2\r\n\r\nName: x\r\nC: 3\r\n"
    assert attributes(text) == {"A": "onetwo", "B": "2"}


@given(st.text(alphabet="ab1.-_ \n:=", max_size=60), st.text(alphabet="aI-:. \n1", max_size=80))
def test_every_jar_is_accounted_for(name: str, manifest: str) -> None:
    accounted = found(name.replace("\n", ""), manifest)
    assert accounted
    assert all(name and version for name, version in accounted)
