import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.model import Step
from seawall.scanning.configuration.history import instruction


@pytest.mark.parametrize(
    ("created_by", "keyword", "text"),
    [
        ("/bin/sh -c #(nop)  USER app", "USER", "app"),
        ('/bin/sh -c #(nop)  CMD ["bash"]', "CMD", '["bash"]'),
        ("/bin/sh -c #(nop) ADD file:5a3c in / ", "ADD", "file:5a3c in /"),
        ("/bin/sh -c apt-get update", "RUN", "apt-get update"),
        ("|2 A=1 B=two words /bin/sh -c make", "RUN", "make"),
        ("RUN /bin/sh -c make # buildkit", "RUN", "make"),
        ("RUN |1 A=1 /bin/bash -o pipefail -c make # buildkit", "RUN", "make"),
        ("RUN /bin/sh -c apk add a\napk add b\n # buildkit", "RUN", "apk add a\napk add b"),
        ("RUN apt-get update", "RUN", "apt-get update"),
        ("COPY --chown=1 a /b # buildkit", "COPY", "a /b"),
        ("ENV PATH=/bin", "ENV", "PATH=/bin"),
        ("RUN |1 A=1 /app/tool --init # buildkit", "RUN", ""),
    ],
)
def test_a_step_of_either_builder_is_read(created_by: str, keyword: str, text: str) -> None:
    found = instruction(Step(created_by), 3)
    assert found is not None
    assert (found.keyword, found.text, found.line) == (keyword, text, 3)


@pytest.mark.parametrize(
    "created_by", ["", "# debian.sh --arch 'amd64' out/", "bazel build ...", "jib-maven-plugin:3.4"]
)
def test_a_step_that_no_dockerfile_made_is_none(created_by: str) -> None:
    assert instruction(Step(created_by), 1) is None


def test_build_arguments_are_kept_with_their_values() -> None:
    found = instruction(Step("RUN |3 A=1 B=two words C= /bin/sh -c make # buildkit"), 1)
    assert found is not None
    assert found.build_arguments == (("A", "1"), ("B", "two words"), ("C", ""))


@given(st.text(alphabet="|123 AB=/binsh-c#(nop)RUNCOPY\n", max_size=300))
def test_any_step_is_read_without_an_exception(created_by: str) -> None:
    found = instruction(Step(created_by), 1)
    assert found is None or found.keyword
