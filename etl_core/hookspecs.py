"""Every hook of the framework, and the marks a source plugin needs.

A plugin is a module (or an object in one) that an entry point of the group `etl_core` names. It says which
version of this page it was written for, and implements the hooks:

    from etl_core.hookspecs import hookimpl

    etl_api = 1

    @hookimpl
    def etl_sources():
        return [SOURCE]

A channel for alerts is a module that an entry point of the group `etl_core.alerts` names; it is imported in a run whose
configuration has settings for it under `alerts.plugins`, and in no other:

    @hookimpl
    def etl_alert(notice, settings):
        post(settings["address"], notice.subject, notice.text)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from etl_core.records import Notice
    from etl_core.source import Source

GROUP = "etl_core"
"""Name of the entry-point group, and of the project in pluggy's eyes."""

CHANNELS = "etl_core.alerts"
"""Name of the entry-point group of channels for alerts."""

API_VERSION = 1
"""Version of the hooks; a plugin whose `etl_api` differs is named and not used."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def etl_sources() -> Iterable[Source]:  # type: ignore[empty-body]
    """Return the sources that the plugin brings, one for each format of an agency.

    Called once in a process, after the import of the plugin. It opens no file and reaches for no network: a
    source is a declaration. Every source's name is unlike that of any other installed plugin's.
    """


@hookspec
def etl_alert(notice: Notice, settings: Mapping[str, Any]) -> None:
    """Send one notice by the channel that the plugin is.

    Called in the process of a run, after its deliveries, once for each notice: when something is not as it should be, and
    when that is over. `settings` are those of the configuration, secrets included. It returns when the notice has been taken,
    in seconds rather than minutes, and raises what it likes where it was not: the run goes on, and the next one tries again.
    """
