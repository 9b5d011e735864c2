"""The commands in a shell text, as far as checks need them.

Not a shell: words, operators, quotes and comments are told apart (POSIX, Shell Command Language,
2.3 and 2.10); nothing is expanded. What ``sh -c`` is given is read as well.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh"))
_NESTED = 3  # times that sh -c may stand in another one
_MOST = 5_000  # commands of one instruction; a real one has a few dozen
_TOKEN = re.compile(
    r"""
      (?P<skip>[^\S\n]+|\\\n)
    | (?P<comment>\#[^\n]*)
    | (?P<redirect>\d*(?:<<<|<<-?|>>|>\||>&|<&|<>|&>>?|>(?!\()|<(?!\()))
    | (?P<operator>&&|\|\||\|&|;;|[;&|\n()`]|\$\((?!\()|[<>]\()
    | (?P<word>(?:[^\s"'\\;&|()<>`$]|\\.|"(?:[^"\\]|\\.)*+"|'[^']*+'|\$\{[^{}\n]*\}|\$(?!\()|\$\(\(
        |["'\\])++)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(r"""\\(.)|"((?:[^"\\]|\\.)*+)"|'([^']*+)'""", re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\$`\n])')
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
# Words before a command that are not the command.
_SYNTAX = frozenset(("!", "{", "}", "if", "then", "elif", "else", "fi", "do", "done", "while"))
_PREFIXES = frozenset(("exec", "time", "nohup", "command", "builtin", "eatmydata"))
_WITH_OPTIONS = {  # options of theirs that take the next word
    "sudo": frozenset(("-u", "-g", "-h", "-p", "-C", "-r", "-t", "-U")),
    "env": frozenset(("-u", "-C", "-S")),
    "nice": frozenset(("-n",)),
    "timeout": frozenset(("-k", "-s")),
}


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command."""

    words: tuple[str, ...]  # the program first; never empty
    after: str = ""  # the operator before it: "|", "&&", "<(", "$("; empty for the first
    prefixes: tuple[str, ...] = ()  # what stands before the program: "sudo", "env"
    assignments: tuple[str, ...] = ()  # "NAME=value" before it
    files: tuple[str, ...] = ()  # what it reads from or writes to by redirection

    @property
    def name(self) -> str:
        """The program, without its folder."""
        return self.words[0].rpartition("/")[2]

    @property
    def arguments(self) -> tuple[str, ...]:
        """All words but the program."""
        return self.words[1:]

    def has(self, *options: str) -> bool:
        """Tell whether one of some long options is given, with a value or without."""
        return any(word.partition("=")[0] in options for word in self.words)


def commands(text: str) -> tuple[Command, ...]:
    """Return the simple commands of a shell text, in their order."""
    return tuple(_nested(text, 0))


def executed(words: Sequence[str]) -> tuple[Command, ...]:
    """Return the commands that a program started without a shell is, and runs."""
    found = tuple(_command(words, "", ()))
    scripts = (script_of(command) for command in found)
    return (*found, *(c for script in scripts if script is not None for c in _nested(script, 1)))


def _nested(text: str, depth: int) -> Iterator[Command]:
    for number, command in enumerate(_simple(text)):
        if number >= _MOST:
            return
        yield command
        script = script_of(command) if depth < _NESTED else None
        if script is not None:
            yield from _nested(script, depth + 1)


def script_of(command: Command) -> str | None:
    """Return what ``sh -c`` is to run; None for any other command."""
    if command.name == "eval":
        return " ".join(command.arguments)
    if command.name not in SHELLS:
        return None
    for number, word in enumerate(command.arguments):
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            rest = command.arguments[number + 1 :]
            return rest[0] if rest else None
    return None


def _simple(text: str) -> Iterator[Command]:
    found: list[str] = []
    files: list[str] = []
    after, is_file = "", False
    for match in _TOKEN.finditer(text):
        match match.lastgroup:
            case "word":
                word = plain(match[0])
                (files if is_file else found).append(word)
                is_file = False
            case "redirect":
                is_file = not match[0].endswith(("&", "<<-", "<<"))
                if match[0].endswith("&"):
                    is_file = True  # the number of a descriptor: no word of the command
            case "operator":
                yield from _command(found, after, files)
                found, files, after, is_file = [], [], match[0], False
    yield from _command(found, after, files)


def _command(found: Sequence[str], after: str, files: Sequence[str]) -> Iterator[Command]:
    at, prefixes, assignments = 0, [], []
    while at < len(found):
        word = found[at]
        name = word.rpartition("/")[2]
        if word in _SYNTAX:
            at += 1
        elif _ASSIGNMENT.match(word):
            assignments.append(word)
            at += 1
        elif name in _PREFIXES:
            prefixes.append(name)
            at += 1
        elif name in _WITH_OPTIONS:
            prefixes.append(name)
            at = _past_options(found, at + 1, _WITH_OPTIONS[name])
            if name == "timeout":
                at += 1  # how long
        else:
            break
    if at < len(found):
        yield Command(tuple(found[at:]), after, tuple(prefixes), tuple(assignments), tuple(files))
    elif prefixes:  # nothing but "env", or "sudo -i"
        yield Command((prefixes[-1],), after, tuple(prefixes[:-1]), tuple(assignments), ())


def _past_options(found: Sequence[str], at: int, with_value: frozenset[str]) -> int:
    while at < len(found) and found[at].startswith("-"):
        at += 2 if found[at] in with_value else 1
    return at


def plain(word: str) -> str:
    """Return a word without its quotes and escapes."""
    return _QUOTED.sub(_unquoted, word)


def _unquoted(match: re.Match[str]) -> str:
    if match[1] is not None:
        return "" if match[1] == "\n" else match[1]
    if match[2] is not None:
        return _ESCAPED.sub(r"\1", match[2])
    return match[3] or ""
