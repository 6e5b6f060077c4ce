"""From what is so tonight and what was told before to what people are told now: once when it begins, once when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from etl_core.night.conditions import Condition
from etl_core.records import Notice
from etl_schemas.messages import text

if TYPE_CHECKING:
    from etl_core.warehouse import Standing

Send = Callable[[str, Notice], bool]


def changed(
    before: Sequence[Standing],
    conditions: Iterable[Condition],
    channels: Sequence[str],
    now: datetime,
    mine: Callable[[str], bool],
) -> list[Standing]:
    """The alerts as they stand now, with the channels that are still to be told of each.

    mine: whether this run could have seen a source; alerts of others stay as they are. A channel that never heard of a
    trouble does not hear that it is over either.
    """
    from etl_core.warehouse import Standing

    said = {one.key: one for one in before}
    so = {one.key: one for one in conditions}
    for key, each in so.items():
        if key not in said or said[key].state == "cleared":
            said[key] = Standing(key, each.code, each.source, "raised", now, each.detail, tuple(channels))
    for key, alert in said.items():
        if key not in so and alert.state == "raised" and mine(alert.source):
            told = tuple(name for name in channels if name not in alert.untold)
            said[key] = replace(alert, state="cleared", since=now, untold=told)
    return _lasting(said.values(), channels)


def told(alerts: Iterable[Standing], send: Send) -> list[Standing]:
    """Tell every channel what it has not been told; what could not be said is tried again in the next run."""
    after = []
    for alert in alerts:
        notice = notice_of(alert)
        untold = tuple(name for name in alert.untold if not send(name, notice))
        after.append(replace(alert, untold=untold))
    return _lasting(after)


def _lasting(alerts: Iterable[Standing], channels: Sequence[str] | None = None) -> list[Standing]:
    """What has to be kept, by key: everything that is so, and what is over while somebody is still to be told.

    A channel that is in the configuration no longer is not waited for.
    """
    if channels is not None:
        known = set(channels)
        alerts = [
            replace(each, untold=tuple(name for name in each.untold if name in known)) for each in alerts
        ]
    kept = (each for each in alerts if each.state == "raised" or each.untold)
    return sorted(kept, key=lambda each: each.key)


def notice_of(alert: Standing) -> Notice:
    """What is said of an alert, in both languages."""
    values = {**alert.detail, "source": alert.source}
    state = text(f"alert_state.{alert.state}", "both")
    title = text(f"alert_title.{alert.code}", "both")
    name = f" {alert.source}" if alert.source else ""
    section = "alert" if alert.state == "raised" else "alert_over"
    said = "\n".join(text(f"{section}.{alert.code}", lang, **values) for lang in ("zh", "en"))
    subject = f"[chuanyu-etl] {state}: {title}{name}"
    return Notice(alert.code, alert.source, alert.state, alert.since, dict(alert.detail), subject, said)


def of_run(state: str, code: int, now: datetime) -> Notice:
    """What is said of a run that ended before its time, and of the first one after it that did not."""
    from etl_core.warehouse import Standing

    return notice_of(Standing("run", "run", "", state, now, {"exit_code": code}))
