"""Ruby gems: installed ones keep their specification, a ``Gemfile.lock`` names those of a build.

RubyGems writes ``specifications/NAME-VERSION[-PLATFORM].gemspec`` (``default/`` for those that come
with Ruby), whose stub line has all that is needed (rubygems, ``Gem::Specification#to_ruby``).
Bundler's lock file has sections of ``specs:`` (bundler, ``LockfileParser``); gems from a folder are
parts of the project.
"""

import re
from collections.abc import Iterator

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile, is_version
from seawall.inventory.catalogers.documents import LIMIT_BYTES, lock_file, pin
from seawall.model import Incomplete, Package

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,500}")
_STUB = re.compile(rb"^# stub: (\S+) (\S+) (\S+) ", re.MULTILINE)
_FIELD = re.compile(rb"^\s*\w+\.(name|version|platform) *= *\"([^\"\n]+)\"", re.MULTILINE)
_FILE = re.compile(r"([^/]+?)-([0-9][^/-]*)(?:-([^/]+))?\.gemspec$")
_SPEC = re.compile(r"    (\S+) \(([^\s()-]+)(?:-([^\s()]+))?\)\s*")


def installed(file: ImageFile) -> Iterator[Fact]:
    """Yield the gem of a specification; the file's name counts where the text is a program."""
    stub = _STUB.search(file.content, 0, 4096)
    if stub:
        name, version, platform = (
            part.decode("utf-8", "backslashreplace") for part in stub.groups()
        )
    else:
        found = dict(reversed(_FIELD.findall(file.content[:LIMIT_BYTES])))
        name, version, platform = (
            found.get(key, b"").decode("utf-8", "backslashreplace")
            for key in (b"name", b"version", b"platform")
        )
        if not name or not version:
            from_path = _FILE.search(file.path)
            name, version, platform = from_path.groups("") if from_path else ("", "", "")
    if _NAME.fullmatch(name) and is_version(version):
        yield Package("gem", name, version, arch="" if platform == "ruby" else platform)
    else:
        yield Incomplete(file.path, "a gem's specification without a usable name or version")


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the gems of a Gemfile.lock; the platform behind a version stands as `arch`."""
    section = ""
    for line in file.text.split("\n"):
        if line.startswith(("<<<<<<<", ">>>>>>>")):
            raise ValueError("a Gemfile.lock with unresolved conflicts")
        if line[:1] not in ("", " ", "\r"):
            section = line.strip()
        elif section != "PATH" and (match := _SPEC.fullmatch(line)):
            yield from pin("gem", match[1], match[2], arch=match[3] or "")


GEMS = Cataloger(
    "gems",
    (Pattern("**/specifications/*.gemspec"), Pattern("**/specifications/default/*.gemspec")),
    installed,
)
GEMFILE_LOCK = lock_file("gemfile-lock", ("**/Gemfile.lock", "**/gems.locked"), locked)
