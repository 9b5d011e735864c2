from dataclasses import replace

import pytest

from seawall.model import Kind
from seawall.scanning.configuration import Problem
from seawall.scanning.configuration.checks.whole_context_copied import WHOLE_CONTEXT_COPIED
from tests.unit.scanning.configuration.subjects import (
    PINNED,
    build_file,
    evidence,
    in_build_file,
    lines,
)


def examined(*instructions: str) -> list[Problem]:
    return in_build_file(WHOLE_CONTEXT_COPIED, "\n".join((f"FROM {PINNED}", *instructions, "")))


@pytest.mark.parametrize(
    "instruction",
    [
        "COPY . .",
        "COPY . /app",
        "COPY ./ /app/",
        "COPY / /app",
        "COPY * /app/",
        "COPY ./* /app/",
        "COPY .. /app",
        "COPY ../../ /app",
        "COPY src/../.. /app",
        "ADD . /app",
        'COPY [".", "/app"]',
        "COPY --chown=app:app --link . /app",
        "COPY go.mod . /app/",
    ],
)
def test_the_whole_context_is_found(instruction: str) -> None:
    [problem] = found = examined(instruction)
    assert lines(found) == [2]
    assert problem.message.endswith(
        " copies the whole folder, and no .dockerignore leaves anything out"
    )


@pytest.mark.parametrize(
    "instruction",
    [
        "COPY src /app",
        "COPY ./src/ /app",
        "COPY ../src /app",
        "COPY .env /app",
        "COPY package*.json ./",
        "COPY --from=build . /app",
        "COPY --exclude=.git . /app",
        "COPY <<EOF .\n.\nEOF",
        "COPY $FILES .",
        "ADD https://example.com/. /app",
        "ONBUILD COPY . /app",
        "RUN cp -r . /app",
    ],
)
def test_parts_of_it_and_what_comes_from_elsewhere_are_not_found(instruction: str) -> None:
    assert examined(instruction) == []


def test_a_stage_that_is_left_behind_may_have_everything() -> None:
    text = f"FROM {PINNED} AS build\nCOPY . .\nFROM {PINNED}\nCOPY --from=build /out /app\n"
    assert in_build_file(WHOLE_CONTEXT_COPIED, text) == []


def test_an_ignore_file_settles_it_unless_it_leaves_nothing_out() -> None:
    file = build_file(f"FROM {PINNED}\nCOPY . .\n")
    assert WHOLE_CONTEXT_COPIED.build_file is not None
    ignoring = replace(file, ignore_file=".dockerignore", ignored=(".git",))
    assert list(WHOLE_CONTEXT_COPIED.build_file(ignoring)) == []
    found = list(WHOLE_CONTEXT_COPIED.build_file(replace(ignoring, ignored=())))
    assert (
        found[0].message == "COPY . copies the whole folder, and .dockerignore leaves nothing out"
    )
    assert evidence(found) == ["COPY . ."]


def test_it_is_about_the_configuration() -> None:
    assert WHOLE_CONTEXT_COPIED.kind is Kind.CONFIGURATION
