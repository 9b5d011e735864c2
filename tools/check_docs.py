"""What the Markdown files say about the project must be true of it.

A relative link or image leads to a file of the repository, and its fragment to a heading there. A
``seawall …`` line in a block of shell commands is one that the real parser accepts, without
abbreviated options. No line names a folder of the machine that the text was written on.

Run as ``.venv/bin/python tools/check_docs.py``; one line a problem, exit code 1 if there is any.
"""

import argparse
import contextlib
import io
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from seawall.cli import parser

Accepts = Callable[[Sequence[str]], str]  # what is wrong with these arguments; empty if nothing

_FENCE = re.compile(r"[\s>]*(?P<fence>`{3,}|~{3,})\s*(?P<language>[\w-]*)")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_LINKS = (
    re.compile(r"\]\(\s*<(?P<target>[^>]*)>"),
    re.compile(r"\]\(\s*(?P<target>(?:[^()\s<]|\([^()\s]*\))*)(?:\s+[\"'(][^)]*)?\)"),
    re.compile(r"^\s{0,3}\[[^\]^][^\]]*\]:\s*<?(?P<target>[^\s>]+)"),
    re.compile(r"<(?:a|img)\s[^>]*(?:href|src)=[\"'](?P<target>[^\"']*)"),
)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_LINE_NUMBER = re.compile(r"L\d+(?:-L\d+)?")  # GitHub's fragment for a file that has no headings
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(?P<text>.*?)(?:\s+#+)?\s*")
_ANCHOR = re.compile(r"<[^>]*\s(?:id|name)=[\"'](?P<name>[^\"']*)")
_SHELLS = frozenset(("sh", "bash", "shell", "console"))
_OPERATORS = frozenset("();<>|&")
# Words that may stand before a command.
_BEFORE = frozenset(("sudo", "time", "env", "exec", "do", "then", "else", "if", "while", "!"))
_ASSIGNMENT = re.compile(r"\w+=.*")
_PYTHON = re.compile(r"python[\d.]*")
# Where sessions, CI and pytest work; nobody else has these folders.
_MACHINE = re.compile(r"(?<![\w.~}/-])/(?:(?:work|workspace|builds)/|tmp/(?:pytest|tmp\w{8}))")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is not true."""

    file: str  # from the project's root
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a Markdown file, and the language of the code block it stands in.

    `language` is None outside of blocks and empty in a block that names none.
    """

    number: int
    text: str
    language: str | None


def problems(root: Path, files: Sequence[str], accepts: Accepts) -> list[Problem]:
    """Return what is wrong in the Markdown files among `files`, which are all the project has."""
    known = frozenset(files)
    folders = frozenset(str(above) for file in files for above in PurePosixPath(file).parents)
    anchors = cache(lambda file: frozenset(anchors_of(lines_of((root / file).read_text("utf-8")))))
    found: list[Problem] = []
    for file in known:
        if not file.endswith(".md"):
            continue
        lines = lines_of((root / file).read_text("utf-8"))
        complaints = [
            (line.number, f"{place[0]}… is a folder of somebody's machine")
            for line in lines
            if (place := _MACHINE.search(line.text))
        ]
        complaints += [
            (line.number, _broken(file, target, known, folders, anchors))
            for line in lines
            if line.language is None
            for target in targets(line.text)
        ]
        complaints += [
            (number, complaint)
            for number, command in commands(lines)
            for complaint in _refused(command, accepts)
        ]
        found.extend(Problem(file, number, what) for number, what in complaints if what)
    return sorted(found)


def lines_of(text: str) -> list[Line]:
    """Return the lines with the language of the block around each; fences belong to none."""
    lines: list[Line] = []
    fence, language = "", None
    for number, line in enumerate(text.splitlines(), 1):
        match = _FENCE.match(line)
        if not fence and match:
            fence, language = match["fence"], match["language"].lower()
        elif fence and match and match["fence"].startswith(fence) and not match["language"]:
            fence, language = "", None
        else:
            lines.append(Line(number, line, language))
    return lines


def targets(text: str) -> Iterator[str]:
    """Yield what the links and images in one line lead to, except what lies elsewhere."""
    plain = _CODE.sub("", text)
    for form in _LINKS:
        for match in form.finditer(plain):
            if match["target"] and not _ELSEWHERE.match(match["target"]):
                yield match["target"]


def anchors_of(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the fragments that a file offers: GitHub's names of its headings, and HTML ids."""
    seen: Counter[str] = Counter()
    for line in lines:
        if line.language is not None:
            continue
        for match in _ANCHOR.finditer(line.text):
            yield match["name"]
        if heading := _HEADING.fullmatch(line.text):
            name = slug(heading["text"])
            yield f"{name}-{seen[name]}" if seen[name] else name
            seen[name] += 1


def slug(heading: str) -> str:
    """Return the fragment GitHub makes of a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _broken(
    file: str,
    target: str,
    files: frozenset[str],
    folders: frozenset[str],
    anchors: Callable[[str], frozenset[str]],
) -> str:
    """Say why `target`, as `file` writes it, leads nowhere; empty when it leads somewhere."""
    path, _, fragment = unquote(target).partition("#")
    place = _place(file, path) if path else file
    if place not in files and (place not in folders or fragment):
        return f"the link {target} leads to no file of the repository"
    if not fragment:
        return ""
    if not place.endswith(".md"):
        return "" if _LINE_NUMBER.fullmatch(fragment) else f"{target}: {place} has no headings"
    return "" if fragment in anchors(place) else f"{target}: {place} has no such heading"


def _place(file: str, path: str) -> str:
    """Return `path` seen from `file` as a path from the root; ``..`` first when it lies outside."""
    start = PurePosixPath() if path.startswith("/") else PurePosixPath(file).parent
    parts: list[str] = []
    for part in (start / path.lstrip("/")).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return str(PurePosixPath(*parts))


def commands(lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
    """Yield (line number, shell line) of all that may call seawall, continuations joined.

    A ``console`` block shows commands behind a prompt, and between them what they print.
    """
    start, text, next_number = 0, "", 0
    for line in lines:
        goes_on = bool(text) and line.number == next_number
        if not goes_on:
            start, text = line.number, ""
        if line.language not in _SHELLS:
            continue
        part = line.text.strip()
        if part.startswith("#") and line.language != "console" and not goes_on:
            continue
        if line.language == "console" and not goes_on:
            if part[:2] not in ("$ ", "# "):
                continue
            part = part[2:]
        text = f"{text} {part}" if goes_on else part
        if text.endswith("\\"):
            text, next_number = text[:-1].rstrip(), line.number + 1
            continue
        if re.search(r"\bseawall\b", text):
            yield start, text
        text = ""


def _refused(command: str, accepts: Accepts) -> Iterator[str]:
    """Yield what the parser says against the calls of seawall in one shell line."""
    try:
        calls = list(arguments(command))
    except ValueError as error:
        yield f"not a line for a shell ({error}): {command}"
        return
    for words in calls:
        if complaint := accepts(words):
            yield f"seawall {' '.join(words)}: {complaint}"


def arguments(command: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of seawall in a shell line.

    Raises:
        ValueError: a quotation mark without its partner.
    """
    reader = shlex.shlex(command, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    simple: list[list[str]] = [[]]
    is_file = False  # the next word is where a redirection goes
    for word in reader:
        if set(word) <= _OPERATORS:
            is_file = word[0] in "<>" or word == "&>"
            if not is_file:
                simple.append([])
            elif simple[-1] and simple[-1][-1] in ("1", "2"):
                simple[-1].pop()  # 2>file
        elif is_file:
            is_file = False
        else:
            simple[-1].append(word)
    for words in simple:
        while words and (words[0] in _BEFORE or _ASSIGNMENT.fullmatch(words[0])):
            words.pop(0)
        name = words[0].rpartition("/")[2] if words else ""
        if name == "seawall":
            yield words[1:]
        elif _PYTHON.fullmatch(name) and words[1:3] == ["-m", "seawall"]:
            yield words[3:]


def _without_abbreviations(top: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return `top`, taught to take options only in full: a short form means less tomorrow."""
    top.allow_abbrev = False
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                _without_abbreviations(below)
    return top


def accepted(words: Sequence[str]) -> str:
    """Return what the real parser says against these arguments; empty when it takes them."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            _without_abbreviations(parser()).parse_args(words)
    except SystemExit as end:
        if end.code:
            return said.getvalue().strip().rpartition(" error: ")[2]
    return ""


def project_files(root: Path) -> list[str]:
    """Return the files that are in the repository, or would be after ``git add``.

    Where there is no repository (an unpacked archive), all files outside of hidden folders.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(root)) for path in root.rglob("*")]
        names = [name for name in names if not any(p.startswith(".") for p in Path(name).parts)]
    else:
        names = listed.stdout.decode().split("\0")
    return sorted({name for name in names if name and (root / name).is_file()})


def main(root: Path) -> int:
    """Check the project at `root`."""
    found = problems(root, project_files(root), accepted)
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[1]))
