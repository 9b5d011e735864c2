"""Give every parser of untrusted input damaged documents, and see that it only refuses them.

    python -m tests.fuzz.parsers --count 100000 --seed 1 [--only NAME] [--results FILE] [--keep DIR]

What a parser is given starts from what its own unit tests give it: a first run of these tests
records every file they make. Each case is then damaged in one to four ways: bits, cuts, doubled
parts, odd numbers, deep nesting, parts of another document. A cataloger may answer with facts, or
raise `ValueError` or `RecursionError`; all others may raise `SeawallError` too. Anything else, a
case that takes seconds, and memory without bound are failures.
"""

import argparse
import collections
import json
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from seawall.errors import SeawallError
from seawall.images import Selector
from seawall.inventory.catalogers import CATALOGERS, Cataloger, ImageFile
from seawall.inventory.catalogers import contract as cataloger_contract

SLOW_S = 5.0  # cases take less than a millisecond; a busy machine may stretch that
PEAK_BYTES = 2 << 30
_SEED_BYTES = 32 << 10  # larger recorded files are cut: a fuzzer needs speed more than size
_TESTS = Path(__file__).parents[1]
_ODD = (
    b"0",
    b"-1",
    b"4294967295",
    b"18446744073709551616",
    b"1e999",
    b"\xff\xff\xff\xff",
    b"\0" * 8,
)
_DEEP = (b"[", b'{"a":', b"<a>", b"(", b"- ", b"{{", b"\x30\x80")


class Hung(BaseException):
    """A case did not end. Not an `Exception`, so that no parser can take it for an error."""


@dataclass
class Parser:
    """Something that reads what others wrote."""

    name: str
    parse: Callable[[str, bytes], object]  # path and content; exhausts whatever it gets
    seeds: list[tuple[str, bytes]] = field(default_factory=list)
    allowed: tuple[type[Exception], ...] = (ValueError, RecursionError, SeawallError)


@dataclass
class Summary:
    """What became of the cases of one parser."""

    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    failures: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    cpu_s: float = 0.0


# --- seeds ---------------------------------------------------------------------------------------


class _Recorder:
    """Notes every file that the unit tests make for a cataloger."""

    def __init__(self) -> None:
        self.files: dict[tuple[str, bytes], str] = {}  # path and content → the test's module

    @contextmanager
    def listening(self) -> Iterator[None]:
        made = cataloger_contract.ImageFile.__init__
        files = self.files

        def noting(self: ImageFile, path: str, content: bytes) -> None:
            made(self, path, content)
            if isinstance(content, bytes):
                files[path, content[:_SEED_BYTES]] = _test_module()

        cataloger_contract.ImageFile.__init__ = noting  # type: ignore[method-assign]
        try:
            yield
        finally:
            cataloger_contract.ImageFile.__init__ = made  # type: ignore[method-assign]


def catalogers() -> list[Parser]:
    """Return every cataloger with the files that its tests give it."""
    recorder = _Recorder()
    with recorder.listening():
        code = pytest.main(
            ["-q", "-p", "no:cacheprovider", "--no-header", str(_TESTS / "unit/inventory")]
        )
    if code not in (0, 1):
        sys.exit(f"the unit tests that seeds come from did not run (pytest: {code})")
    found: list[Parser] = []
    for cataloger in CATALOGERS:
        selector = Selector(cataloger.patterns)
        seeds = [
            (path, content)
            for path, content in recorder.files
            if selector.wanted_by(path.encode(), content)
        ]
        if not seeds:  # its tests say no path: theirs are all files that they make
            place = cataloger.patterns[0].path.replace("**/", "app/").replace("*", "x")
            test = f"test_{_home(cataloger)}"
            seeds = [(place, f[1]) for f, module in recorder.files.items() if module == test]
        found.append(
            Parser(cataloger.name, _parse_with(cataloger), seeds, (ValueError, RecursionError))
        )
    return found


def _test_module() -> str:
    """Return the last part of the name of the test module that is running."""
    frame = sys._getframe()
    while frame is not None:
        name = str(frame.f_globals.get("__name__", "")).rpartition(".")[2]
        if name.startswith("test_"):
            return name
        if frame.f_back is None:
            break
        frame = frame.f_back
    return ""


def _home(cataloger: Cataloger) -> str:
    """Return the last part of the name of the module that makes a cataloger."""
    homes = [
        name
        for name, module in sys.modules.items()
        if name.startswith("seawall.inventory.catalogers.")
        and any(value is cataloger for value in vars(module).values())
    ]
    return max(homes, key=lambda name: name.count(".")).rpartition(".")[2]


def _parse_with(cataloger: Cataloger) -> Callable[[str, bytes], object]:
    return lambda path, content: list(cataloger.parse(ImageFile(path, content)))


def parsers() -> list[Parser]:
    """Return all parsers of untrusted input."""
    from tests.fuzz.documents import documents

    return [*catalogers(), *documents()]


# --- mutations -----------------------------------------------------------------------------------


def _flip(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    for _n in range(dice.choice((1, 1, 2, 8))):
        data[dice.randrange(len(data))] ^= dice.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))


def _cut(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    del data[dice.randrange(len(data)) :]


def _remove(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.choice((1, 4, 16, 256))]


def _double(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    at = dice.randrange(len(data))
    data[at:at] = data[at : at + dice.choice((1, 16, 256, 4096))] * dice.choice((1, 1, 2, 50))


def _odd_number(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    digits = [at for at, byte in enumerate(data[:65536]) if 0x30 <= byte <= 0x39]
    at = dice.choice(digits) if digits else dice.randrange(len(data))
    data[at : at + 1] = dice.choice(_ODD)


def _nest(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    at = dice.randrange(len(data))
    data[at:at] = dice.choice(_DEEP) * dice.choice((10, 1000, 20000))


def _splice(data: bytearray, dice: random.Random, others: Sequence[bytes]) -> None:
    other = dice.choice(others)
    if other:
        at, start = dice.randrange(len(data)), dice.randrange(len(other))
        data[at:] = other[start:]


def _raw_size(data: bytearray, dice: random.Random, _: Sequence[bytes]) -> None:
    at = dice.randrange(len(data))
    size = dice.choice((1, 2, 4, 8))
    value = dice.choice((0, 1, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62))
    order = dice.choice(("little", "big"))
    data[at : at + size] = (value & ((1 << (8 * size)) - 1)).to_bytes(size, order)  # type: ignore[arg-type]


_MUTATIONS = (
    _flip,
    _flip,
    _cut,
    _remove,
    _double,
    _odd_number,
    _nest,
    _splice,
    _raw_size,
    _raw_size,
)


def _other_value(document: Any, dice: random.Random) -> Any:
    """Return a JSON document with one value, somewhere in it, that nobody expects there."""
    value: Any = dice.choice(
        (None, True, -1, 1 << 70, 1e308, "", "x" * 5000, "\ud800", [], {}, [[]], {"a": {}}, [None])
    )
    if isinstance(document, dict) and document:
        name = dice.choice(list(document))
        inner = document[name]
        new = _other_value(inner, dice) if isinstance(inner, dict | list) and inner else value
        return document | {dice.choice((name, name, name, "x")): new}
    if isinstance(document, list) and document:
        at = dice.randrange(len(document))
        inner = document[at]
        new = _other_value(inner, dice) if isinstance(inner, dict | list) and inner else value
        return [*document[:at], new, *document[at + 1 :]]
    return value


def damaged(seed: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    """Return a seed damaged in one to four ways; half of the JSON stays JSON."""
    if seed[:1] in (b"{", b"[") and dice.random() < 0.5:
        try:
            document = json.loads(seed)
            for _ in range(dice.choice((1, 1, 2, 4))):
                document = _other_value(document, dice)
            return json.dumps(document).encode()
        except (ValueError, RecursionError):
            pass
    data = bytearray(seed)
    for _ in range(dice.choice((1, 1, 2, 4))):
        if data:
            dice.choice(_MUTATIONS)(data, dice, others)
    return bytes(data[: 4 * _SEED_BYTES])


# --- running -------------------------------------------------------------------------------------


def _ring(_signal: int, _frame: FrameType | None) -> None:
    raise Hung


def run(parser: Parser, count: int, seed: int, keep: Path | None) -> Summary:
    """Give a parser `count` cases."""
    summary = Summary()
    dice = random.Random(f"{seed} {parser.name}")
    others = [content for _, content in parser.seeds]
    signal.signal(signal.SIGALRM, _ring)
    started = time.process_time()
    for number in range(count):
        path, content = dice.choice(parser.seeds)
        case = damaged(content, others, dice)
        begun = time.process_time()
        signal.setitimer(signal.ITIMER_REAL, 60)
        try:
            parser.parse(path, case)
            summary.outcomes["read"] += 1
        except parser.allowed as error:
            summary.outcomes[type(error).__name__] += 1
        except (Exception, Hung):
            _fail(parser, summary, number, path, case, traceback.format_exc(limit=-4), keep)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        took = time.process_time() - begun
        summary.slowest_s = max(summary.slowest_s, took)
        if took > SLOW_S:
            _fail(parser, summary, number, path, case, f"took {took:.1f} s", keep)
        if len(summary.failures) >= 10:
            break
    summary.cpu_s = time.process_time() - started
    return summary


def _fail(  # noqa: PLR0917 - all that is known of a case
    parser: Parser,
    summary: Summary,
    number: int,
    path: str,
    case: bytes,
    what: str,
    keep: Path | None,
) -> None:
    summary.failures.append(f"{parser.name} case {number} ({path}): {what}")
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{parser.name}-{number}").write_bytes(case)


def main() -> int:
    """Run, print a line for each parser, and say what failed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", action="append", default=[])
    arguments.add_argument("--results", type=Path)
    arguments.add_argument("--keep", type=Path)
    args = arguments.parse_args()
    results: dict[str, Any] = {}
    if args.results and args.results.exists():  # runs of some parsers only add up
        results = json.loads(args.results.read_text())
    failures: list[str] = []
    for parser in parsers():
        if args.only and parser.name not in args.only:
            continue
        if not parser.seeds:
            failures.append(f"{parser.name}: no seed; its tests give it no file of its own kind")
            continue
        summary = run(parser, args.count, args.seed, args.keep)
        failures += summary.failures
        outcomes = ", ".join(f"{n:,} {what}" for what, n in summary.outcomes.most_common())
        print(
            f"{parser.name:24} {summary.cpu_s:7.1f} s  "
            f"slowest {summary.slowest_s * 1000:6.0f} ms  {outcomes}"
        )
        sys.stdout.flush()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        results[parser.name] = {
            "seed": args.seed,
            "cases": sum(summary.outcomes.values()) + len(summary.failures),
            "unhandled": len(summary.failures),
            "outcomes": dict(summary.outcomes.most_common()),
            "slowest_ms": round(summary.slowest_s * 1000),
            "peak_mib_so_far": peak >> 20,  # of all parsers that ran in this process
        }
        if args.results:  # at once: a run takes hours, and somebody may end it
            text = json.dumps(dict(sorted(results.items())), indent=2)
            args.results.write_text(text + "\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if peak > PEAK_BYTES:
        failures.append(f"peak memory {peak >> 20} MiB")
    for failure in failures:
        print(failure)
    print(f"{len(failures)} failures, peak {peak >> 20} MiB")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
