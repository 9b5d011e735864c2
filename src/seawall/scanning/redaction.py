"""What of a line of an image's history may be shown: its outline.

The line is untrusted and its secrets need not be of a known form. A command is shown by its
program alone: ``echo 'root:…' | chpasswd``, ``mysql -p…`` and ``vault login …`` differ by nothing
from harmless words. Only programs whose arguments are packages or paths keep these, up to the first
option that is not known to be harmless. A setting keeps its name. What is left loses what stands
behind a telling name, passwords in addresses, and every long word of letters and digits mixed.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from seawall.scanning.configuration.shell import Command, commands

_CUT = "…"
_LONGEST = 2000  # characters of a line that are looked at
_NAMED = re.compile(
    r"""(?ix)
    ( [\w.-]* (?:pass|pwd|secret|token|key|auth|credential|bearer|cookie|private|sas|dsn) [\w.-]*
      ["']? (?: \s*[=:]\s* | \s+ (?![&|;<>-]) ) (?: (?:bearer|basic|token) \s+ )? )
    ( "[^"]* "? | '[^']* '? | [^\s;&|"']+ )
    """
)
_ADDRESS = re.compile(r"(\w{1,20}://)[^\s/@]*@")
_QUERY = re.compile(r"(\w{1,20}://[^\s?#]*)[?#]\S*")
_WORD = re.compile(r"[A-Za-z0-9+/_=~.-]{16,}")
_HARMLESS = re.compile(r"[a-z./_-]*|[0-9.:+~-]*|[A-Za-z_-]+", re.ASCII)

_SETTING = re.compile(r"(ENV|ARG|LABEL) +([\w.-]+)(?:[= ].*)?", re.IGNORECASE | re.DOTALL)
_STARTED = re.compile(r'((?:CMD|ENTRYPOINT) +)\[ *"([^"]*)" *(,?).*', re.IGNORECASE | re.DOTALL)
_RUN = re.compile(r"((?:ONBUILD +)?(?:RUN|CMD|ENTRYPOINT) +|# *|)(.*)", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(
    r"(?:ONBUILD +)?(?:FROM|COPY|ADD|WORKDIR|USER|EXPOSE|VOLUME|STOPSIGNAL|MAINTAINER) ",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"(?:ONBUILD +)?(HEALTHCHECK|SHELL|ENV|ARG|LABEL)\b", re.IGNORECASE)
_FLAGS = re.compile(r"(?:--(?:mount|network|security)=\S+ +)+")
_SHELL = re.compile(r"(?:/usr)?(?:/bin/)?(?:ba|da|a|z|k)?sh(?: -?\w+){0,6}? -\w*c ")
# A shell text as far as its words are sure: up to a quote that does not end, a substitution, a
# here-document or a comment.
_SURE = re.compile(
    r"""(?:[^"'\\`$<\#]|\\.|"(?:[^"\\`$]|\\.|\$(?!\())*+"|'[^']*+'|\$(?!\()|<(?!<)|(?<=\S)\#)*+""",
    re.DOTALL,
)
_PROGRAM = re.compile(r"[a-z\[:.][a-z_+-]{0,30}\.?[\d.]{0,6}(?:sh|py|pl|js)?", re.ASCII)
_JOINED = {"\n": "; ", ";": "; ", "&": " & ", "&&": " && ", "||": " || ", "|": " | ", "(": "; "}
_BUILTIN = frozenset(("set", "cd", "true", "false", ":"))
_ON_PATHS = frozenset(("rm", "mkdir", "rmdir", "touch", "chmod", "chown", "cp", "mv", "ln", "ls"))
_INSTALLERS = frozenset(
    (
        *("apt", "apt-get", "apk", "yum", "dnf", "microdnf", "tdnf", "zypper", "pacman", "gem"),
        *("pip", "pip3", "npm", "yarn", "pnpm", "conda", "mamba", "go", "cargo", "composer"),
    )
)
_OF_INSTALLERS = frozenset(
    (
        *("install", "update", "upgrade", "add", "ci", "clean", "autoremove", "remove", "del"),
        *("dist-upgrade", "purge", "all", "build", "mod", "download", "cache", "autoclean"),
    )
)
_FLAG = re.compile(
    r"-[a-zA-Z]{1,3}|--(?:yes|quiet|no-install-recommends|no-install-suggests|no-cache|no-cache-dir"
    r"|upgrade|update|purge|virtual|global|production|omit=dev|frozen-lockfile|no-dev|recursive"
    r"|parents|force|assumeyes|allow-downgrades|no-interaction|nodocs|requirement|user)"
)
_NAME = re.compile(
    r"[.@/]?[a-z0-9.][a-z0-9+._/@*-]*(?:\[[a-z,]*\])?(?:[=<>~!]{1,2}[0-9][\w.:+~*-]*)?"
)
_PATH = re.compile(
    r"[\w.*/+-]*/[\w.*/+-]*|[\w-]{1,20}\.[a-z]{1,5}|[0-7]{3,4}|[ugoa]*[+=-][rwxXst]+"
)


@lru_cache(maxsize=256)
def redacted(line: str) -> str:
    """Return what may be shown of a line, of at most its first 2,000 characters.

    The line is as a Dockerfile has it, or a command alone.
    """
    line = line[:_LONGEST].strip()
    if setting := _SETTING.fullmatch(line):
        return f"{setting[1]} {_without_values(setting[2])}={_CUT}"
    if opaque := _OPAQUE.match(line):
        return f"{opaque[1]} {_CUT}"
    if started := _STARTED.fullmatch(line):
        more = f", {_CUT}" if started[3] else ""
        return _without_values(f'{started[1]}["{_program(started[2])}"{more}]')
    if _PLAIN.match(line):
        if "<<" in line:
            return f"{line.partition(' ')[0]} {_CUT}"
        return _without_values(line)
    run = _RUN.fullmatch(line)
    assert run is not None  # noqa: S101 - it fits any text
    return f"{run[1]}{_without_values(_outline(run[2]))}"


def _outline(text: str) -> str:
    """Return the programs of a shell text, and of their arguments what is known to be harmless."""
    text = _FLAGS.sub("", text)
    if text.startswith("|"):
        return _CUT  # build arguments, whose end is not known
    if shell := _SHELL.match(text):
        text = text[shell.end() :]
    sure = _SURE.match(text)
    end = sure.end() if sure else 0
    shown = ""
    for command in commands(text[:end]):
        if command.after == ")":  # the rest of a command, and not one
            continue
        joint = _JOINED.get(command.after, "; ") if shown else ""
        shown += joint + " ".join(_words(command))
    if end < len(text) and not shown.endswith(_CUT):
        shown = f"{shown} {_CUT}".lstrip()
    return shown


def _words(command: Command) -> Iterator[str]:
    """Yield the program and its arguments up to the first one that may be anything."""
    yield from command.prefixes
    name, program = command.name, _program(command.words[0])
    yield program
    if program == _CUT:
        return
    for number, word in enumerate(command.arguments):
        if name in _INSTALLERS:
            known = word in _OF_INSTALLERS if number == 0 else bool(_NAME.fullmatch(word))
            known = known or bool(_FLAG.fullmatch(word))
        elif name in _ON_PATHS:
            known = bool(_FLAG.fullmatch(word) or _PATH.fullmatch(word))
        else:
            known = name in _BUILTIN and bool(
                re.fullmatch(r"[-+][a-z]{1,6}|pipefail|/[\w./-]*", word)
            )
        if not known:
            yield _CUT
            return
        yield word


def _program(word: str) -> str:
    """Return a program's name, with its folder; a sign where it has no such form."""
    folder, _, name = word.rpartition("/")
    if not _PROGRAM.fullmatch(name) or not re.fullmatch(r"[\w./-]*", folder, re.ASCII):
        return _CUT
    return word


def _without_values(text: str) -> str:
    text = _NAMED.sub(rf"\1{_CUT}", text)
    text = _ADDRESS.sub(rf"\1{_CUT}@", text)
    text = _QUERY.sub(rf"\1?{_CUT}", text)
    return _WORD.sub(lambda found: found[0] if _is_harmless(found[0]) else _CUT, text)


def _is_harmless(word: str) -> bool:
    """Tell whether a long word is a path, a name or a version rather than a value."""
    parts = re.split(r"[/=.~+-]", word)
    return all(len(part) < 16 or _HARMLESS.fullmatch(part) for part in parts) and not (
        "/" not in word and len(word) >= 24 and re.search(r"\d", word) and re.search(r"[A-Z]", word)
    )
