"""COPY of a file that is there to hold secrets."""

import re
from collections.abc import Iterator

from seawall.model import Kind, Severity, Urgency
from seawall.scanning.configuration.contract import Check, Problem, Subject
from seawall.scanning.configuration.evidence import shortened

_REMEDY = "leave it out (.dockerignore); give it to the build with RUN --mount=type=secret"
_FILE = re.compile(
    r"""
      (?:^|/)(?:
        \.env(?:\.(?:local|production|prod|staging|development))? | \.npmrc | \.pypirc | \.netrc
      | \.git-credentials | \.htpasswd | \.pgpass | \.my\.cnf | \.vault-token | kubeconfig
      | id_(?:rsa|dsa|ecdsa|ed25519) | \.ssh/? | \.aws/? | \.aws/credentials | \.kube/config
      | \.docker/config\.json | \.dockercfg | credentials\.json | service-account\.json
      )$
    | \.(?:pfx|p12|jks|keystore|kdbx|ppk)$
    | (?:^|[/_.-])(?:private|server|tls)(?:\.key|[_.-]?key\.(?:pem|key))$
    """,
    re.VERBOSE,
)


def examine(subject: Subject) -> Iterator[Problem]:
    """Judge what is copied from the build's context into the image itself."""
    for instruction in subject.shipped:
        if instruction.keyword not in ("COPY", "ADD") or instruction.flag("from"):
            continue
        for source in instruction.words[:-1]:
            if len(source) < 500 and _FILE.search(source):
                shown = shortened(source)
                message = f"{shown} is copied into the image"
                yield Problem(
                    message, _REMEDY, instruction, evidence=f"{instruction.keyword} {shown}"
                )


SECRET_FILE_COPIED = Check(
    id="secret-file-copied",
    title="a file for secrets is copied into the image",
    severity=Severity.MEDIUM,
    urgency=Urgency.SOON,
    image=examine,
    build_file=examine,
    sources=("CIS Docker Benchmark 1.6.0, 4.10",),
    kind=Kind.SECRET,
)
