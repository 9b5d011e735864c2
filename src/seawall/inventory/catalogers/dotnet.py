"""NuGet packages of .NET: what a program was published with, and what lock files name.

``NAME.deps.json`` lies beside each program (dotnet/sdk, "runtime-configuration-file.md"): its
libraries of type ``package`` count where they brought a file that is used at run time, and
``runtimepack`` is the runtime inside a self-contained program. The shared runtime has such a file,
too, in a folder that says its version: ``shared/Microsoft.NETCore.App/8.0.1``.
``packages.lock.json`` and ``packages.config`` are NuGet's lock files, of new and of old projects.
"""

import re
from collections.abc import Iterator
from html import unescape

from seawall.images import Pattern
from seawall.inventory.catalogers.contract import Cataloger, Fact, ImageFile, is_version
from seawall.inventory.catalogers.documents import (
    LIMIT_BYTES,
    from_json,
    is_name,
    lock_file,
    pin,
    table,
    text,
)
from seawall.model import Incomplete, Package

_RUNS = frozenset(("runtime", "runtimeTargets", "native", "resources"))
_SHARED = re.compile(r"(?:^|/)shared/([\w.]+)/([0-9][^/]*)/\1\.deps\.json$", re.ASCII)
_COMMENT = re.compile(r"<!--(?:(?!-->).)*+(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<package\s([^<>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<!\S)(id|version)\s*+=\s*+("[^"]*+"|'[^']*+')""", re.IGNORECASE)


def published(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages that a program or a shared runtime brings along."""
    if len(file.content) > LIMIT_BYTES:
        yield Incomplete(file.path, f"a deps.json of {len(file.content):,} bytes")
        return
    document = from_json(file.content)
    target = text(table(document.get("runtimeTarget")).get("name"))
    used = table(document.get("targets")).get(target)
    runtime = _SHARED.search(file.path)
    is_named = False
    for key, library in table(document.get("libraries")).items():
        kind = table(library).get("type")
        if kind not in ("package", "runtimepack"):
            continue
        if isinstance(used, dict) and _RUNS.isdisjoint(table(used.get(key))):
            continue
        name, _, version = key.partition("/")
        name = name.removeprefix("runtimepack.")
        if is_name(name) and is_version(version):
            yield Package("nuget", name, version)
            is_named = is_named or (runtime is not None and name.startswith(runtime[1]))
    if runtime is not None and not is_named:
        evidence = f"folder shared/{runtime[1]}/{runtime[2]}"
        yield Package("nuget", runtime[1], runtime[2], evidence=evidence)


def locked(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages of packages.lock.json for all frameworks."""
    for packages in table(from_json(file.content).get("dependencies")).values():
        for name, value in table(packages).items():
            if table(value).get("type") != "Project":
                yield from pin("nuget", name, table(value).get("resolved"))


def listed(file: ImageFile) -> Iterator[Fact]:
    """Yield the packages of packages.config."""
    for tag in _TAG.finditer(_COMMENT.sub("", file.text)):
        fields = {key.lower(): unescape(value[1:-1]) for key, value in _ATTRIBUTE.findall(tag[1])}
        yield from pin("nuget", fields.get("id"), fields.get("version"))


DOTNET = Cataloger("dotnet", (Pattern("**/*.deps.json"),), published)
NUGET_LOCK = lock_file("nuget-lock", ("**/packages.lock.json",), locked)
NUGET_CONFIG = lock_file("nuget-config", ("**/packages.config",), listed)
