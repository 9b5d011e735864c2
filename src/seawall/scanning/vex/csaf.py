"""CSAF 2.0 documents of the profile VEX (OASIS, Common Security Advisory Framework, section 4.5).

A product tree gives each product an id, by branches, by a plain list, and by relationships (a
component within a product); a flaw then lists the ids that have a status. Each status of each flaw
becomes one statement.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
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

_STATUS = {
    "known_not_affected": Status.NOT_AFFECTED,
    "fixed": Status.FIXED,
    "first_fixed": Status.FIXED,
    "known_affected": Status.AFFECTED,
    "first_affected": Status.AFFECTED,
    "last_affected": Status.AFFECTED,
    "under_investigation": Status.UNDER_INVESTIGATION,
}  # "recommended" says nothing about a flaw
_WITHIN = (  # relationships whose second product contains the first
    "default_component_of",
    "optional_component_of",
    "external_component_of",
    "installed_on",
    "installed_with",
)

_UNKNOWN = Product(Component("a product that the product tree does not have"))


def is_one(document: dict[str, Any]) -> bool:
    """Tell whether a JSON object says that it is a CSAF document."""
    return bool(text_of(object_of(document, "document"), "csaf_version"))


@dataclass(slots=True)
class _Tree:
    products: dict[str, Product] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)

    def members(self, said: dict[str, Any]) -> set[str]:
        """Return the products that a flag, threat or remediation names."""
        groups = (self.groups.get(group, []) for group in texts_of(said, "group_ids"))
        return set(texts_of(said, "product_ids")).union(*groups)


def statements(document: dict[str, Any], file: str) -> Iterator[Statement]:
    """Yield one statement for each flaw, status and reason, in the order of the document.

    Raises:
        ValueError: the document has no date, or a label that is none.
    """
    tracking = object_of(object_of(document, "document"), "tracking")
    since = moment(text_of(tracking, "current_release_date"), "document.tracking")
    tree = _tree(object_of(document, "product_tree"))
    number = 0
    for flaw in objects_of(document, "vulnerabilities"):
        names = frozenset(name.upper() for name in _names(flaw))
        for key, ids in object_of(flaw, "product_status").items():
            if key not in _STATUS or not isinstance(ids, list):
                continue
            known = [identifier for identifier in ids if isinstance(identifier, str)]
            for (justification, text), members in _by_reason(flaw, known, tree).items():
                number += 1
                yield Statement(
                    file=file,
                    number=number,
                    names=names,
                    status=_STATUS[key],
                    since=since,
                    products=tuple(tree.products.get(member, _UNKNOWN) for member in members),
                    justification=justification,
                    text=text,
                    fault=_fault(_STATUS[key], justification, text),
                )


def _fault(status: Status, justification: str, text: str) -> str:
    if status is Status.NOT_AFFECTED and not justification and not text:
        return "it gives no reason: neither a flag nor a threat of category impact"
    return ""


def _names(flaw: dict[str, Any]) -> list[str]:
    ids = [text_of(item, "text") for item in objects_of(flaw, "ids")]
    return [name for name in (text_of(flaw, "cve"), *ids) if name]


def _by_reason(
    flaw: dict[str, Any], ids: list[str], tree: _Tree
) -> dict[tuple[str, str], list[str]]:
    """Return the product ids by what the flaw's flags, threats and remediations say of them."""
    justified: dict[str, str] = {}
    for flag in objects_of(flaw, "flags"):
        label = text_of(flag, "label")
        if label not in JUSTIFICATIONS:
            raise ValueError(f"flag {label!r} is none of CSAF")
        justified.update(dict.fromkeys(tree.members(flag), label))
    told: dict[str, str] = {}
    for remediation in objects_of(flaw, "remediations"):
        told.update(dict.fromkeys(tree.members(remediation), text_of(remediation, "details")))
    for threat in objects_of(flaw, "threats"):
        if text_of(threat, "category") == "impact":
            told.update(dict.fromkeys(tree.members(threat), text_of(threat, "details")))
    found: dict[tuple[str, str], list[str]] = {}
    for identifier in dict.fromkeys(ids):
        reason = (justified.get(identifier, ""), told.get(identifier, ""))
        found.setdefault(reason, []).append(identifier)
    return found


def _tree(product_tree: dict[str, Any]) -> _Tree:
    tree = _Tree()
    for name in objects_of(product_tree, "full_product_names"):
        _add(tree, name)
    waiting = objects_of(product_tree, "branches")
    while waiting:  # not by recursion: how deep it goes is for the document to choose
        branch = waiting.pop()
        _add(tree, object_of(branch, "product"))
        waiting.extend(objects_of(branch, "branches"))
    for relation in objects_of(product_tree, "relationships"):
        part = tree.products.get(text_of(relation, "product_reference"))
        whole = tree.products.get(text_of(relation, "relates_to_product_reference"))
        identifier = text_of(object_of(relation, "full_product_name"), "product_id")
        if part and identifier and text_of(relation, "category") in _WITHIN:
            container = whole.component if whole else Component("a product without a name")
            tree.products[identifier] = Product(container, (part.component,))
    for group in objects_of(product_tree, "product_groups"):
        tree.groups[text_of(group, "group_id")] = texts_of(group, "product_ids")
    return tree


def _add(tree: _Tree, product: dict[str, Any]) -> None:
    identifier = text_of(product, "product_id")
    if not identifier:
        return
    helper = object_of(product, "product_identification_helper")
    digests = [
        hashed(text_of(value, "algorithm"), text_of(value, "value"))
        for hashes in objects_of(helper, "hashes")
        for value in objects_of(hashes, "file_hashes")
    ]
    names = tuple(filter(None, (text_of(helper, "purl"), *texts_of(helper, "purls"), *digests)))
    cpes = tuple(filter(None, (text_of(helper, "cpe"),)))
    label = (*names, text_of(product, "name"), identifier)[0]
    tree.products[identifier] = Product(Component(label, names, cpes))
