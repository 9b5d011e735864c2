"""Go modules that a ``go.mod`` requires (Go Modules Reference, "go.mod files").

Since Go 1.17 it names every module of the build. ``replace`` puts another one in the place, or a
folder of the project, which is no module. ``go.sum`` is not read: it keeps what was once looked at.
The standard library's own ``go.mod`` names what is copied into it, not modules.
"""

import re
from collections.abc import Iterator

from seawall.inventory.catalogers.contract import Fact, ImageFile
from seawall.inventory.catalogers.documents import lock_file, pin

_WORD = re.compile(r'"([^"\n]*)"|`([^`\n]*)`|([^\s"`]+)')


def required(file: ImageFile) -> Iterator[Fact]:
    """Yield the modules that are required, as replaced."""
    modules: list[tuple[str, str]] = []
    replaced: dict[tuple[str, str], tuple[str, str]] = {}
    for verb, words in _directives(file.text):
        if verb == "module" and words in (["std"], ["cmd"]):
            return
        if verb == "require" and len(words) == 2:
            modules.append((words[0], words[1]))
        elif verb == "replace" and "=>" in words[1:3]:
            arrow = words.index("=>")
            old, new = words[:arrow], words[arrow + 1 :]
            if old and new:
                target = (new[0], new[1] if len(new) > 1 else "")
                replaced[old[0], old[1] if len(old) > 1 else ""] = target
    for name, version in modules:
        by_name = replaced.get((name, ""), (name, version))
        name, version = replaced.get((name, version), by_name)  # noqa: PLW2901 - put in its place
        if version.startswith("v"):
            yield from pin("golang", name, version)


def _directives(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield verb and words of each line; the lines of a block have its verb."""
    block = ""
    for line in text.split("\n"):
        words = [a or b or c for a, b, c in _WORD.findall(line.partition("//")[0])]
        if not words:
            continue
        if block:
            if words == [")"]:
                block = ""
            else:
                yield block, words
        elif words[-1] == "(" or words[-1].endswith("("):
            block = words[0].rstrip("(")
        else:
            yield words[0], words[1:]


GO_MOD = lock_file("go-mod", ("**/go.mod",), required)
