from pathlib import Path
from typing import get_args

from seawall.fleet.notifying import sinks
from seawall.fleet.notifying.settings import (
    EmailSettings,
    FileSettings,
    SinkSettings,
    SlackSettings,
    StdoutSettings,
    SyslogSettings,
    WebhookSettings,
)
from seawall.settings.secret import Secret

FOLDER = Path(sinks.__file__).parent
ROOT = FOLDER.parents[4]
SHARED = {"__init__", "contract", "http_post"}


def test_every_kind_of_settings_has_a_sink() -> None:
    assert set(sinks.SINKS) == set(get_args(SinkSettings))


def test_every_sink_can_be_made_and_has_the_name_of_its_settings() -> None:
    made = (
        WebhookSettings("one", "https://host/"),
        SlackSettings("two", Secret("VARIABLE")),
        EmailSettings("three", "host", 25, "none", "a@b.example", ("c@d.example",)),
        SyslogSettings("four", "udp", "host", 514),
        StdoutSettings("five"),
        FileSettings("six", Path("/dev/null")),
    )
    assert {type(settings) for settings in made} == set(sinks.SINKS)
    for settings in made:
        assert sinks.open_sink(settings).name == settings.name


def test_every_sink_has_a_test_and_a_heading() -> None:
    page = (ROOT / "docs/notifications.md").read_text()
    modules = {path.stem for path in FOLDER.glob("*.py")} - SHARED
    assert len(modules) == len(sinks.SINKS)
    for module in modules:
        assert (Path(__file__).parent / f"test_{module}.py").is_file()
        assert f"\n### `{module}`\n" in page
