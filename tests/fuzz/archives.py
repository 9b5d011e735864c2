"""Read mutated images and see that nothing but our own errors comes out.

    python -m tests.fuzz.archives --count 100000 --seed 1 [--seconds 600] [--keep DIR]
    python -m tests.fuzz.archives --replay FILE.docker-archive

Seed images of every archive form are damaged at one depth each: the archive's own bytes, a stored
layer, a layer's tar, a file in it, or a JSON document. Digests around the damage are made anew, so
that it reaches the code behind them. Every mutation goes through `open_image` and
`read_inventory` under small limits. It must end in an inventory or a `SeawallError`, in bounded
time and memory. Anything else is kept for replay (``--keep``) and makes the exit code 1.
"""

import argparse
import collections
import gzip
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

import zstandard

from seawall.errors import SeawallError
from seawall.images import Limits, open_image
from seawall.inventory import read_inventory
from seawall.model import ImageRef
from tests.unit.images import building
from tests.unit.images.building import Built, Entry, Files

LIMITS = Limits(file_bytes=1 << 20, image_bytes=8 << 20, entries=5000, nesting=3, depth=64)
SLOW_S = 5.0  # a mutation takes milliseconds; other work on the machine may stretch that
PEAK_BYTES = 1 << 30
_BLOCK = 512
_ODD_NUMBERS = (0, 1, 511, 512, 513, 1 << 16, (1 << 31) - 1, 1 << 32, (8**11) - 1)


class Hung(BaseException):
    """A mutation did not end. Not an `Exception`, so that no reader can take it for an error."""


@dataclass
class Summary:
    """What became of all mutations."""

    outcomes: collections.Counter[str]
    failures: list[str]
    slowest_s: float = 0.0


# --- seed images ---------------------------------------------------------------------------------

_STATUS = b"""Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.36-9+deb12u4)
Version: 2.36-9+deb12u4

Package: nodejs
Status: install ok installed
Architecture: amd64
Version: 18.19.0+dfsg-6~deb12u1
"""
_OS_RELEASE = b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
_SITE = "usr/lib/python3/dist-packages"


def _egg() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("EGG-INFO/PKG-INFO", "Metadata-Version: 1.1\nName: old\nVersion: 0.9\n")
    return out.getvalue()


def _package(name: str, version: str) -> bytes:
    return json.dumps({"name": name, "version": version, "dependencies": {}}).encode()


def _pax(**records: str) -> bytes:
    """Return a pax header's content; ``__`` in a key stands for a dot."""
    lines = b""
    for key, value in records.items():
        body = f" {key.replace('__', '.')}={value}\n".encode()
        length = len(body)
        while length != len(str(length)) + len(body):
            length = len(str(length)) + len(body)
        lines += str(length).encode() + body
    return lines


def _sparse_layer() -> bytes:
    """Return a layer whose package.json files are sparse in the pax forms 0.1 and 1.0."""
    text = _package("holes", "1.0.0")
    size = len(text) + 4096
    content = b"2\n0\n%d\n%d\n0\n" % (len(text), size)
    content += b"\0" * (-len(content) % _BLOCK) + text
    one = _pax(GNU__sparse__major="1", GNU__sparse__minor="0", GNU__sparse__name="a/package.json")
    one += _pax(GNU__sparse__realsize=str(size))
    zero = _pax(GNU__sparse__major="0", GNU__sparse__minor="1", GNU__sparse__name="b/package.json")
    zero += _pax(GNU__sparse__size=str(size), GNU__sparse__map=f"0,{len(text)},{size},0")
    return building.packed(
        [
            Entry("h1", one, b"x"),
            Entry("GNUSparseFile.0/package.json", content),
            Entry("h2", zero, b"x"),
            Entry("GNUSparseFile.1/package.json", text),
            Entry("h3", _pax(comment="global"), b"g"),
            Entry("h4", _pax(path="long/" * 30 + "package.json", size=str(len(text))), b"x"),
            Entry("short", text),
        ]
    )


def _old_gnu_sparse_layer() -> bytes:
    text = _package("old-holes", "1.0.0")
    header = bytearray(building.packed([Entry("c/package.json", text)], form=1)[:_BLOCK])
    header[156:157] = b"S"
    header[386:410] = b"%011o\0%011o\0" % (0, len(text))
    header[410:434] = b"%011o\0%011o\0" % (4096, 0)
    header[483:495] = b"%011o\0" % 4096
    _sign(header, 0)
    return bytes(header) + text + b"\0" * (-len(text) % _BLOCK + 2 * _BLOCK)


def seeds() -> list[Built]:
    """Return the logical images that mutations start from."""
    bottom = building.packed(
        [
            building.folder("./"),
            building.symlink("lib", "usr/lib"),
            Entry("./etc/os-release", _OS_RELEASE),
            Entry("var/lib/dpkg/status", _STATUS),
            Entry("var/lib/dpkg/info/nodejs.list", b"/usr/share/nodejs/npm/package.json\n"),
            Entry("usr/share/nodejs/npm/package.json", _package("npm", "9.2.0")),
            Entry(f"{_SITE}/six-1.16.0.dist-info/METADATA", b"Name: six\nVersion: 1.16.0\n"),
            Entry(f"{_SITE}/six-1.16.0.dist-info/RECORD", b"six/package.json,sha256=x,2\n"),
            Entry(f"{_SITE}/old.egg", _egg()),
            building.hard_link("app/node_modules/npm/package.json", "usr/share/nodejs/npm/a.json"),
        ],
        form=1,
    )
    middle = building.packed(
        [
            Entry("app/node_modules/@babel/core/package.json", _package("@babel/core", "7.20.12")),
            Entry("app/node_modules/" + "deep/" * 30 + "package.json", _package("deep", "1.0.0")),
            Entry(f"{_SITE}/.wh.old.egg"),
            Entry("var/lib/dpkg/info/.wh..wh..opq"),
            Entry("dev/null", kind=b"3"),
            building.symlink("etc/os-release", "../usr/lib/os-release"),
            Entry("usr/lib/os-release", _OS_RELEASE),
        ]
    )
    top = building.packed(
        [
            building.folder("app/node_modules"),
            building.hard_link("app/package.json", "app/node_modules/@babel/core/package.json"),
            Entry("var/lib/dpkg/status", _STATUS.replace(b"2.36-9+deb12u4", b"2.36-9+deb12u7")),
            Entry("usr/share/.wh.nodejs"),
        ],
        form=0,
    )
    plain = Built([bottom, middle, top])
    return [
        plain,
        Built([bottom, _sparse_layer(), _old_gnu_sparse_layer(), bottom]),
        replace(plain, compression="gzip"),
        replace(plain, compression="zstd", layers=[bottom, _sparse_layer(), top]),
    ]


# --- mutations -----------------------------------------------------------------------------------


def _sign(data: bytearray, at: int) -> None:
    """Put the right checksum into the header at `at`."""
    data[at + 148 : at + 156] = b" " * 8
    data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + _BLOCK])


def _flip(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 1, 2, 8))):
        data[dice.randrange(len(data))] ^= dice.choice((1, 2, 4, 8, 16, 32, 64, 128, 255))


def _truncate(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def _move_blocks(data: bytearray, dice: random.Random) -> None:
    """Repeat, remove or exchange whole blocks."""
    blocks = len(data) // _BLOCK
    if blocks < 2:
        return
    a, b = sorted(dice.sample(range(blocks), 2))
    count = dice.randint(1, min(8, blocks - b))
    first, second = slice(a * _BLOCK, (a + count) * _BLOCK), slice(b * _BLOCK, (b + count) * _BLOCK)
    match dice.randrange(3):
        case 0:
            data[b * _BLOCK : b * _BLOCK] = data[first]
        case 1:
            del data[first]
        case _:
            data[first], data[second] = data[second], data[first]


def _headers(data: bytearray) -> list[int]:
    """Return where tar headers start, roughly: nothing here depends on being right."""
    return [
        at
        for at in range(0, len(data) - _BLOCK + 1, _BLOCK)
        if data[at + 257 : at + 262] == b"ustar" and data[at]
    ]


def _edit_header(data: bytearray, dice: random.Random) -> None:
    """Change one field of a header and make its checksum right again."""
    found = _headers(data)
    if not found:
        return
    at = dice.choice(found)
    number = dice.choice((*_ODD_NUMBERS, dice.randrange(1 << 14)))
    match dice.randrange(8):
        case 0 | 1:
            data[at + 124 : at + 136] = b"%011o\0" % min(number, 8**11 - 1)
        case 2:
            signed = dice.choice((number, number << 40, -number))
            data[at + 124 : at + 136] = (signed % (1 << 96)).to_bytes(12, "big")
            data[at + 124] |= 0x80
        case 3:
            data[at + 156] = dice.choice(b"\x000123456789ABDKLMNSVXxg\xff")
        case 4:
            data[at + dice.randrange(100)] = dice.choice(b"\0/.*\xff\n")
        case 5:
            data[at + 157 + dice.randrange(100)] = dice.choice(b"\0/.*\xff\n")
        case 6:
            data[at + 345 + dice.randrange(167)] = dice.randrange(256)
        case _:
            odd = dice.choice((b"-0000000007\0", b" \0" * 6, b"\x0000000001000", b"0o777777777\0"))
            data[at + 124 : at + 136] = odd
    _sign(data, at)


def _edit_meta(data: bytearray, dice: random.Random) -> None:
    """Change what follows a header: a pax record, a long name, a sparse map, or content."""
    found = _headers(data)
    if not found:
        return
    start = dice.choice(found) + _BLOCK
    if start + 64 >= len(data):
        return
    at = start + dice.randrange(64)
    data[at : at + 1] = dice.choice((b"\0", b"9", b"=", b"\n", b" ", b",", b"-", b"\xff"))


def _grow_prefix(data: bytearray, dice: random.Random) -> None:
    """Cover an entry's name by an extended header of odd content."""
    found = _headers(data)
    if not found:
        return
    at = dice.choice(found)
    kind, content = dice.choice(
        (
            (b"x", _pax(path="var/lib/dpkg/status")),
            (b"x", _pax(size=str(dice.choice(_ODD_NUMBERS)))),
            (b"x", _pax(size="9" * dice.randrange(1, 30))),
            (b"x", _pax(GNU__sparse__major="1", GNU__sparse__minor="0")),
            (b"x", _pax(GNU__sparse__map="0,9" * dice.randrange(1, 9), GNU__sparse__size="99")),
            (b"x", _pax(GNU__sparse__size="9" * 18, GNU__sparse__map="0,1")),
            (b"g", _pax(path="nowhere")),
            (b"L", b"app/package.json\0junk"),
            (b"K", b"../" * 90),
        )
    )
    data[at:at] = building.packed([Entry("extended", content, kind)], form=1)[: 2 * _BLOCK]


BYTES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _truncate,
    _move_blocks,
    _edit_header,
    _edit_header,
    _edit_meta,
    _grow_prefix,
)


def _mutated(data: bytes, dice: random.Random, stored: bool = False) -> bytes:
    """Return `data` with one to three changes; `stored` bytes have no tar headers."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 3))):
        if changed:
            dice.choice(BYTES[:3] if stored else BYTES)(changed, dice)
    return bytes(changed)


def _mutated_json(data: bytes, dice: random.Random) -> bytes:
    """Return a JSON document with one value replaced, removed or repeated, or damaged as text."""
    if dice.random() < 0.2:
        return _mutated(data, dice, stored=True)
    document = json.loads(data)
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            places.append((value, key))
            if isinstance(value[key], dict | list):
                walk(value[key])

    walk(document)
    container, key = dice.choice(places)
    odd: tuple[Any, ...] = (
        *(None, True, 0, -1, 1.5, "", "x", [], {}, [None], {"": None}, "../../etc/passwd"),
        *("\ud800", "\0", "sha256:" + "0" * 64, "sha256:../../x", 10**400, "a" * 5000),
    )
    match dice.randrange(4):
        case 0 if isinstance(container, dict):
            del container[key]
        case 1 if isinstance(container, list):
            container.extend([container[key]] * dice.choice((1, 2, 100)))
        case 2:
            container[key] = [container[key]]
        case _:
            container[key] = dice.choice(odd)
    try:
        text = json.dumps(document)
    except ValueError:  # a number of too many digits
        text = json.dumps(document, default=str)
    if dice.random() < 0.02:
        text = "[" * 100_000 + text
    return text.encode()


class _Altered(Built):
    """A logical image whose documents or stored layers are not what they should be."""

    def __init__(self, image: Built, dice: random.Random, depth: str) -> None:
        super().__init__(image.layers, image.tags, image.architecture, image.compression)
        self._config: bytes | None = None
        self._manifest: bytes | None = None
        self._stored: dict[bytes, bytes] = {}
        match depth:
            case "config":
                self._config = _mutated_json(super().config, dice)
            case "manifest":
                self._manifest = _mutated_json(super().manifest(), dice)
            case "stored":
                layer = dice.choice(self.layers)
                self._stored[layer] = _mutated(super().blob(layer), dice, stored=True)
            case _:
                at = dice.randrange(len(self.layers))
                self.layers = list(self.layers)
                self.layers[at] = _mutated(self.layers[at], dice)

    @property
    def config(self) -> bytes:
        return super().config if self._config is None else self._config

    def manifest(self) -> bytes:
        return super().manifest() if self._manifest is None else self._manifest

    def blob(self, layer: bytes) -> bytes:
        return self._stored.get(layer) or super().blob(layer)


FORMS: tuple[tuple[str, Callable[[Built], Files]], ...] = (
    ("docker-archive", Built.legacy),
    ("docker-archive", Built.skopeo),
    ("docker-archive", Built.modern),
    ("oci-archive", Built.layout),
    ("oci-archive", Built.modern),
)
_DEPTHS = ("archive", "index", "config", "manifest", "stored", *("layer",) * 5)


class Maker:
    """Makes one mutated archive after the other, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._seeds = seeds()
        self._whole = [
            (source, building.archived(form(image)))
            for image in self._seeds
            for source, form in FORMS
        ]

    def make(self) -> tuple[str, str, bytes]:
        """Return source, depth and bytes of the next archive."""
        dice = self._dice
        depth = dice.choice(_DEPTHS)
        if depth == "archive":
            source, archive = dice.choice(self._whole)
            archive = _mutated(archive, dice)
        else:
            source, form = dice.choice(FORMS)
            image = dice.choice(self._seeds)
            if depth == "index":
                files = form(image)
                name = dice.choice([name for name in files if name.endswith(".json")])
                content = files[name]
                if isinstance(content, bytes):
                    files[name] = _mutated_json(content, dice)
            else:
                files = form(_Altered(image, dice, depth))
            archive = building.archived(files)
        match dice.randrange(8):
            case 0:
                archive = gzip.compress(archive, 1, mtime=0)
            case 1:
                archive = zstandard.ZstdCompressor(1).compress(archive)
            case _:
                return source, depth, archive
        if dice.random() < 0.2:
            archive = _mutated(archive, dice, stored=True)
        return source, depth, archive


# --- running -------------------------------------------------------------------------------------


def read(source: str, path: Path) -> str:
    """Read one image through the whole pipeline and return its outcome."""
    try:
        with open_image(ImageRef(source, str(path)), LIMITS) as opened:
            read_inventory(opened)
    except SeawallError as error:
        # What a person would see must be printable.
        f"{error} {error.hint}".encode()
        return f"refused: {type(error).__name__}"
    return "ok"


@contextmanager
def alarmed(seconds: int) -> Iterator[Callable[[], object]]:
    """Raise `Hung` some seconds after the last call of what this yields."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Hung(f"no end after {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield lambda: signal.alarm(seconds)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(
    count: int, seed: int, seconds: float, keep: Path, talk: Callable[[str], object]
) -> Summary:
    """Read `count` mutations, or as many as `seconds` allow."""
    maker, summary = Maker(seed), Summary(collections.Counter(), [])
    started = time.monotonic()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as scratch, alarmed(30) as rewind:
        path = Path(scratch, "image.tar")
        for number in range(count):
            if time.monotonic() - started > seconds:
                break
            source, depth, archive = maker.make()
            path.write_bytes(archive)
            rewind()
            began = time.perf_counter()
            reason = ""
            try:
                outcome = read(source, path)
            except (Exception, Hung) as error:
                outcome = f"failed: {type(error).__name__}"
                reason = traceback.format_exc()
            took = time.perf_counter() - began
            summary.slowest_s = max(summary.slowest_s, took)
            if not reason and took > SLOW_S:
                outcome = reason = f"failed: took {took:.1f} s"
            summary.outcomes[outcome] += 1
            if reason:
                keep.mkdir(parents=True, exist_ok=True)
                kept = keep / f"seed-{seed}-{number}.{source}"
                kept.write_bytes(archive)
                summary.failures.append(f"{kept} ({depth}): {reason}")
                talk(summary.failures[-1])
            if (number + 1) % 5000 == 0:
                passed = time.monotonic() - started
                talk(f"{number + 1:,} mutations, {passed:.0f} s, {len(summary.failures)} failed")
    if peak_bytes() > PEAK_BYTES:
        summary.failures.append(f"memory: {peak_bytes():,} bytes at the peak")
    return summary


def peak_bytes() -> int:
    """Return the largest resident memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description="Read mutated images.")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"))
    parser.add_argument("--replay", type=Path, help="read one kept archive again")
    arguments = parser.parse_args()
    if arguments.replay:
        print(read(arguments.replay.suffix.removeprefix("."), arguments.replay))
        return 0
    started = time.monotonic()
    summary = run(
        arguments.count,
        arguments.seed,
        arguments.seconds,
        arguments.keep,
        lambda line: print(line, file=sys.stderr, flush=True),
    )
    counts = ", ".join(f"{name} {count:,}" for name, count in summary.outcomes.most_common())
    print(
        f"{summary.outcomes.total():,} mutations: {counts}; seed {arguments.seed}, "
        f"{time.monotonic() - started:.0f} s, slowest {summary.slowest_s * 1000:.0f} ms, "
        f"peak memory {peak_bytes() >> 20} MiB"
    )
    return 1 if summary.failures else 0


if __name__ == "__main__":
    sys.exit(main())
