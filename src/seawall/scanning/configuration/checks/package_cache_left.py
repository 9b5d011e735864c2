"""Lists and caches of package managers stay in the layer that fetched them."""

from collections.abc import Iterator, Sequence

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import BuildFile, Check, ImageFacts, Problem
from seawall.scanning.configuration.instruction import Instruction
from seawall.scanning.configuration.packages import Use, use, uses
from seawall.scanning.configuration.shell import Command

_FOLDERS = {
    "apt-get": ("/var/lib/apt/lists", "/var/lib/apt"),
    "apk": ("/var/cache/apk", "/etc/apk/cache"),
    "yum": ("/var/cache/yum", "/var/cache/dnf", "/var/cache"),
    "dnf": ("/var/cache/dnf", "/var/cache/yum", "/var/cache", "/var/cache/tdnf"),
    "zypper": ("/var/cache/zypp", "/var/cache"),
    "pip": ("/root/.cache", "~/.cache", "$HOME/.cache", "/tmp/pip"),  # noqa: S108 - names only
}
_REMEDY = {
    "apt-get": "end the same RUN with: rm -rf /var/lib/apt/lists/*",
    "apk": "use apk add --no-cache",
    "yum": "end the same RUN with: yum clean all",
    "dnf": "end the same RUN with: dnf clean all",
    "zypper": "end the same RUN with: zypper clean --all",
    "pip": "use pip install --no-cache-dir",
}


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the history."""
    return _problems(image.shipped, any(_is_pip_switch(v) for v in image.config.env))


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge what ends up in the image; what build stages leave does not."""
    environment = (i for i in file.shipped if i.keyword in ("ENV", "ARG"))
    pairs = (f"{name}={value}" for i in environment for name, value in i.assignments)
    return _problems(file.shipped, any(map(_is_pip_switch, pairs)))


def _is_pip_switch(variable: str) -> bool:
    name, _, value = variable.partition("=")
    return name == "PIP_NO_CACHE_DIR" and value.lower() not in ("", "0", "false", "off", "no")


def _problems(instructions: Sequence[Instruction], without_pip: bool) -> Iterator[Problem]:
    for instruction in instructions:
        left = {u.manager: u for u in uses(instruction.commands) if _leaves(u)}
        for manager, found in left.items():
            if manager == "pip" and (
                without_pip or any("PIP_NO_CACHE_DIR" in a for a in found.command.assignments)
            ):
                continue
            if not _is_cleaned(manager, instruction):
                yield Problem(
                    f"the cache of {manager} stays in the image",
                    _REMEDY[manager],
                    instruction,
                    evidence=f"{found.command.name} {found.verb}".replace("refresh", "update"),
                )


def _leaves(found: Use) -> bool:
    match found.manager:
        case "apt-get":
            return found.verb == "refresh"
        case "apk":
            return found.verb in ("install", "refresh", "upgrade") and not (
                found.command.has("--no-cache")
                or (found.verb == "install" and not found.packages and not found.command.arguments)
            )
        case "yum" | "dnf" | "zypper":
            return found.verb in ("install", "refresh", "upgrade")
        case "pip":
            return found.verb == "install" and not found.command.has("--no-cache-dir")
    return False


def _is_cleaned(manager: str, instruction: Instruction) -> bool:
    folders = _FOLDERS[manager]
    mounts = [value for name, value in instruction.flags if name == "mount"]
    if any("type=cache" in mount or "type=tmpfs" in mount for mount in mounts) and any(
        folder.strip("~$HOME") in mount for mount in mounts for folder in folders
    ):
        return True
    return any(_cleans(command, manager, folders) for command in instruction.commands)


def _cleans(command: Command, manager: str, folders: tuple[str, ...]) -> bool:
    if command.name in ("rm", "find"):
        return any(
            word.rstrip("/*").endswith(folder) or word.startswith(f"{folder}/")
            for word in command.arguments
            for folder in folders
        )
    found = use(command)
    if found is None or found.verb != "clean":
        return False
    # apt-get clean leaves the lists, which are the larger part.
    same = {found.manager, manager} <= {"yum", "dnf"} or found.manager == manager
    return same and manager != "apt-get"


PACKAGE_CACHE_LEFT = Check(
    id="package-cache-left",
    title="the cache of a package manager stays in the image",
    severity=Severity.LOW,
    urgency=Urgency.WATCH,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.3", "hadolint DL3009, DL3019, DL3042"),
)
