"""A password written into a command of the build."""

from collections.abc import Iterator

from seawall.model import Kind, Severity, Urgency
from seawall.scanning.configuration.contract import Check, Problem, Subject
from seawall.scanning.configuration.shell import Command

_REMEDY = "take it out and change it; accounts in images need no password (passwd --lock)"
_ACCOUNTS = frozenset(("useradd", "usermod", "groupadd"))
_FETCHERS = frozenset(("curl", "wget"))


def examine(subject: Subject) -> Iterator[Problem]:
    """Judge all commands that are run."""
    for instruction in subject.instructions:
        before: Command | None = None
        for command in instruction.commands:
            if what := _password(command, before):
                message = f"a password stands in the command: {what}"
                yield Problem(message, _REMEDY, instruction, evidence=f"{what} …")
            before = command


def _password(command: Command, before: Command | None) -> str:
    """Return what takes the password; empty where there is none, or it is in a variable."""
    if command.name == "chpasswd" and command.after == "|" and before is not None:
        if before.name in ("echo", "printf") and any(
            ":" in word and _is_written(word.partition(":")[2]) for word in before.arguments
        ):
            return f"{before.name} | chpasswd"
    elif command.name in _ACCOUNTS:
        if _is_written(_value(command, "-p", "--password")):
            return f"{command.name} --password"
    elif command.name == "sshpass":
        if _is_written(_value(command, "-p", "-p")):
            return "sshpass -p"
    elif command.name in _FETCHERS:
        short = "-u" if command.name == "curl" else "--http-password"
        value = _value(command, short, "--user" if command.name == "curl" else "--password")
        password = value.partition(":")[2] if command.name == "curl" else value
        if _is_written(password):
            return f"{command.name} {short}"
    return ""


def _value(command: Command, short: str, long: str) -> str:
    words = command.arguments
    for number, word in enumerate(words):
        if word in (short, long):
            return words[number + 1] if number + 1 < len(words) else ""
        if word.startswith((f"{long}=", f"{short}=")):
            return word.partition("=")[2]
    return ""


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
