"""Dockerfiles: from text to instructions and stages.

Source: the Dockerfile reference, and BuildKit's ``frontend/dockerfile/parser`` for what it leaves
open: continued lines are joined without a line break, comments and empty lines between them are
passed over, a here-document ends at the line that is its name. Time is linear in the text.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from seawall.scanning.configuration.instruction import Ignore, Instruction, raw_words
from seawall.scanning.configuration.shell import SHELLS, Command, commands, executed

KEYWORDS = frozenset(
    (
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK"),
        *("LABEL", "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME"),
        "WORKDIR",
    )
)
_EXEC_FORMS = frozenset(("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"))
_EXPANDED = frozenset(
    (
        *("ADD", "ARG", "COPY", "ENV", "EXPOSE", "FROM", "LABEL", "STOPSIGNAL", "USER", "VOLUME"),
        "WORKDIR",
    )
)
_WITH_DOCUMENTS = frozenset(("ADD", "COPY", "RUN"))
_MOST = 10_000  # instructions that are read; the rest is one complaint
_LONGEST = 4_096  # characters of a text with its variables filled in; else it stays as written
_DAMAGES = 20  # complaints of one file
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)")
_KEYWORD = re.compile(r"\s*(\S+)\s*")
_FLAG = re.compile(r"--([A-Za-z][\w-]*)(?:=((?:[^\s\"']|\"[^\"]*\"|'[^']*')*))?(?:\s+|$)")
_HEREDOC = re.compile(r"\d*<<(-?)([\"']?)([A-Za-z_][\w.-]*)\2")
_IGNORE = re.compile(r"#\s*seawall:\s*ignore\b\s*(\S*)\s*(.*)", re.IGNORECASE)
_VARIABLE = re.compile(
    r"\\\$|\$(?:(?P<plain>[A-Za-z_]\w*)"
    r"|\{(?P<name>[A-Za-z_]\w*)(?::?(?P<sign>[-+?])(?P<word>[^{}$]*))?\})"
)


@dataclass(frozen=True, slots=True)
class Damage:
    """What could not be read, or has no meaning."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One ``FROM`` and what follows it."""

    start: Instruction  # the FROM
    base: str  # as written, variables filled in; one without a value stands there as ``$NAME``
    name: str = ""  # lower case
    parent: int | None = None  # the earlier stage that `base` names
    instructions: tuple[Instruction, ...] = ()  # without the FROM


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A whole file, or what of it could be read."""

    instructions: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    damage: tuple[Damage, ...] = ()

    @property
    def chain(self) -> tuple[Stage, ...]:
        """The stages that the image consists of: the last one, and before it those it is from."""
        found: list[Stage] = []
        number: int | None = len(self.stages) - 1
        while number is not None and number >= 0:
            found.append(self.stages[number])
            number = self.stages[number].parent
        return tuple(reversed(found))

    @property
    def shipped(self) -> tuple[Instruction, ...]:
        """The instructions that make the image, in their order: those of `chain`."""
        return tuple(i for stage in self.chain for i in (stage.start, *stage.instructions))


def parse(text: str) -> Dockerfile:
    """Return what a Dockerfile says; what is damaged is told, never raised."""
    return _Parser(text).dockerfile()


def parse_line(text: str, line: int) -> Instruction | None:
    """Return one instruction that stands in one piece of text; None for what is none."""
    keyword, text = _split(text)
    if keyword not in KEYWORDS:
        return None
    flags, text = _flags(text)
    return Instruction(keyword, text, line, line, flags, _exec_form(keyword, text))


@dataclass(slots=True)
class _Raw:
    """An instruction as it is written."""

    text: str  # continued lines joined
    line: int
    last_line: int
    ignores: list[Ignore] = field(default_factory=list)


class _Parser:
    def __init__(self, text: str) -> None:
        lines = text.removeprefix("\ufeff").split("\n")
        self.lines = [line.removesuffix("\r") for line in lines]
        self.escape = "\\"
        self.damage: list[Damage] = []
        self._ends: tuple[dict[str, list[int]], dict[str, list[int]]] | None = None
        self._at = 0
        self._directives()

    def dockerfile(self) -> Dockerfile:
        made = _Stages()
        for number, raw in enumerate(self._raw()):
            if number >= _MOST:
                self._complain(raw.line, f"only the first {_MOST:,} instructions were read")
                break
            instruction = self._instruction(raw)
            if instruction is not None:
                made.take(instruction, self)
        if not made.stages:
            self._complain(1, "no FROM: it builds nothing")
        return Dockerfile(tuple(made.instructions), made.finished(), tuple(self.damage))

    def _complain(self, line: int, what: str) -> None:
        if len(self.damage) < _DAMAGES:
            self.damage.append(Damage(line, what))

    def _directives(self) -> None:
        """Read ``# escape=`` at the top: nothing else may stand before it."""
        for line in self.lines:
            match = _DIRECTIVE.fullmatch(line.strip())
            if not match or match[1].lower() not in ("syntax", "escape", "check"):
                return
            if match[1].lower() == "escape" and match[2].strip() in ("\\", "`"):
                self.escape = match[2].strip()

    def _raw(self) -> Iterator[_Raw]:
        ignores: list[Ignore] = []
        while self._at < len(self.lines):
            line = self.lines[self._at]
            stripped = line.lstrip()
            if not stripped or stripped.startswith("#"):
                self._at += 1
                if not stripped:
                    ignores = []
                elif ignore := self._ignore(stripped, self._at):
                    ignores.append(ignore)
                continue
            raw = _Raw("", self._at + 1, 0, ignores)
            raw.text = self._joined()
            raw.last_line = self._at
            ignores = []
            yield raw

    def _joined(self) -> str:
        """Return the lines of an instruction, and stand behind them."""
        parts: list[str] = []
        while self._at < len(self.lines):
            line = self.lines[self._at]
            self._at += 1
            if parts and (not line.strip() or line.lstrip().startswith("#")):
                continue
            body = line.rstrip(" \t")
            if not body.endswith(self.escape):
                parts.append(line)
                break
            parts.append(body[:-1])
        return "".join(parts)

    def _ignore(self, comment: str, line: int) -> Ignore | None:
        match = _IGNORE.fullmatch(comment.rstrip())
        if not match:
            return None
        ids = tuple(part.lower() for part in match[1].rstrip(":").split(",") if part)
        reason = match[2].strip(" \t:-\u2013\u2014")
        if not ids or not reason:
            self._complain(line, "an ignore comment needs a check's id and a reason")
            return None
        return Ignore(ids, reason, line)

    def _instruction(self, raw: _Raw) -> Instruction | None:
        text, is_trigger = raw.text, False
        keyword, text = _split(text)
        if keyword == "ONBUILD":
            is_trigger = True
            keyword, text = _split(text)
        if keyword not in KEYWORDS or (is_trigger and keyword == "ONBUILD"):
            self._complain(raw.line, f"{_shown(keyword)} is no instruction")
            return None
        flags, text = _flags(text)
        documents: list[tuple[str, str]] = []
        exec_form = _exec_form(keyword, text)
        if keyword in _WITH_DOCUMENTS and exec_form is None and "<<" in text:
            documents = self._documents(text, raw)
        if exec_form is None and keyword not in ("CMD", "MAINTAINER") and not text:
            self._complain(raw.line, f"{keyword} without arguments")
        ran: tuple[Command, ...] = ()
        if keyword == "RUN":
            ran = commands(_script(text, documents)) if exec_form is None else executed(exec_form)
        return Instruction(
            keyword=keyword,
            text=text,
            line=raw.line,
            last_line=max(raw.last_line, self._at),
            flags=flags,
            exec_form=exec_form,
            commands=ran,
            ignores=tuple(raw.ignores),
            is_trigger=is_trigger,
        )

    def _documents(self, text: str, raw: _Raw) -> list[tuple[str, str]]:
        """Return the here-documents of an instruction, the word that opens each beside it."""
        found: list[tuple[str, str]] = []
        for word in raw_words(text):
            match = _HEREDOC.fullmatch(word)
            if not match:
                continue
            end = self._end_of(match[3], bool(match[1]))
            if end is None:
                self._complain(raw.line, f"the here-document {_shown(match[3])} has no end")
                continue
            found.append((word, "\n".join(self.lines[self._at : end])))
            self._at = end + 1
        return found

    def _end_of(self, name: str, is_indented: bool) -> int | None:
        """Return the next line that ends a here-document, by an index made once."""
        if self._ends is None:
            self._ends = ({}, {})
            for number, line in enumerate(self.lines):
                self._ends[0].setdefault(line, []).append(number)
                self._ends[1].setdefault(line.lstrip("\t"), []).append(number)
        numbers = self._ends[is_indented].get(name, [])
        at = bisect_left(numbers, self._at)
        return numbers[at] if at < len(numbers) else None


class _Stages:
    """Puts instructions into their stages and fills in variables."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.stages: list[Stage] = []
        self._members: list[list[Instruction]] = []
        self._environments: list[dict[str, str]] = []  # what each stage hands on
        self._names: dict[str, int] = {}
        self._global: dict[str, str] = {}  # ARG before the first FROM
        self._values: dict[str, str] = {}

    def take(self, instruction: Instruction, parser: _Parser) -> None:
        keyword = instruction.keyword
        if keyword in _EXPANDED and "$" in instruction.text:
            values = self._global if keyword == "FROM" or not self.stages else self._values
            filled = expanded(instruction.text, values)
            form = None if instruction.exec_form is None else _exec_form(keyword, filled)
            instruction = replace(instruction, text=filled, exec_form=form)
        self.instructions.append(instruction)
        if keyword == "FROM" and not instruction.is_trigger:
            self._begin(instruction)
            return
        if self.stages:
            self._members[-1].append(instruction)
        elif keyword != "ARG":
            parser._complain(instruction.line, f"{keyword} before the first FROM")
        if keyword in ("ARG", "ENV") and not instruction.is_trigger:
            self._assign(instruction)

    def _begin(self, instruction: Instruction) -> None:
        words = instruction.words
        base = words[0] if words else ""
        name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
        parent = self._names.get(base.lower())
        environment = dict(self._environments[parent]) if parent is not None else {}
        self._values = dict(environment)
        self.stages.append(Stage(instruction, base, name, parent))
        self._members.append([])
        self._environments.append(environment)
        if name:
            self._names[name] = len(self.stages) - 1

    def _assign(self, instruction: Instruction) -> None:
        for name, value in instruction.assignments:
            if instruction.keyword == "ENV":
                self._values[name] = value
                if self._environments:
                    self._environments[-1][name] = value
            elif self.stages:
                known = value or self._global.get(name, "")
                if known and name not in self._environments[-1]:
                    self._values[name] = known
            elif value:
                self._global[name] = value

    def finished(self) -> tuple[Stage, ...]:
        return tuple(
            replace(stage, instructions=tuple(members))
            for stage, members in zip(self.stages, self._members, strict=True)
        )


def expanded(text: str, values: Mapping[str, str]) -> str:
    """Return the text with each variable that has a value replaced, in one pass.

    A result of more than 4,096 characters is not made: doubling variables would fill the memory.
    """
    size = 0

    def value_of(match: re.Match[str]) -> str:
        nonlocal size
        name = match["plain"] or match["name"]
        if name is None:
            return match[0]
        value, sign, word = values.get(name, ""), match["sign"], match["word"] or ""
        if sign == "-":
            value = value or word
        elif sign == "+":
            value = word if value else ""
        elif not value:
            value = match[0]
        size += len(value)
        return value if size <= _LONGEST else match[0]

    return _VARIABLE.sub(value_of, text)


def _split(text: str) -> tuple[str, str]:
    match = _KEYWORD.match(text)
    return (match[1].upper(), text[match.end() :].rstrip()) if match else ("", "")


def _flags(text: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return the flags before the arguments, and the arguments."""
    found: list[tuple[str, str]] = []
    at = 0
    while match := _FLAG.match(text, at):
        found.append((match[1].lower(), (match[2] or "").replace('"', "").replace("'", "")))
        at = match.end()
    return tuple(found), text[at:]


def _exec_form(keyword: str, text: str) -> tuple[str, ...] | None:
    if keyword not in _EXEC_FORMS or not text.startswith("["):
        return None
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(listed, list) and all(isinstance(item, str) for item in listed):
        return tuple(listed)
    return None


def _script(text: str, documents: Sequence[tuple[str, str]]) -> str:
    """Return what a shell runs: the line, or the here-document that a shell is given."""
    if not documents:
        return text
    opening, body = documents[0]
    before = text.partition(opening)[0].split()
    program = before[0].rpartition("/")[2] if before else ""
    if not before:
        first = body.partition("\n")[0]
        words = first[2:].replace("/env ", "/").split() if first.startswith("#!") else ["sh"]
        program = words[0].rpartition("/")[2] if words else "sh"
    return body if program in SHELLS else text


def _shown(text: str) -> str:
    """Return a word of the file as a message may show it."""
    return repr(text[:40] + ("…" if len(text) > 40 else ""))
