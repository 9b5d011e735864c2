"""The image runs as root, or does not say as whom."""

import re
from collections.abc import Iterator

from seawall.model import Severity, Urgency
from seawall.scanning.configuration.contract import (
    CONFIGURATION,
    BuildFile,
    Check,
    ImageFacts,
    Problem,
)

_REMEDY = "create a user and end the Dockerfile with USER and its number, as in USER 10001"
# Base images that say in their name that they have a user of their own.
_WITH_USER = re.compile(
    r"nonroot|non-root|rootless|unprivileged|^cgr\.dev/chainguard/", re.IGNORECASE
)


def in_image(image: ImageFacts) -> Iterator[Problem]:
    """Judge the user that the configuration names."""
    user = image.config.user
    if is_root(user):
        what = f"USER is {user}" if user else "no USER is set, so it runs as root"
        yield Problem(what, _REMEDY, path=CONFIGURATION, evidence=f"USER {user}".rstrip())


def in_build_file(file: BuildFile) -> Iterator[Problem]:
    """Judge the last USER of the image that is built; one in a variable is not known."""
    chain = file.dockerfile.chain
    if not chain:
        return
    users = [i for i in file.shipped if i.keyword == "USER" and not i.is_trigger and i.text]
    if not users:
        base = chain[0].base
        if "$" not in base and not _WITH_USER.search(base):
            what = "no USER is set: it runs as root, unless the base image says otherwise"
            yield Problem(what, _REMEDY, file.last_from, evidence=f"FROM {base}")
    elif is_root(users[-1].text):
        last = users[-1]
        yield Problem("the last USER is root", _REMEDY, last, evidence=f"USER {last.text}")


def is_root(user: str) -> bool:
    """Tell whether a user as USER writes it, with a group or without, is root."""
    name = user.strip().strip("\"'").partition(":")[0]
    return name in ("", "root") or (name.isdecimal() and not name.strip("0"))


RUNS_AS_ROOT = Check(
    id="runs-as-root",
    title="the image runs as root",
    severity=Severity.MEDIUM,
    urgency=Urgency.SOON,
    image=in_image,
    build_file=in_build_file,
    sources=("CIS Docker Benchmark 1.6.0, 4.1",),
)
