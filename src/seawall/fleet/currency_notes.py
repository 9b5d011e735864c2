"""How much the advisories are worth by which the fleet was judged, noted for whoever asks later.

A verdict is given without an advisory store. What a scan would say of the store itself (how old it
is, that it has a part or hardly anything of an ecosystem) is noted here when the fleet is judged.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec

from seawall.advisories import AdvisoryStore, FeedState, currencies
from seawall.advisories.silence import FEW
from seawall.errors import FleetUnusable
from seawall.fleet.databases.parts import marks, parts
from seawall.fleet.store import Fleet
from seawall.scanning.end_of_life import supported_until
from seawall.scanning.vulnerabilities import SYSTEM_TYPES

AS_OF = "as-of:"  # notes of when news may be missing since, for each ecosystem
_WORTH = "advisories"


@dataclass(frozen=True, slots=True)
class Worth:
    """What was known of an advisory store when the fleet was judged by it.

    By default nothing: then every ecosystem counts as outdated.
    """

    state: tuple[str, int] = ("", 0)  # lineage and serial
    known: tuple[str, ...] = ()  # all ecosystems, with release, that it has anything about
    partial: tuple[str, ...] = ()  # without release: of which it has a part
    few: tuple[str, ...] = ()  # that speak of the fleet's distributions: hardly anything is there
    counted: tuple[str, ...] = ()  # those for which `few` was counted
    feeds: dict[str, FeedState] = field(default_factory=dict)  # by name
    newest: dict[str, str] = field(default_factory=dict)  # by ecosystem that speaks of the fleet


_decoder = msgspec.json.Decoder(Worth)


def note_currency(fleet: Fleet, advisories: AdvisoryStore) -> str:
    """Note what the advisories are worth; return since when news may be missing, RFC 3339.

    That is the oldest of all ecosystems that speak of the fleet; empty where nothing tells. To be
    called under the right to write, after it was noted which ecosystems speak of what.
    """
    speaking = fleet.notes.speaking()
    until: dict[str, str] = {}  # the end of the release that an ecosystem speaks of
    counted: set[str] = set()
    for row, namespace in fleet.images.namespaces():
        names = speaking.get(row, frozenset())
        end = supported_until(namespace.distribution)
        for name in names:
            until[name] = end.isoformat() if end else until.get(name, "")
        if namespace.type in SYSTEM_TYPES:
            counted |= names
    _note_worth(fleet, advisories, set(until), counted)
    before = fleet.notes.starting_with(AS_OF)
    for name in before.keys() - until.keys():
        fleet.notes.remove(AS_OF + name)
    dates = []
    for name, end_of_life in sorted(until.items()):
        for one in currencies(advisories, [name], end_of_life):
            dates.append(one.as_of)
            if before.get(name) != one.as_of:
                fleet.notes.set(AS_OF + name, one.as_of)
    return min(filter(None, dates), default="")


def _note_worth(
    fleet: Fleet, advisories: AdvisoryStore, names: set[str], counted: set[str]
) -> None:
    old, state = worth(fleet), advisories.state()
    same = old.state == (state.lineage, state.serial)
    if same and old.counted == tuple(sorted(counted)):
        few = old.few  # to count takes longer than all else, and most calls change nothing
    else:
        few = tuple(name for name in sorted(counted) if not advisories.has_advisories(name, FEW))
    found = Worth(
        (state.lineage, state.serial),
        old.known if same else tuple(sorted(advisories.ecosystems())),
        tuple(sorted(advisories.partial())),
        few,
        tuple(sorted(counted)),
        {feed.name: feed for feed in advisories.feeds()},
        advisories.newest(sorted(names)),
    )
    if found != old:
        fleet.notes.set(_WORTH, msgspec.json.encode(found).decode())


def as_of_components(fleet: Fleet, components: Collection[int]) -> dict[int, str]:
    """Return since when news of each of these components may be missing, where that is noted."""
    dates = fleet.notes.starting_with(AS_OF)
    by_namespace = {
        row: min(filter(None, (dates.get(name, "") for name in names)), default="")
        for row, names in fleet.notes.speaking().items()
    }
    return {
        component: by_namespace.get(namespace, "")
        for part in parts(sorted(components))
        for component, namespace in fleet.database.numbers(
            f"SELECT id, namespace FROM component WHERE id IN ({marks(part)})",  # noqa: S608 - marks only
            part,
        )
    }


def worth(fleet: Fleet) -> Worth:
    """Return what was noted when the fleet was judged.

    Raises:
        FleetUnusable: the fleet cannot be read.
    """
    text = fleet.notes.get(_WORTH)
    if not text:
        return Worth()
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise FleetUnusable(f"{fleet.database.place}: damaged ({error})") from error
