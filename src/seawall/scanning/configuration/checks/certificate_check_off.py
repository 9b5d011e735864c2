"""TLS without looking at certificates: anybody on the way can send something else."""

from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import (
    ENVIRONMENT,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
    Subject,
)
from seawall.scanning.configuration.shell import Command

_REMEDY = "leave the verification on; install the certificate of a private authority instead"
_VARIABLES = {
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "PYTHONHTTPSVERIFY": ("0",),
    "GIT_SSL_NO_VERIFY": ("1", "true", "yes"),
    "NPM_CONFIG_STRICT_SSL": ("false", "0"),
    "CURL_INSECURE": ("1", "true"),
}
_OPTIONS = {
    "curl": ("--insecure", "--proxy-insecure"),
    "wget": ("--no-check-certificate",),
    "pip": ("--trusted-host",),
    "pip3": ("--trusted-host",),
    "aria2c": ("--check-certificate=false",),
    "helm": ("--insecure-skip-tls-verify",),
    "kubectl": ("--insecure-skip-tls-verify",),
}
# Letters of curl's short options that take a value: what follows them is no option.
_WITH_VALUE = frozenset("AbcCdDeEFhHKmoPQrtTuUwxXyYz")


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the environment, in which everything runs, and the history."""
    for line, variable in enumerate(image.config.env, start=1):
        name, _, value = variable.partition("=")
        if value.lower() in _VARIABLES.get(name.upper(), ()):
            yield Problem(
                f"{name}={value}: the container does not check certificates",
                _REMEDY,
                path=ENVIRONMENT,
                line=line,
                evidence=f"{name}={value}",
            )
    yield from _commands(image)


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge ENV, ARG and the commands."""
    for instruction in file.instructions:
        if instruction.keyword in ("ENV", "ARG"):
            for name, value in instruction.assignments:
                if value.lower() in _VARIABLES.get(name.upper(), ()):
                    message = f"{name}={value}: certificates are not checked"
                    yield Problem(message, _REMEDY, instruction, evidence=f"{name}={value}")
    yield from _commands(file)


def _commands(subject: Subject) -> Iterator[Problem]:
    for instruction in subject.instructions:
        for command in instruction.commands:
            if what := _switched_off(command):
                message = f"certificates are not checked: {what}"
                yield Problem(message, _REMEDY, instruction, evidence=what)
                break


def _switched_off(command: Command) -> str:
    for option in _OPTIONS.get(command.name, ()):
        if command.has(option) or option in command.arguments:
            return f"{command.name} {option}"
    if command.name == "curl" and any(map(_has_k, command.arguments)):
        return "curl -k"
    text = " ".join(command.arguments[:12]).lower()
    if command.name == "git" and "sslverify" in text and ("false" in text or " 0" in text):
        return "git http.sslVerify=false"
    if command.name in ("npm", "yarn", "pnpm") and "strict-ssl" in text and "false" in text:
        return f"{command.name} strict-ssl=false"
    if command.name == "conda" and "ssl_verify" in text and "false" in text:
        return "conda ssl_verify=false"
    for word in command.assignments:
        name, _, value = word.partition("=")
        if value.lower() in _VARIABLES.get(name.upper(), ()):
            return f"{name}={value}"
    return ""


def _has_k(word: str) -> bool:
    """Tell whether ``-k`` is among short options written as one word."""
    if not word.startswith("-") or word.startswith("--"):
        return False
    for letter in word[1:]:
        if letter == "k":
            return True
        if letter in _WITH_VALUE:
            return False
    return False


CERTIFICATE_CHECK_OFF = Check(
    id="certificate-check-off",
    title="certificates are not checked",
    severity=Severity.MEDIUM,
    urgency=Urgency.WATCH,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.11",),
)
