"""Where notices go. One module a kind of place; `SINKS` says which settings are for which.

A module is imported when a sink of its kind is opened.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from seawall.fleet.notifying.settings import (
    EmailSettings,
    FileSettings,
    SinkSettings,
    SlackSettings,
    StdoutSettings,
    SyslogSettings,
    WebhookSettings,
)
from seawall.fleet.notifying.sinks.contract import Sink

__all__ = ["SINKS", "Sink", "open_sink"]


def _made_by(module: str, kind: str) -> Callable[[Any], Sink]:
    def make(settings: Any) -> Sink:
        sink: Sink = getattr(import_module(f"{__name__}.{module}"), kind)(settings)
        return sink

    return make


SINKS: Mapping[type[SinkSettings], Callable[[Any], Sink]] = MappingProxyType(
    {
        WebhookSettings: _made_by("webhook", "Webhook"),
        SlackSettings: _made_by("slack", "Slack"),
        EmailSettings: _made_by("email", "Email"),
        SyslogSettings: _made_by("syslog", "Syslog"),
        StdoutSettings: _made_by("stdout", "Stdout"),
        FileSettings: _made_by("file", "File"),
    }
)


def open_sink(settings: SinkSettings) -> Sink:
    """Return the sink that the settings describe; nothing is connected or read yet."""
    return SINKS[type(settings)](settings)
