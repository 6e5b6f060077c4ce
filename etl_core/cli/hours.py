"""A time of day in China by the clock of this machine, which is the only one that cron asks.

Debian's cron knows no CRON_TZ, and one that does would shift the hour a second time: so an entry has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import click

TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Here:
    """Hour and minute by this machine's clock; `remarks`, in both languages, where that is not all there is to say."""

    hour: int
    minute: int
    remarks: tuple[str, ...]


def demanded(at: str) -> tuple[int, int]:
    """Hour and minute of HH:MM. Raises click's usage error for anything else."""
    found = TIME.fullmatch(at)
    if found is None:
        raise click.UsageError("--at 应为 HH:MM，如 02:30｜--at is HH:MM, such as 02:30")
    return int(found[1]), int(found[2])


def here(at: str) -> Here:
    """A time in China as this machine's clock shows it today."""
    hour, minute = demanded(at)
    begins = datetime.now(CHINA).replace(hour=hour, minute=minute)
    local = begins.astimezone()
    return Here(local.hour, local.minute, (*_converted(at, begins, local), *_summer(at, begins, local)))


def _converted(at: str, begins: datetime, local: datetime) -> tuple[str, ...]:
    """What was converted; nothing where the two clocks show the same."""
    if local.utcoffset() == begins.utcoffset():
        return ()
    zone = f"{local:%Z}, UTC{local:%z}"
    return (
        f"cron 只认本机时区（{zone}）：北京时间 {at} 即本机 {local:%H:%M}；改了本机时区请重新生成",
        f"cron knows this machine's zone only ({zone}): {at} in China is {local:%H:%M} here; make this anew when the zone changes",
    )


def _summer(at: str, begins: datetime, local: datetime) -> tuple[str, ...]:
    """What daylight saving of this machine's zone does, within the year that follows, to the time in China."""
    now = local.utcoffset() or timedelta()
    days = (begins + timedelta(days=number) for number in range(366))
    others = {day.astimezone().utcoffset() or timedelta() for day in days} - {now}
    if not others:
        return ()
    times = ", ".join(sorted(f"{begins + now - other:%H:%M}" for other in others))
    return (
        f"本机时区有夏令时：拨钟之后在北京时间 {times} 运行，不是 {at}",
        f"This zone has daylight saving: once its clock is put to the other time, the run starts at {times} in China, not at {at}",
    )
