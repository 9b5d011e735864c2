"""Package-urls that mean more than one package: what they leave out may be anything.

Matching follows the rules for each type that the package-url specification gives
(https://github.com/package-url/purl-spec), so ``pkg:pypi/Django`` means ``pkg:pypi/django``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from packageurl import PackageURL

from seawall.scanning.stars import fits

PATH = "path"  # our own qualifier: the file that names the package, where the rest is not enough
_SOURCE = ("source", "src")  # architectures that mean a source package


@dataclass(frozen=True, slots=True)
class Purl:
    """A package-url in its parts."""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: Mapping[str, str] = field(hash=False)


@lru_cache(maxsize=8192)
def parsed(text: str) -> Purl | None:
    """Return the parts of a package-url; None when it is none."""
    try:
        url = PackageURL.from_string(text)
    except ValueError:
        return None
    qualifiers = url.qualifiers if isinstance(url.qualifiers, dict) else {}
    return Purl(url.type, url.namespace or "", url.name, url.version or "", qualifiers)


@dataclass(frozen=True, slots=True)
class PurlPattern:
    """A package-url that may leave out version and qualifiers, or have ``*`` in a part."""

    text: str
    wanted: Purl
    has_wildcards: bool

    @classmethod
    def parse(cls, text: str, wildcards: bool = False) -> "PurlPattern":
        """Return the pattern; ``*`` is a letter like others unless `wildcards` are allowed.

        Raises:
            ValueError: `text` is no package-url.
        """
        wanted = parsed(text)
        if wanted is None:
            raise ValueError(f"{text!r} is no package-url (pkg:TYPE/NAME@VERSION)")
        return cls(text, wanted, wildcards)

    def mismatch(self, package: str, path: str = "") -> str:
        """Return why the package at `path` is not one of those meant; empty when it is.

        Where a distribution's package names its source, the source is meant as well.
        """
        there = parsed(package)
        if there is None:
            return f"{package or 'what has no package-url'} cannot be compared"
        reasons = [self._differs(form, path) for form in _forms(there)]
        if "" in reasons:
            return ""
        # What agrees in the name says more than "another name".
        return next((reason for reason in reasons if not reason.startswith("name ")), reasons[0])

    def _differs(self, there: Purl, path: str) -> str:
        wanted = self.wanted
        if wanted.type != there.type:
            return f"name differs: {wanted.type} ≠ {there.type}"
        for what in ("namespace", "name"):
            asked, held = getattr(wanted, what), getattr(there, what)
            if not self._equal(asked, held):
                return f"name differs: {asked or 'no namespace'} ≠ {held or 'no namespace'}"
        if wanted.version and not self._equal(wanted.version, there.version):
            return f"version differs: {wanted.version} ≠ {there.version}"
        for key, asked in wanted.qualifiers.items():
            held = _spelt(path) if key == PATH else there.qualifiers.get(key, "")
            if not self._equal(asked, held):
                return f"qualifier {key} differs: {asked} ≠ {held or 'none'}"
        return ""

    def _equal(self, asked: str, held: str) -> bool:
        return fits(held, asked) if self.has_wildcards else asked == held


def _spelt(path: str) -> str:
    """Return a path as a package-url can carry it: its bytes that are no UTF-8 spelt out."""
    return path.encode("utf-8", "backslashreplace").decode()


def _forms(package: Purl) -> Iterator[Purl]:
    """Yield the package, and the source package that it was built from where it names one."""
    yield package
    source, _, version = package.qualifiers.get("upstream", "").partition("@")
    yield from (
        replace(
            package,
            name=source or package.name,
            version=version or package.version,
            qualifiers={**package.qualifiers, "arch": architecture},
        )
        for architecture in _SOURCE
        if source or package.type in ("deb", "rpm", "apk")
    )
