"""The truth of the quality gate: what a right scanner says of each package, and how one knows.

``labels.toml`` beside a recipe has a table a package, in it one label a line: the flaw's name, the
verdict, the evidence, and, where a person compared it with a source, what was compared.
"""

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Verdict(Enum):
    """What a right scanner does about a flaw in a package."""

    AFFECTED = "affected"  # reports it
    NOT_AFFECTED = "not affected"  # is silent, though some record names the package
    REMARK = "remark"  # may mention it, must not urge: a notice, a lock file, a doubt


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """One known answer."""

    package: str  # "deb/openssl 3.0.11-1~deb12u2"
    flaw: str  # CVE where there is one
    verdict: str
    evidence: str
    checked: str = ""  # what a person compared; empty: the package manager's own comparison only


def read(path: Path) -> list[Label]:
    """Return all labels of a file."""
    document = tomllib.loads(path.read_text("utf-8"))
    return [
        Label(package["name"], *label)
        for package in document["package"]
        for label in package["labels"]
    ]


def write(path: Path, labels: Iterable[Label], head: str) -> None:
    """Write labels, sorted."""
    path.write_text("".join(_lines(sorted(labels), head)), "utf-8")


def _lines(labels: list[Label], head: str) -> Iterator[str]:
    yield "".join(f"# {line}\n" for line in head.splitlines())
    package = ""
    for label in labels:
        if label.package != package:
            yield "]\n" if package else ""
            package = label.package
            yield f"\n[[package]]\nname = {json.dumps(package)}\nlabels = [\n"
        cells = [label.flaw, label.verdict, label.evidence, label.checked]
        yield f"  {json.dumps(cells if label.checked else cells[:3], ensure_ascii=False)},\n"
    yield "]\n" if package else ""
