"""Alerts through apprise (企业微信, 钉钉, 飞书 and many more): setting urls. Needs the extra `alerts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl_core.hookspecs import hookimpl
from etl_core.records import Notice

etl_api = 1


class NotSentError(Exception):
    """A service did not take the notice; apprise says no more."""


@hookimpl
def etl_alert(notice: Notice, settings: Mapping[str, Any]) -> None:
    """Send one notice to every address. Raises NotSentError, and ModuleNotFoundError without the extra."""
    import apprise

    told = apprise.Apprise()
    known = [told.add(url) for url in settings["urls"]]
    kind = apprise.NotifyType.WARNING if notice.state == "raised" else apprise.NotifyType.SUCCESS
    if not all(known) or not told.notify(body=notice.text, title=notice.subject, notify_type=kind):
        raise NotSentError
