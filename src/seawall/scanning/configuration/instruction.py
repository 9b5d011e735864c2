"""One instruction, of a Dockerfile or as an image's history keeps it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from seawall.scanning.configuration.shell import Command

_PIECE = r"""[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*+"|'[^']*+'|["'\\]"""
_WORD = re.compile(rf"(?:{_PIECE})++", re.DOTALL)
_UNQUOTE = re.compile(r"""\\(.)|"((?:[^"\\]|\\.)*+)"|'([^']*+)'""", re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\$`])')


@dataclass(frozen=True, slots=True)
class Ignore:
    """``# seawall: ignore ID reason`` above an instruction."""

    checks: tuple[str, ...]  # ids
    reason: str  # never empty
    line: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its continued lines joined and its variables filled in where known."""

    keyword: str  # upper case
    text: str  # what follows the flags, variables replaced; those without a value stand as written
    line: int  # from 1: of the file, or which step of the history
    last_line: int
    flags: tuple[tuple[str, str], ...] = ()  # ("chown", "app:app"); the value may be empty
    exec_form: tuple[str, ...] | None = None  # None: the shell form
    commands: tuple[Command, ...] = ()  # that the shell runs: of RUN only
    build_arguments: tuple[tuple[str, str], ...] = ()  # that the history of a RUN shows
    ignores: tuple[Ignore, ...] = ()
    is_trigger: bool = False  # under ONBUILD: it takes effect in the next build

    def flag(self, name: str) -> str:
        """Return a flag's value; empty where it has none, or is not there."""
        return dict(self.flags).get(name, "")

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments, without their quotes."""
        return self.exec_form if self.exec_form is not None else tuple(words(self.text))

    @property
    def assignments(self) -> tuple[tuple[str, str], ...]:
        """Names and values of ENV and ARG; ``ENV NAME value`` is one, ``ARG NAME`` has no value."""
        found = list(words(self.text))
        if self.keyword == "ENV" and found and "=" not in found[0]:
            return ((found[0], " ".join(found[1:])),)
        pairs = (word.partition("=") for word in found)
        return tuple((name, value) for name, _, value in pairs)


def words(text: str) -> Iterator[str]:
    """Yield the words of a text as Dockerfiles split it, without quotes and escapes."""
    for match in _WORD.finditer(text):
        yield _UNQUOTE.sub(_plain, match[0])


def raw_words(text: str) -> Iterator[str]:
    """Yield the same words as they are written."""
    for match in _WORD.finditer(text):
        yield match[0]


def _plain(match: re.Match[str]) -> str:
    if match[1] is not None:
        return match[1]
    if match[2] is not None:
        return _ESCAPED.sub(r"\1", match[2])
    return match[3] or ""
