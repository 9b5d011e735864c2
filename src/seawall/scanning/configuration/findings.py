"""From an image, or a project's Dockerfiles, to findings.

A Dockerfile inside an image is left over from somebody's build and is not judged; the image's own
history tells how it was made. In a directory that is a project each is judged, but for those of
other people's packages.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from seawall.model import Finding, Image, ImageConfig, Inventory, Kind
from seawall.scanning.configuration.checks import CHECKS
from seawall.scanning.configuration.contract import (
    CONFIGURATION,
    HISTORY,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
)
from seawall.scanning.configuration.dockerfile import parse
from seawall.scanning.configuration.evidence import shortened
from seawall.scanning.configuration.history import instructions
from seawall.scanning.configuration.ignore_file import ignoring
from seawall.scanning.configuration.instruction import Instruction
from seawall.scanning.content.looking import Contents
from seawall.scanning.vulnerabilities import SYSTEM_TYPES

_MOST = 20  # findings of one check in one image or file; the last says how many more there are
_OTHERS = re.compile(
    r"(?:^|/)(?:node_modules|vendor|site-packages|dist-packages|bower_components|\.git)/"
)
# Names that begin as a Dockerfile's and are none: ignore lists, templates, programs about them.
_NO_BUILD_FILE = re.compile(
    r"\.(?:dockerignore|containerignore|md|rst|txt|html?|j2|jinja2?|tmpl|tpl|template|erb|mustache|in|m4|py|pyc|go|rs|js|ts|jsx"
    r"|tsx|java|rb|php|c|h|cs|sh|ya?ml|json|toml|xml|lock|orig|rej|bak|swp|vim|snap|svg|png)$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^[ \t]*FROM[ \t]", re.IGNORECASE | re.MULTILINE)
_WIDE = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"F\0", "utf-16-le"))


def configuration_findings(
    image: Image, contents: Contents, inventory: Inventory
) -> tuple[Finding, ...]:
    """Return what is wrong with how an image is configured and built, or a project's Dockerfiles.

    Those of one image or file stand together, in the order of `CHECKS`, then of their lines.
    What the secrets detector has found at the same place is not said again. What checks about
    secrets find is a secret by its kind.
    """
    if image.config is None and is_project(image, inventory):
        return tuple(_of_build_files(contents))
    return tuple(_of_image(image, contents, inventory))


def is_project(image: Image, inventory: Inventory) -> bool:
    """Tell whether a target is somebody's source: a directory without an operating system."""
    return (
        not image.digest
        and image.config is None
        and inventory.distribution is None
        and not any(package.type in SYSTEM_TYPES for package in inventory.packages)
    )


def _of_image(image: Image, contents: Contents, inventory: Inventory) -> Iterator[Finding]:
    config = image.config
    secrets = frozenset((f.path, f.line) for f in contents.findings if f.kind is Kind.SECRET)
    checks = [check for check in CHECKS if config is not None or not check.needs_configuration]
    facts = ImageFacts(
        config=ImageConfig() if config is None else config,
        instructions=tuple(instructions(config.history)) if config is not None else (),
        tags=image.tags,
        privileged=contents.privileged,
        packages=inventory.packages,
        distribution=inventory.distribution,
        secrets=secrets,
    )
    layers = _layers(image)
    for check in checks:
        if check.image is not None:
            for problem in _some(check.image(facts)):
                yield _image_finding(check, problem, layers)


def _layers(image: Image) -> dict[int, str]:
    """Return which layer each step of the history made, by the step's number, from 1."""
    history = image.config.history if image.config else ()
    making = [number for number, step in enumerate(history, start=1) if not step.is_empty]
    named = [layer.diff_id for layer in image.layers if layer.diff_id]  # a container's own has none
    return dict(zip(making, named, strict=True)) if len(making) == len(named) else {}


def _image_finding(check: Check, problem: Problem, layers: dict[int, str]) -> Finding:
    step = problem.instruction
    if step is None:
        return _finding(check, problem, problem.path or CONFIGURATION, problem.line)
    return _finding(check, problem, HISTORY, step.line, layers.get(step.line, ""))


def _of_build_files(contents: Contents) -> Iterator[Finding]:
    for path, data in sorted(contents.build_files.items()):
        if not is_build_file(path, data):
            continue
        secrets = frozenset(
            f.line for f in contents.findings if f.kind is Kind.SECRET and f.path == path
        )
        dockerfile = parse(_text_of(data))
        file = BuildFile(path, dockerfile, secrets, *ignoring(path, contents.build_files))
        for check in CHECKS:
            if check.build_file is not None:
                for problem in _some(check.build_file(file)):
                    yield _file_finding(check, problem, path)


def is_build_file(path: str, data: bytes) -> bool:
    """Tell whether a file of such a name is a Dockerfile of this project."""
    if _OTHERS.search(path) or _NO_BUILD_FILE.search(path):
        return False
    return bool(_FROM.search(_text_of(data)))


def _text_of(data: bytes) -> str:
    """Return a Dockerfile's text without a mark before it; editors write UTF-16 with one."""
    for start, encoding in _WIDE:
        if data.startswith(start):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "backslashreplace")


def _file_finding(check: Check, problem: Problem, path: str) -> Finding:
    where = problem.instruction
    line = where.line if where is not None else problem.line
    finding = _finding(check, problem, path, line)
    return replace(finding, suppressed=_ignored(check, where, path))


def _ignored(check: Check, where: Instruction | None, path: str) -> str:
    for ignore in where.ignores if where is not None else ():
        if check.id in ignore.checks:
            return f"a comment in {path}, line {ignore.line}: {shortened(ignore.reason)}"
    return ""


def _finding(check: Check, problem: Problem, path: str, line: int, layer: str = "") -> Finding:
    return Finding(
        kind=check.kind,
        id=check.id,
        severity=check.severity if problem.severity is None else problem.severity,
        urgency=check.urgency if problem.urgency is None else problem.urgency,
        reason=problem.message,
        layer=layer,
        path=path,
        title=check.title,
        remedy=problem.remedy,
        line=line,
        evidence=problem.evidence,
    )


def _some(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the first ones; the last of them counts the rest."""
    found = list(problems)
    yield from found[: _MOST - 1]
    rest = found[_MOST - 1 :]
    if len(rest) == 1:
        yield rest[0]
    elif rest:
        more = f"{rest[0].message}, and {len(rest) - 1:,} more like it"
        yield replace(rest[0], message=more)
