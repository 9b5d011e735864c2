"""What commands do with packages: which manager, whether it installs, and what."""

from collections.abc import Iterator
from dataclasses import dataclass

from seawall.scanning.configuration.shell import Command

_VERBS = {  # words that install, by program
    "apt-get": ("install",),
    "apt": ("install",),
    "aptitude": ("install",),
    "apk": ("add",),
    "yum": ("install", "localinstall", "groupinstall", "reinstall"),
    "dnf": ("install", "localinstall", "groupinstall", "reinstall"),
    "microdnf": ("install", "reinstall"),
    "tdnf": ("install", "reinstall"),
    "zypper": ("install", "in"),
    "pip": ("install",),
    "npm": ("install", "i", "add"),
    "gem": ("install",),
}
_REFRESH = {  # words that only fetch the list of packages
    "apt-get": ("update",),
    "apt": ("update",),
    "aptitude": ("update",),
    "apk": ("update",),
    "yum": ("makecache",),
    "dnf": ("makecache",),
    "microdnf": ("makecache",),
    "tdnf": ("makecache",),
    "zypper": ("refresh", "ref"),
}
_UPGRADE = frozenset(("upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade", "update", "up"))
_FAMILY = {"apt": "apt-get", "aptitude": "apt-get", "microdnf": "dnf", "tdnf": "dnf"}
_WITH_VALUE = {  # options that take the next word
    "apt-get": ("-t", "-o", "-c", "--target-release", "--option", "--config-file", "-a"),
    "apk": ("-t", "--virtual", "-X", "--repository", "-p", "--root", "--keys-dir", "--arch"),
    "yum": ("-c", "-x", "--installroot", "--releasever", "--enablerepo", "--disablerepo"),
    "dnf": ("-c", "-x", "--installroot", "--releasever", "--enablerepo", "--disablerepo"),
    "zypper": ("-r", "--repo", "--from", "-t", "--type", "--root"),
    "pip": (
        *("-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url"),
        *("-f", "--find-links", "-t", "--target", "--prefix", "--root", "--trusted-host", "-e"),
        *("--editable", "--proxy", "--python", "--cache-dir", "--only-binary", "--no-binary"),
    ),
    "npm": ("--prefix", "--registry", "-C", "--cache", "--loglevel"),
    "gem": ("-v", "--version", "-i", "-n", "-s", "--source", "--install-dir", "--bindir"),
}


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a package manager."""

    manager: str  # "apt-get", "apk", "yum", "dnf", "zypper", "pip", "npm", "gem"
    verb: str  # "install", "refresh", "upgrade", "clean", or what else it is told
    command: Command
    packages: tuple[str, ...] = ()  # as written, of an installation


def use(command: Command) -> Use | None:
    """Return what a command does with a package manager; None if it is none."""
    program, words = command.name, command.arguments
    if program.startswith("python") and words[:2] in (("-m", "pip"), ("-m", "pip3")):
        program, words = "pip", words[2:]
    elif program == "uv" and words[:1] == ("pip",):
        program, words = "pip", words[1:]
    elif program.startswith("pip") and program[3:].replace(".", "").isdigit():
        program = "pip"
    if program not in _VERBS:
        return None
    manager = _FAMILY.get(program, program)
    named = list(_without_options(words, _WITH_VALUE.get(manager, ())))
    if not named:
        return None
    verb, rest = named[0], tuple(named[1:])
    if verb in _VERBS[program]:
        return Use(manager, "install", command, rest)
    if verb in _REFRESH.get(program, ()):
        return Use(manager, "refresh", command)
    if verb in _UPGRADE and program not in ("pip", "npm", "gem"):
        return Use(manager, "upgrade", command)
    return Use(manager, "clean" if verb in ("clean", "autoclean", "cache") else verb, command)


def uses(commands: tuple[Command, ...]) -> Iterator[Use]:
    """Yield all uses of package managers among some commands."""
    for command in commands:
        found = use(command)
        if found is not None:
            yield found


def _without_options(words: tuple[str, ...], with_value: tuple[str, ...]) -> Iterator[str]:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in with_value
        else:
            yield word
