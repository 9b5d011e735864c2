"""The databases that a fleet can be kept in, behind one small Protocol.

What differs between them is here; all SQL of the fleet is written once, in what they share.
"""

from seawall.errors import FleetUnusable
from seawall.fleet.databases.contract import Database
from seawall.fleet.databases.sqlite import SqliteDatabase


def open_postgresql(url: str, password: str = "") -> Database:
    """Connect to a PostgreSQL database; who keeps the fleet in a file needs no library for it.

    Raises:
        FleetUnusable: the library is not installed; or as `PostgresqlDatabase.open`.
    """
    try:
        from seawall.fleet.databases.postgresql import PostgresqlDatabase  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise FleetUnusable(
            f"PostgreSQL needs psycopg, which cannot be imported ({error})",
            "pip install 'seawall[postgresql]'",
        ) from error
    return PostgresqlDatabase.open(url, password)


__all__ = ["Database", "SqliteDatabase", "open_postgresql"]
