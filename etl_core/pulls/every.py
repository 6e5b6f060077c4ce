"""All pulls of a configuration, one after the other; a fault of one is its own."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

from etl_core.config import Config, Pull, named
from etl_core.errors import PullError
from etl_core.pulls.landing import FULL, Landing, held
from etl_core.pulls.outcome import Meter, Progress, Pulled, lacking

# The day in a delivery's name is the agencies' day, wherever the machine's clock is set.
CHINA = timezone(timedelta(hours=8))


def pull(config: Config, meter: Meter, only: str | None = None) -> tuple[Pulled, ...]:
    """Fetch what there is; with `only`, that pull alone, even one that is not enabled.

    Raises OSError where a disk is full; what was fetched by then is gone on with the next time.
    """
    chosen = {name: each for name, each in config.pulls.items() if (only or name) == name}
    return tuple(_pulled(name, each, config, meter) for name, each in chosen.items() if only or each.enabled)


def _pulled(name: str, pull: Pull, config: Config, meter: Meter) -> Pulled:
    meter.begun(name)
    one = One(name, pull, meter)
    started = time.monotonic()
    fault: PullError | None = None
    landed: tuple[str, ...] = ()
    try:
        with held(config.landings[name]) as landing:
            landed, fault = one.into(landing)
    except PullError as raised:
        fault = raised
    except OSError as error:
        if error.errno in FULL:
            raise
        fault = PullError("pull.landing", folder=str(config.landings[name]))
    pulled = Pulled(
        name,
        "failed" if fault else "landed" if landed else "unchanged",
        landed,
        one.progress,
        fault.code if fault else None,
        fault.detail if fault else {},
        time.monotonic() - started,
    )
    meter.ended(pulled)
    return pulled


class One:
    """One pull and how far it is."""

    def __init__(self, name: str, pull: Pull, meter: Meter) -> None:
        self._name, self._pull, self._meter = name, pull, meter
        self.progress = Progress()

    def into(self, landing: Landing) -> tuple[tuple[str, ...], PullError | None]:
        """Carry it out. Raises PullError, OSError."""
        try:
            return self._carried(landing)
        except ModuleNotFoundError as missing:
            extra = "remote" if self._pull.remote else "pull"
            raise lacking(missing, extra) from None

    def _carried(self, landing: Landing) -> tuple[tuple[str, ...], PullError | None]:
        """By the module of its kind, whose libraries are extras and are imported only here."""
        pull, name = self._pull, named(self._pull.name, datetime.now(CHINA))
        if pull.rest:
            from etl_core.pulls import rest

            return rest.pull(pull.rest, pull.limits, landing, name, self._advanced), None
        if pull.sql:
            from etl_core.pulls import sql

            return sql.pull(pull.sql, pull.limits, landing, name, self._advanced), None
        assert pull.remote
        from etl_core.pulls import remote

        return remote.pull(pull.remote, pull.limits, landing, self._advanced)

    def _advanced(self, progress: Progress) -> None:
        self.progress = progress
        self._meter.advanced(self._name, progress)
