"""The fleet's databases: each test has a new one, in a file and on a server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from seawall.fleet.databases import Database, SqliteDatabase, open_postgresql
from seawall.fleet.store import Fleet
from tests.integration.postgresql import Unavailable, running_postgresql

Opener = Callable[[], Database]
_schemas = count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a server's database; skips where there is none."""
    pytest.importorskip("psycopg")
    with ExitStack() as stack:
        try:
            yield stack.enter_context(running_postgresql())
        except Unavailable as reason:
            pytest.skip(str(reason))


@pytest.fixture
def sqlite_opener(tmp_path: Path) -> Opener:
    return lambda: SqliteDatabase.open(tmp_path / "fleet.sqlite")


@pytest.fixture
def postgresql_opener(postgresql: str) -> Opener:
    url = f"{postgresql}&schema=test_{next(_schemas)}"
    return lambda: open_postgresql(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def opener(request: pytest.FixtureRequest) -> Opener:
    """Opens the same new database each time."""
    found: Opener = request.getfixturevalue(f"{request.param}_opener")
    return found


@pytest.fixture
def database(opener: Opener) -> Iterator[Database]:
    found = opener()
    yield found
    found.close()


@pytest.fixture
def fleet(opener: Opener) -> Iterator[Fleet]:
    with Fleet(opener()) as found:
        yield found
