"""What a registry holds: its repositories and their tags.

``/v2/_catalog`` (distribution project, "HTTP API V2", "Listing Repositories") and
``/v2/NAME/tags/list`` (OCI distribution specification, "Listing Tags"), both page by page: the
header ``Link`` (RFC 8288) of one leads to the next. Many registries show no catalog, the hub among
them; there repositories have to be named.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from seawall.errors import BadRegistryAnswer, NotInRegistry, UsageError
from seawall.registry.client import opened
from seawall.registry.reference import DOCKER_HUB, Reference, is_host_name, parse
from seawall.registry.settings import Settings

_ON_A_PAGE = 1000  # what we ask for; a registry may give fewer
_PAGE_BYTES = 4 << 20
_PAGES = 100_000
_NAMES = 10_000_000  # of one listing
_LINK = re.compile(r"<([^<>]{1,4096})>([^<>]{0,1024})")
_RELATION = re.compile(r";\s*rel\s*=\s*(\"?)next\1\s*(?:[;,]|$)", re.IGNORECASE)


def repositories(registry: str, settings: Settings | None = None) -> Iterator[str]:
    """Yield the repositories of ``HOST[:PORT]`` as its catalog names them, page by page.

    Names that are none are left out: no image could be asked for by them.

    Raises:
        RegistryDenied: it does not show its catalog (to us).
        NotInRegistry: it has no catalog.
        RegistryError: of another kind that fits (see ``errors.py``).
        UsageError: `registry` is no host.
    """
    if not _is_host(registry):
        raise UsageError(f"{registry[:80]!r} is no host of a registry", "write HOST[:PORT]")
    try:
        for name in _listed(Reference(registry, "", "", ""), "_catalog", "repositories", settings):
            if _image(registry, name, "latest"):
                yield name
    except NotInRegistry as error:
        raise NotInRegistry(
            f"{registry}: it shows no catalog of its repositories", "name them: HOST/NAME"
        ) from error


def tags(registry: str, repository: str, settings: Settings | None = None) -> Iterator[str]:
    """Yield the tags of a repository, in the registry's order.

    Raises:
        NotInRegistry: there is no such repository.
        RegistryError: of another kind that fits (see ``errors.py``).
        UsageError: they are no names of a registry and a repository.
    """
    named = _image(registry, repository, "latest")
    if named is None:
        raise UsageError(
            f"{registry[:80]}/{repository[:80]}: no repository", "write HOST[:PORT]/NAME"
        )
    reference = replace(named, tag="")
    for tag in _listed(reference, "tags/list", "tags", settings):
        if _image(registry, repository, tag):
            yield tag


def scope(text: str) -> Reference:
    """Return what ``HOST``, ``HOST/NAME`` or ``HOST/NAME:TAG`` stands for.

    All of a registry: it has no repository. All of a repository: neither tag nor digest. Or one
    image (``@DIGEST``, too). Without a slash it is a host where it has a dot or is ``localhost``,
    as in ``localhost:5000``; others take one behind them (``cache:5000/``), for ``debian:12`` is
    an image of the hub.

    Raises:
        UsageError: it is none of the three.
    """
    first, slash, rest = text.partition("/")
    if not rest and (slash or _looks_like_a_host(text)):
        return Reference(first, "", "", "")
    reference = parse(text)
    is_one = reference.digest or ":" in text.rpartition("/")[2]
    return reference if is_one else replace(reference, tag="")


def references(text: str, settings: Settings | None = None) -> Iterator[Reference]:
    """Yield the images that a text stands for; see `scope`.

    Raises:
        RegistryError: of the kind that fits; some may have been yielded before.
        UsageError: it stands for nothing.
    """
    found = scope(text)
    if not found.repository:
        for repository in repositories(found.registry, settings):
            with suppress(NotInRegistry):  # catalogs keep names whose images are all deleted
                yield from _tagged(found.registry, repository, settings)
    elif found.wanted:
        yield found
    else:
        yield from _tagged(found.registry, found.repository, settings)


def _tagged(registry: str, repository: str, settings: Settings | None) -> Iterator[Reference]:
    for tag in tags(registry, repository, settings):
        yield Reference(registry, repository, tag, "")


def _listed(
    reference: Reference, place: str, member: str, settings: Settings | None
) -> Iterator[str]:
    """Yield the names of a listing, each page once."""
    query, asked, count = f"n={_ON_A_PAGE}", set[str](), 0
    with opened(reference, settings) as registry:
        while query:
            asked.add(query)
            raw, link = registry.page(f"{place}?{query}", _PAGE_BYTES)
            names = _names(raw, member, f"{reference.registry}: {place}")
            count += len(names)
            yield from names
            query = _next(link, place)
            if query and (query in asked or len(asked) >= _PAGES or count > _NAMES):
                raise BadRegistryAnswer(
                    f"{reference.registry}: {place}: its pages go on without end",
                    f"after {len(asked):,} pages with {count:,} names nothing more was asked",
                )


def _names(raw: bytes, member: str, where: str) -> list[str]:
    """Return the names on a page; Go writes an empty list as null."""
    try:
        found = json.loads(raw)[member] or []
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise BadRegistryAnswer(f"{where}: no list of {member}") from error
    if not isinstance(found, list):
        raise BadRegistryAnswer(f"{where}: no list of {member}")
    return [name for name in found if isinstance(name, str)]


def _next(header: str, place: str) -> str:
    """Return the query of the next page; empty where there is none.

    Of the address only the query is taken: the page is asked of the registry that we know, behind
    whatever proxy. Registries that write an absolute address often name a host of the inside.
    """
    for address, parameters in _LINK.findall(header[:65536]):
        if not _RELATION.search(parameters):
            continue
        try:
            parts = urlsplit(address)
            pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=20)
        except ValueError as error:
            raise BadRegistryAnswer(f"{place}: the next page is at {address[:80]!r}") from error
        return urlencode(pairs, quote_via=quote, safe="/", errors="surrogateescape")
    return ""


def _image(registry: str, repository: str, tag: str) -> Reference | None:
    """Return the image of these three; None where they are no names, or those of something else."""
    try:
        found = parse(f"{registry}/{repository}:{tag}")
    except UsageError:
        return None
    given = (repository, f"library/{repository}") if registry == DOCKER_HUB else (repository,)
    is_same = found.registry == registry and found.repository in given and found.tag == tag
    return found if is_same and not found.digest else None


def _is_host(text: str) -> bool:
    """Tell whether an image's name would be read as one of this host."""
    return is_host_name(text) and _image(text, "name", "latest") is not None


def _looks_like_a_host(text: str) -> bool:
    """Tell a host from an image of the hub, where nothing but the word itself says it."""
    name = text[: text.index("]") + 1] if text.startswith("[") and "]" in text else ""
    name = name or text.partition(":")[0]
    return is_host_name(text) and ("." in name or name == "localhost" or name.startswith("["))
