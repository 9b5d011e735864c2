"""Subjects to examine, as short as a test wants to write them."""

from collections.abc import Iterable
from textwrap import dedent
from typing import Any

from seawall.model import ImageConfig, Step
from seawall.scanning.configuration import BuildFile, Check, ImageFacts, Problem, parse
from seawall.scanning.configuration.history import instructions

PINNED = "debian:12.5@sha256:" + "0" * 64


def build_file(text: str) -> BuildFile:
    return BuildFile("Dockerfile", parse(dedent(text)))


def in_build_file(check: Check, text: str) -> list[Problem]:
    assert check.build_file is not None
    return list(check.build_file(build_file(text)))


def in_image(check: Check, *history: str, **config: Any) -> list[Problem]:
    """Examine an image with a history; of `config` what no `ImageConfig` has is a fact."""
    assert check.image is not None
    facts = {
        name: config.pop(name)
        for name in ("tags", "privileged", "packages", "secrets")
        if name in config
    }
    steps = tuple(Step(line) for line in history)
    found = tuple(instructions(steps))
    return list(check.image(ImageFacts(ImageConfig(history=steps, **config), found, **facts)))


def run(*lines: str) -> str:
    """Return a Dockerfile with a RUN of each line; the first of them is line 2."""
    return "\n".join((f"FROM {PINNED}", *(f"RUN {line}" for line in lines), "USER 1000", ""))


def lines(problems: Iterable[Problem]) -> list[int]:
    return [p.instruction.line if p.instruction else p.line for p in problems]


def evidence(problems: Iterable[Problem]) -> list[str]:
    return [problem.evidence for problem in problems]
