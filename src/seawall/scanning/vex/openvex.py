"""OpenVEX documents (https://github.com/openvex/spec, OPENVEX-SPEC.md), 0.0.1 and 0.2.0.

A flaw has a name and aliases, or is a mere string; a product is an object with an ``@id``,
identifiers, hashes and subcomponents, or a mere package-url.
"""

from collections.abc import Iterator
from typing import Any

from seawall.scanning.vex.document import (
    hashed,
    moment,
    object_of,
    objects_of,
    text_of,
    texts_of,
)
from seawall.scanning.vex.statement import JUSTIFICATIONS, Component, Product, Statement, Status

_CPES = ("cpe22", "cpe23", "@cpe22", "@cpe23")


def is_one(document: dict[str, Any]) -> bool:
    """Tell whether a JSON object says that it is an OpenVEX document."""
    context = document.get("@context")
    names = context if isinstance(context, list) else [context]
    return any(isinstance(name, str) and "openvex" in name for name in names)


def statements(document: dict[str, Any], file: str) -> Iterator[Statement]:
    """Yield the statements in their order; each has the time of its document where it has none.

    Raises:
        ValueError: a time, status or justification that is none.
    """
    issued = text_of(document, "timestamp")
    for number, said in enumerate(objects_of(document, "statements"), start=1):
        where = f"statement {number}"
        status = _status(text_of(said, "status"), where)
        justification = text_of(said, "justification")
        if justification and justification not in JUSTIFICATIONS:
            raise ValueError(f"{where}: justification {justification!r} is none of OpenVEX")
        time = text_of(said, "last_updated") or text_of(said, "timestamp") or issued
        told = ("impact_statement", "action_statement", "status_notes")
        text = next(filter(None, (text_of(said, key) for key in told)), "")
        yield Statement(
            file=file,
            number=number,
            names=frozenset(name.upper() for name in _names(said)),
            status=status,
            since=moment(time, where),
            products=tuple(_products(said)),
            justification=justification,
            text=text,
            fault=_fault(status, justification, text_of(said, "impact_statement")),
        )


def _status(text: str, where: str) -> Status:
    try:
        return Status(text)
    except ValueError as error:
        raise ValueError(f"{where}: status {text!r} is none of OpenVEX") from error


def _fault(status: Status, justification: str, impact: str) -> str:
    if status is Status.NOT_AFFECTED and not justification and not impact:
        return "it gives no reason: neither justification nor impact_statement"
    return ""


def _names(said: dict[str, Any]) -> list[str]:
    if name := text_of(said, "vulnerability"):
        return [name]
    flaw = object_of(said, "vulnerability")
    names = [text_of(flaw, "name"), *texts_of(flaw, "aliases")]
    # Earlier documents have the name in the address only.
    return [name for name in names if name] or [text_of(flaw, "@id").rpartition("/")[2]]


def _products(said: dict[str, Any]) -> Iterator[Product]:
    products = said.get("products")
    shared = tuple(map(_component, _items(said.get("subcomponents"))))  # as 0.0.1 has them
    for item in _items(products):
        parts = item.get("subcomponents") if isinstance(item, dict) else None
        yield Product(_component(item), tuple(map(_component, _items(parts))) or shared)


def _items(value: object) -> list[str | dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str | dict)]


def _component(item: str | dict[str, Any]) -> Component:
    if isinstance(item, str):
        return Component(item, (item,))
    identifiers, hashes = object_of(item, "identifiers"), object_of(item, "hashes")
    digests = [hashed(name, text_of(hashes, name)) for name in hashes]
    names = tuple(filter(None, (text_of(item, "@id"), text_of(identifiers, "purl"), *digests)))
    cpes = tuple(filter(None, (text_of(identifiers, key) for key in _CPES)))
    return Component((names + cpes or ("a product without a name",))[0], names, cpes)
