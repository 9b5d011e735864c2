"""The databases that a fleet can be kept in, behind one small Protocol.

What differs between them is here; all SQL of the fleet is written once, in what they share.
"""

from seawall.fleet.databases.contract import Database
from seawall.fleet.databases.sqlite import SqliteDatabase

__all__ = ["Database", "SqliteDatabase"]
