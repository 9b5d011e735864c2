"""What a bill of materials says, whatever its format, and how that becomes an inventory.

Matching needs one distribution, and each package's type, name, version and source. Documents of
other tools lack parts of that. What they leave out is taken from package-urls; what can then not
be matched is counted, named, and makes the inventory incomplete. So does a part that is damaged: it
alone is left out, and told with its place in the document.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from seawall.errors import LimitExceeded
from seawall.inventory.purl import Located, located, same_name
from seawall.model import Distribution, Image, ImageRef, Incomplete, Inventory, Layer, Package

_MOST = 500_000  # packages and other parts; real images have some thousands
_NAMED = 5  # of what cannot be matched
_DAMAGED = 100  # parts that are told one by one
_NAME_LETTERS = 80
_REASON_LETTERS = 200
_BY_NAME = ("docker:", "registry:")  # targets whose place is an image's name
SYSTEM_TYPES = frozenset({"alpm", "apk", "deb", "opkg", "rpm"})


@dataclass(frozen=True, slots=True)
class Sbom:
    """A bill of materials that was read: the inventory, and what a scan needs beside it."""

    inventory: Inventory
    image: Image
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Contents:
    """What a document says, while it is read."""

    where: str  # the file, for messages
    target: str = ""
    digest: str = ""
    tags: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    systems: list[Distribution] = field(default_factory=list)  # that it names as parts
    packages: list[Located] = field(default_factory=list)
    own: list[Package] = field(default_factory=list)  # complete, as we wrote them
    gaps: list[Incomplete] = field(default_factory=list)
    unmatched: dict[str, list[str]] = field(default_factory=dict)  # reason → names
    notes: list[str] = field(default_factory=list)
    is_ours: bool = False
    _counted: int = 0
    _damaged: int = 0

    def count(self) -> None:
        """Count one more part.

        Raises:
            LimitExceeded: they are too many.
        """
        self._counted += 1
        if self._counted > _MOST:
            raise LimitExceeded(f"{self.where}: more than {_MOST:,} parts", "split the document")

    def damaged(self, place: str, name: object, reason: str) -> None:
        """Note a part that cannot be read; `place` is ``component 3``, `name` what it says."""
        self._damaged += 1
        if self._damaged <= _DAMAGED:
            called = f" ({name[:_NAME_LETTERS]})" if isinstance(name, str) and name else ""
            reason = f"{place}{called}: {reason[:_REASON_LETTERS]}"
            self.gaps.append(Incomplete(self.where, reason))

    def add(
        self,
        place: str,
        purls: Iterable[str],
        names: Sequence[str],
        version: str,
        **known: str,
    ) -> None:
        """Add a package of another tool.

        `place` is where it stands, as for `damaged`. `names` are those it goes by, the best first;
        `version` stands where the package-url has none. `known` are fields of `Package` that the
        document tells besides the package-url.
        """
        self.count()
        called = next(filter(None, names), "without a name")
        found, is_damaged = None, False
        for text in purls:
            try:
                found = located(text)
                break
            except ValueError:
                is_damaged = True
        if found is None:
            if is_damaged:
                self.damaged(place, called, "its package-url is none")  # it may hold a password
            else:
                self.refuse("without package-url", called)
            return
        package = found.package
        # A package-url folds letters of some types, advisories do not.
        spelt = next((name for name in names if same_name(name, package.name)), package.name)
        package = replace(package, name=spelt, version=package.version or version)
        if not package.version:
            self.refuse("without version", called)
            return
        known = {name: value for name, value in known.items() if value}
        package = replace(package, **known)  # type: ignore[arg-type]  # all of these are text
        self.packages.append(Located(package, found.distribution))

    def refuse(self, reason: str, name: str) -> None:
        """Note a part that cannot be matched."""
        self.unmatched.setdefault(reason, []).append(name)

    def sbom(self) -> Sbom:
        """Return all of it as an inventory."""
        distribution = self._distribution()
        packages = [*self.own, *self._of(distribution)]
        if self.packages:
            packages = sorted(dict.fromkeys(packages), key=_order)
        gaps = [*self.gaps, *map(self._gap, self.unmatched.items())]
        if self._damaged > _DAMAGED:
            more = f"and {self._damaged - _DAMAGED:,} more damaged parts like these"
            gaps.append(Incomplete(self.where, more))
        if not packages and not gaps:
            gaps.append(Incomplete(self.where, "the document names no package at all"))
        inventory = Inventory(
            target=self.target or f"sbom:{self.where}",
            digest=self.digest,
            distribution=distribution,
            packages=tuple(packages),
            incomplete=tuple(gaps),
            layers=tuple(self.layers),
        )
        for prefix in _BY_NAME:
            if self.is_ours and self.target.startswith(prefix):
                self.tags.append(self.target.removeprefix(prefix))
        image = Image(
            ref=ImageRef("sbom", self.where),
            digest=self.digest,
            layers=tuple(map(Layer, self.layers)),
            tags=tuple(dict.fromkeys(self.tags)),
        )
        return Sbom(inventory, image, tuple(self.notes))

    def _distribution(self) -> Distribution | None:
        """Return the distribution that the document names, or most of its packages.

        A part "operating system" knows it by name, package-urls often by release only.
        """
        if self.is_ours or len(self.systems) == 1:
            named = self.systems[0] if self.systems else None
            if named is None or named.version or named.codename or self.is_ours:
                return named
        votes = [found.distribution for found in self.packages if found.distribution is not None]
        if not votes:
            return self.systems[0] if self.systems else None
        ((name, _),) = Counter(vote.id for vote in votes).most_common(1)
        ((elected, _),) = Counter(vote for vote in votes if vote.id == name).most_common(1)
        return next((each for each in self.systems if is_same(each, elected)), elected)

    def _of(self, distribution: Distribution | None) -> list[Package]:
        """Return the packages but for those of a second distribution, which none can judge."""
        kept = []
        for found in self.packages:
            package, other = found.package, found.distribution
            if other is None or distribution is None or is_same(distribution, other):
                kept.append(package)
            else:
                release = " ".join(filter(None, (other.id, other.version or other.codename)))
                self.refuse(f"of another distribution ({release})", package.name)
        return kept

    def _gap(self, unmatched: tuple[str, list[str]]) -> Incomplete:
        reason, names = unmatched
        told = ", ".join(name[:_NAME_LETTERS] for name in names[:_NAMED])
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        count = f"{len(names):,} packages" if len(names) > 1 else "1 package"
        return Incomplete(self.where, f"{count} {reason} cannot be matched: {told}{more}")


def is_same(one: Distribution, other: Distribution) -> bool:
    """Tell whether two are one release, however exactly they name it (12 and 12.4)."""
    if one.id != other.id:
        return False
    if not one.version or not other.version:
        return one.codename == other.codename or not (one.codename and other.codename)
    shorter, longer = sorted((one.version, other.version), key=len)
    return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}_", f"{shorter}-"))


def _order(package: Package) -> tuple[str, str, str, str, str]:
    return (package.type, package.name, package.version, package.path, package.arch)
