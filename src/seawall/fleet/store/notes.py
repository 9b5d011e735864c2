"""What the fleet notes of itself: by which advisories it was judged, and when."""

from collections.abc import Iterable, Iterator, Mapping

from seawall.fleet.databases import Database

RULES = "rules:"  # lists of rules that looked at images, by what stands for them


class Notes:
    """Texts by name; and which ecosystems speak of which components."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def get(self, name: str) -> str:
        """Return what was noted, or nothing."""
        found = next(self._db.rows("SELECT value FROM meta WHERE key = ?", (name,)), ("",))
        return str(found[0])

    def set(self, name: str, value: str) -> None:
        """Note it."""
        self._db.run(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def remove(self, name: str) -> None:
        """Note nothing under this name any more."""
        self._db.run("DELETE FROM meta WHERE key = ?", (name,))

    def starting_with(self, name: str) -> dict[str, str]:
        """Return all that was noted under names that begin so, without that beginning."""
        rows = self._db.rows(
            "SELECT key, value FROM meta WHERE key >= ? AND key < ?", (name, name + "\uffff")
        )
        return {key.removeprefix(name): value for key, value in rows}

    def speaking(self) -> dict[int, frozenset[str]]:
        """Return the ecosystems that speak of the components of each namespace."""
        found: dict[int, set[str]] = {}
        for ecosystem, namespace in self._db.rows("SELECT ecosystem, namespace FROM speaks"):
            found.setdefault(namespace, set()).add(ecosystem)
        return {namespace: frozenset(names) for namespace, names in found.items()}

    def set_speaking(self, speaking: Mapping[int, Iterable[str]]) -> None:
        """Replace which ecosystems speak of these namespaces."""
        for namespace, ecosystems in speaking.items():
            self._db.run("DELETE FROM speaks WHERE namespace = ?", (namespace,))
            self._db.insert(
                "speaks", ("ecosystem", "namespace"), ((e, namespace) for e in sorted(ecosystems))
            )

    def of_namespaces(self, namespaces: Iterable[int]) -> Iterator[int]:
        """Yield all components of some namespaces, and those that watch what is in them."""
        for namespace in namespaces:
            for (row,) in self._db.rows(
                "SELECT id FROM component WHERE namespace = ? UNION "
                "SELECT component FROM watched WHERE namespace = ?",
                (namespace, namespace),
            ):
                yield row
