"""From the configuration's section `alerts` to what sends a notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from etl_core.config import Alerts
from etl_core.records import Notice

Send = Callable[[Notice], None]

BUILT_IN = {
    name: f"etl_core.alerts.{module}"
    for name, module in (("mail", "mail"), ("webhook", "webhook"), ("apprise", "chat"))
}
"""The plugins that come with the framework, by the name of their setting."""


def channels(settings: Alerts) -> dict[str, Send]:
    """Every configured channel by its name; a plugin is imported when it has something to send.

    A channel that is sent something raises whatever its plugin does: PluginError where there is no such plugin.
    """
    built_in = {name: settings.channel(name) for name in BUILT_IN}
    wanted: dict[str, Mapping[str, Any]] = {name: each for name, each in built_in.items() if each is not None}
    return {name: _sender(name, each) for name, each in {**wanted, **settings.plugins}.items()}


def _sender(name: str, settings: Mapping[str, Any]) -> Send:
    def send(notice: Notice) -> None:
        from etl_core.discovery import (
            alerter,  # knows what a source is, and so pandera: only a notice is worth that
        )

        alerter(name, BUILT_IN.get(name))(notice, settings)

    return send
