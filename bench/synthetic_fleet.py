"""A large fleet that shares as real ones do, and advisories for it: the same for the same numbers.

Image → layers → packages: few bases (Debian 12), more runtimes on them, applications with their
dependencies (deb and PyPI), and for some a layer on top, of which one in five upgrades and removes
packages below. Tags of an application differ in their configuration. The proportions are those of
the study behind the design: for 100,000 images 29,000 names, 283,000 package versions, 34,300
layers, 4.6 million packages of layers, 366 packages an image.
"""

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from seawall.fleet.component import Component, Place
from seawall.fleet.record import ImageRecord, LayerRecord, Located, chain_ids
from seawall.model import Distribution, Package
from seawall.versions import key

DEBIAN = Distribution("debian", "12", "bookworm", "Debian GNU/Linux 12 (bookworm)")
_PUBLISHED = "2026-11-20T00:00:00Z"
# For 100,000 images.
_NAMES = 29_000
_VERSIONS = 283_283
_BASES, _RUNTIMES, _APPLICATIONS, _TOPS = 333, 4_000, 20_000, 10_000
# Packages that a layer brings.
_IN_BASE, _IN_RUNTIME, _IN_APPLICATION, _IN_TOP = 90, 70, 194, 40

_BASIC = 150  # source packages of which bases are made
_ABOUT_BASIC = 0.025  # of new advisories: what is in every image is looked at most

Range = tuple[str, str]  # introduced, fixed


@dataclass(frozen=True, slots=True)
class Product:
    """What advisories speak of: a source package of Debian, or a project on PyPI."""

    ecosystem: str
    name: str
    scheme: str
    versions: tuple[str, ...]  # lowest first
    packages: tuple[tuple[Located, ...], ...]  # by version: the binary packages


@dataclass(frozen=True, slots=True)
class Record:
    """An advisory."""

    flaw: str
    product: Product
    ranges: tuple[Range, ...]

    def osv(self) -> dict[str, object]:
        """Return it as its feed writes it."""
        is_debian = self.product.ecosystem != "PyPI"
        return {
            "schema_version": "1.7.0",
            "id": f"DEBIAN-{self.flaw}" if is_debian else self.flaw.replace("CVE", "PYSEC"),
            "upstream" if is_debian else "aliases": [self.flaw],
            "modified": _PUBLISHED,
            "published": _PUBLISHED,
            "summary": f"{self.product.name} does what it should not",
            "severity": [
                {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}
            ],
            "affected": [
                {
                    "package": {"ecosystem": self.product.ecosystem, "name": self.product.name},
                    "ranges": [
                        {"type": "ECOSYSTEM", "events": [{"introduced": low}, {"fixed": fixed}]}
                    ],
                }
                for low, fixed in self.ranges
            ],
        }


@dataclass(frozen=True, slots=True)
class _Layer:
    identity: str
    chosen: dict[int, int]  # product → version
    below: "_Layer | None" = None
    gone: frozenset[int] = frozenset()  # products of layers below that this one took away

    def stack(self) -> "list[_Layer]":
        """Return the layers, lowest first."""
        return [*(self.below.stack() if self.below else ()), self]


class SyntheticFleet:
    """The images."""

    def __init__(self, images: int, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.count = images
        share = images / 100_000
        self.products = self._products(max(600, round(_NAMES * share)), round(_VERSIONS * share))
        self._flaws = 0
        self._applications = self._stacks(share)

    def images(self) -> Iterator[ImageRecord]:
        """Yield the images; the tags of one application follow each other."""
        each, more = divmod(self.count, len(self._applications))
        for number, layers in enumerate(self._applications):
            for tag in range(each + (number < more)):
                name = f"registry.example/team-{number % 400}/application-{number}"
                yield ImageRecord(
                    digest=_digest("image", number, tag),
                    layers=layers,
                    distribution=DEBIAN,
                    names=(f"{name}:{tag}",),
                    other_digests=(_digest("manifest", number, tag),),
                    target=f"registry:{name}:{tag}",
                    os="linux",
                    architecture="amd64",
                    created=_PUBLISHED,
                    analyser="bench",
                )

    def advisories(self, count: int, ranges: int) -> list[Record]:
        """Return new advisories, each about one product, with so many ranges in all."""
        two = ranges - count  # how many of them have two ranges
        wide = [p for p in self.products if len(p.versions) >= 4]
        basic = [p for p in wide[:_BASIC] if p.ecosystem != "PyPI"]
        every = round(1 / _ABOUT_BASIC)
        return [
            self._advisory(
                self._random.choice(wide if (number + 1) % every else basic),
                2 if number < two else 1,
            )
            for number in range(count)
        ]

    def _advisory(self, product: Product, ranges: int) -> Record:
        self._flaws += 1
        versions = product.versions
        if ranges == 1:
            found: tuple[Range, ...] = (
                ("0", versions[self._random.randrange(len(versions) // 2, len(versions))]),
            )
        else:
            a, b, c = sorted(self._random.sample(range(1, len(versions)), 3))
            found = (("0", versions[a]), (versions[b], versions[c]))
        return Record(f"CVE-2026-{100_000 + self._flaws}", product, found)

    def _products(self, names: int, versions: int) -> list[Product]:
        """Return products with so many package names and package versions in all, about."""
        # Half of the names are Debian's; every other source package there makes two.
        sources = names // 3
        kinds = [1 + n % 2 for n in range(sources)] + [0] * (names - sources - sources // 2)
        weights = [(n + 10) ** -0.5 for n in range(len(kinds))]
        self._random.shuffle(weights)
        counts = [1] * len(kinds)
        left = versions - names
        for n in self._random.choices(range(len(kinds)), weights, k=max(left, 0)):
            if left > 0:
                counts[n] += 1
                left -= max(kinds[n], 1)
        return [
            self._debian(n, count, binaries) if binaries else self._pypi(n, count)
            for n, (count, binaries) in enumerate(zip(counts, kinds, strict=True))
        ]

    def _debian(self, number: int, count: int, binaries: int) -> Product:
        source = f"source-{number}"
        epoch = self._random.choice(("",) * 9 + ("1:",))
        repacked = self._random.choice(("",) * 5 + ("+dfsg", "+ds1"))
        endings = ("-1", "-1", "-2", "-3+b1", "-1+deb12u1", "-1+deb12u2", "-4~deb12u1")
        versions = self._versions(
            "dpkg",
            count,
            lambda a, b, c: (
                f"{epoch}{a}.{b}{f'.{c}' * bool(c)}{repacked}{self._random.choice(endings)}"
            ),
        )
        place = Place("var/lib/dpkg/status")
        names = [f"lib{source}-{n}" for n in range(binaries)]
        packages = tuple(
            tuple(
                (Component(Package("deb", n, v, source, v, "amd64"), None, DEBIAN), place)
                for n in names
            )
            for v in versions
        )
        return Product("Debian:12", source, "dpkg", versions, packages)

    def _pypi(self, number: int, count: int) -> Product:
        name = f"project-{number}"
        endings = ("",) * 8 + ("rc1", ".post1")
        versions = self._versions(
            "pep440", count, lambda a, b, c: f"{a}.{b}.{c}{self._random.choice(endings)}"
        )
        folder = "usr/local/lib/python3.11/site-packages"
        packages = tuple(
            (
                (
                    Component(Package("pypi", name, v)),
                    Place(f"{folder}/{name.replace('-', '_')}-{v}.dist-info/METADATA"),
                ),
            )
            for v in versions
        )
        return Product("PyPI", name, "pep440", versions, packages)

    def _versions(
        self, scheme: str, count: int, write: Callable[[int, int, int], str]
    ) -> tuple[str, ...]:
        """Return versions of one product as releases make them, lowest first."""
        numbers = [self._random.randrange(6), self._random.randrange(20), 0]
        found: dict[bytes, str] = {}
        while len(found) < count:
            at = self._random.choice((0, 1, 1, 1, 2, 2, 2, 2, 2))
            numbers[at] += 1
            numbers[at + 1 :] = [0] * (2 - at)
            version = write(numbers[0], numbers[1], numbers[2])
            found.setdefault(key(scheme, version), version)
        return tuple(found[k] for k in sorted(found))

    def _stacks(self, share: float) -> list[tuple[LayerRecord, ...]]:
        """Return the layers of each application, and of those with a layer on top."""
        every = [
            (p, v) for p, product in enumerate(self.products) for v in range(len(product.versions))
        ]
        self._random.shuffle(every)
        self._unused = every
        debian = [n for n, p in enumerate(self.products) if p.ecosystem != "PyPI"]
        everything = list(range(len(self.products)))
        self._random.shuffle(everything)
        bases, runtimes, applications, tops = (
            max(1, round(n * share)) for n in (_BASES, _RUNTIMES, _APPLICATIONS, _TOPS)
        )
        self._share = -(
            -len(every) * 11 // (10 * (applications + tops))
        )  # some find no place at once
        laid = [self._layer(f"base {n}", None, debian[:_BASIC], _IN_BASE) for n in range(bases)]
        run = [
            self._layer(f"runtime {n}", self._random.choice(laid), debian[:2_000], _IN_RUNTIME)
            for n in range(runtimes)
        ]
        with_top = set(self._random.sample(range(applications), tops))
        found = []
        for n in range(applications):
            layer = self._layer(
                f"application {n}", self._random.choice(run), everything, _IN_APPLICATION, new=True
            )
            found.append(self._records(layer))
            if n in with_top:
                top = self._layer(f"top {n}", layer, everything, _IN_TOP, new=True)
                if n % 5 == 0:
                    top = self._changing(top)
                # The store lists layers as their first image shows them: now it is this, now that.
                found.insert(len(found) - n % 2, self._records(top))
        return found

    def _layer(
        self,
        identity: str,
        below: _Layer | None,
        pool: Sequence[int],
        count: int,
        *,
        new: bool = False,
    ) -> _Layer:
        """Return a layer of packages that those below do not have; the first of `pool` most."""
        taken = {product for layer in (below.stack() if below else ()) for product in layer.chosen}
        chosen: dict[int, int] = {}
        there = 0
        if new:  # so that every version is in some layer
            part = self._unused[-self._share :]
            del self._unused[-self._share :]
            for product, version in part:
                if product in taken or product in chosen:
                    self._unused.insert(0, (product, version))
                else:
                    chosen[product] = version
                    there += len(self.products[product].packages[version])
        while there < count:
            product = pool[int(len(pool) * self._random.random() ** 2)]
            if product in taken or product in chosen:
                continue
            packages = self.products[product].packages
            chosen[product] = version = int(len(packages) * self._random.random())
            there += len(packages[version])
        return _Layer(identity, chosen, below)

    def _changing(self, top: _Layer) -> _Layer:
        """Return the layer as one that also upgrades three packages below and removes one."""
        below = [p for layer in top.stack()[:-1] for p in layer.chosen]
        gone = self._random.sample(below, 4)
        upgraded = {p: self._random.randrange(len(self.products[p].versions)) for p in gone[1:]}
        return _Layer(top.identity, {**top.chosen, **upgraded}, top.below, frozenset(gone))

    def _records(self, top: _Layer) -> tuple[LayerRecord, ...]:
        stack = top.stack()
        diff_ids = [_digest(layer.identity) for layer in stack]
        return tuple(
            LayerRecord(
                chain_id,
                diff_id,
                f"RUN {layer.identity}",
                tuple(self._contents(layer, top.gone if layer is not top else frozenset())),
            )
            for chain_id, diff_id, layer in zip(chain_ids(diff_ids), diff_ids, stack, strict=True)
        )

    def _contents(self, layer: _Layer, gone: frozenset[int]) -> Iterable[Located]:
        for product, version in layer.chosen.items():
            if product not in gone:
                yield from self.products[product].packages[version]


def _digest(*parts: object) -> str:
    return "sha256:" + hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
