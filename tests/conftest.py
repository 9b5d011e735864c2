"""What holds for all tests."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A limit of milliseconds for an example says how busy the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep tests away from the state of whoever runs them: no store, so the snapshot speaks."""
    before = os.environ.get("SEAWALL_HOME")
    os.environ["SEAWALL_HOME"] = str(tmp_path_factory.mktemp("home"))
    yield
    if before is None:
        del os.environ["SEAWALL_HOME"]
    else:
        os.environ["SEAWALL_HOME"] = before
