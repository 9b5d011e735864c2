"""A password written into a command of the build."""

from collections.abc import Iterator, Sequence

from seawall.model import Kind, Severity, Urgency
from seawall.scanning.configuration.contract import HISTORY, Check, ImageFacts, Problem, Subject
from seawall.scanning.configuration.instruction import Instruction
from seawall.scanning.configuration.shell import Command

_REMEDY = "take it out and change it; accounts in images need no password (passwd --lock)"
_ACCOUNTS = frozenset(("useradd", "usermod", "groupadd"))
_OPTIONS = {  # of each program, those that take a password
    **dict.fromkeys(_ACCOUNTS, ("-p", "--password")),
    "sshpass": ("-p",),
    "wget": ("--password", "--http-password", "--ftp-password"),
    "redis-cli": ("-a", "--pass"),
}
# What the detector finds in commands as well; a password of an account it does not.
_DETECTED = frozenset(("sshpass", "wget", "redis-cli", "curl", "htpasswd", "chpasswd", "passwd"))


def examine(subject: Subject) -> Iterator[Problem]:
    """Judge all commands that are run; what the secrets detector found is not told twice."""
    for instruction in subject.instructions:
        is_known = _is_known(subject, instruction)
        before: Command | None = None
        for command in instruction.commands:
            what = _password(command, before)
            if what and not (is_known and command.name in _DETECTED):
                message = f"a password stands in the command: {what}"
                yield Problem(message, _REMEDY, instruction, evidence=f"{what} …")
            before = command


def _is_known(subject: Subject, instruction: Instruction) -> bool:
    if isinstance(subject, ImageFacts):
        return (HISTORY, instruction.line) in subject.secrets
    lines = range(instruction.line, instruction.last_line + 1)
    return not subject.secrets.isdisjoint(lines)


def _password(command: Command, before: Command | None) -> str:
    """Return what takes the password; empty where there is none, or it is in a variable."""
    name, words = command.name, command.arguments
    if name == "chpasswd" or (name == "passwd" and "--stdin" in words):
        if command.after != "|" or before is None or before.name not in ("echo", "printf"):
            return ""
        for word in before.arguments:
            user, colon, password = word.partition(":")
            written = password if name == "chpasswd" else user if not colon else word
            if not word.startswith("-") and _is_written(written):
                return f"{before.name} | {name}"
    elif name == "htpasswd":
        flags = [word for word in words if word.startswith("-")]
        if any("b" in flag for flag in flags) and _is_written(words[-1]):
            return "htpasswd -b"
    elif name == "curl":
        for option, value in _values(command, ("-u", "--user")):
            if _is_written(value.partition(":")[2]):
                return f"curl {option}"
    elif name in _OPTIONS:
        for option, value in _values(command, _OPTIONS[name]):
            if _is_written(value):
                return f"{name} {'--password' if name in _ACCOUNTS else option}"
    return ""


def _values(command: Command, options: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield options and their values, which a short one may have without a space."""
    words = command.arguments
    for number, word in enumerate(words):
        for option in options:
            if word == option:
                yield option, words[number + 1] if number + 1 < len(words) else ""
            elif word.startswith(f"{option}="):
                yield option, word[len(option) + 1 :]
            elif not option.startswith("--") and word.startswith(option):
                yield option, word[len(option) :]


def _is_written(value: str) -> bool:
    """Tell whether a value stands there itself; ``*`` and ``!`` lock an account."""
    return bool(value) and "$" not in value and "`" not in value and value.strip("*!x") != ""


PASSWORD_IN_COMMAND = Check(
    id="password-in-command",
    title="a password in a command of the build",
    severity=Severity.HIGH,
    urgency=Urgency.SOON,
    image=examine,
    build_file=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.10",),
    kind=Kind.SECRET,
)
