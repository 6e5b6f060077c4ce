"""What a worker does: module functions of plain text, called by name; a delivery is read by a child here, too.

No task ever raises: a worker writes the arguments of a task that did into its log, and they hold the run's key.
"""

from __future__ import annotations

import hashlib
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

from etl_core import protocol
from etl_core.cluster import stay as stays
from etl_core.cluster.staging import Staging, packed
from etl_core.cluster.stay import Stay
from etl_core.errors import DeliveryError
from etl_core.protocol import Failed, Ready
from etl_core.records import Prepared
from etl_core.seal import Seal

# Distributions that decide what is read: the same everywhere, or results would depend on who read.
DECIDING = ("chuanyu-etl", "polars", "pandera", "python-calamine", "msoffcrypto-tool", "olefile")


def versions() -> dict[str, str]:
    """Version of everything that decides what is read."""
    return {"python": "{}.{}".format(*sys.version_info), **{name: version(name) for name in DECIDING}}


def agreement(ready: Ready) -> str:
    """A digest that is the same on two workers exactly where both read alike. Reasons of problems may hold paths."""
    told = {
        "versions": versions(),
        "sources": sorted((asdict(each) for each in ready.sources), key=lambda each: str(each["name"])),
        "problems": sorted((each.plugin, each.distribution, each.version) for each in ready.problems),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def greet(order: str) -> list[str]:
    """The plugins of this worker: `Greeting` with versions, agreement and Ready; or why there are none."""
    return _told(order, _greeting)


def deliver(order: str) -> list[str]:
    """The answers about one job, in order: lines of protocol.py, and `Staged` in the place of each Prepared.

    Ends with `Done` or `Failed`; or with `Fault`, where this worker cannot do the work, which says nothing of the delivery.
    """
    return _told(order, _answers)


def forget(run: str) -> None:
    """The run is over."""
    stays.forget(run)


def _told(order: str, answers: Callable[[dict[str, Any], Stay], Iterator[str]]) -> list[str]:
    told: list[str] = []
    try:
        content = json.loads(order)
        with _at(content) as here:
            for answer in answers(content, here):
                told.append(answer)  # what was said before a fault stays said
    except DeliveryError as fault:
        source = str(fault.detail.get("source", ""))
        detail = {key: value for key, value in fault.detail.items() if key != "source"}
        told.append(_line(Failed(fault.code, detail, source or None)))
    except BaseException as fault:  # noqa: BLE001  # see above
        told.append(_json("Fault", kind=type(fault).__name__, where=_where(fault)))
    return told


def _at(content: dict[str, Any]) -> AbstractContextManager[Stay]:
    return stays.stay(content["run"], protocol.hello(content["hello"]), content["seconds"])


def _greeting(_: dict[str, Any], here: Stay) -> Iterator[str]:
    ready = here.ready()
    yield _json("Greeting", versions=versions(), agreement=agreement(ready), ready=_line(ready))


def _answers(content: dict[str, Any], here: Stay) -> Iterator[str]:
    if agreement(here.ready()) != content["agreement"]:
        yield _json("Fault", kind="other_versions", where="")
        return
    staging = Staging(content["staging"], content["run"], Seal.told(content["seal"]))
    job, name = protocol.job(content["job"]), content["file"]
    again = bool(job.split) or job.part is not None
    with here.file(name, lambda: staging.get(name), again) as path:
        for answer in here.supervisor().stream(replace(job, path=str(path))):
            yield _staged(staging, answer) if isinstance(answer, Prepared) else _line(answer)


def _staged(staging: Staging, prepared: Prepared) -> str:
    parts = packed(prepared)
    return _json("Staged", name=staging.put(parts), sizes=[len(part) for part in parts], read=prepared.read)


def _line(answer: protocol.Answer) -> str:
    (line,) = protocol.encode(answer)
    return bytes(line).decode("ascii")


def _json(type_: str, **value: object) -> str:
    return json.dumps({"type": type_, **value})


def _where(fault: BaseException) -> str:
    """Module and line of the fault: its text could hold a cell."""
    frames = traceback.extract_tb(fault.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
