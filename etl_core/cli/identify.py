"""`etl identify`: whose a file is, and why. Only the child looks into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from etl_core.cli import claims, screen, settings
from etl_core.cli.claims import Answer, said
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang
from etl_core.errors import DeliveryError
from etl_core.inbox import Refused, released, shown, single, workroom
from etl_core.protocol import Claimed, Hello, Job, Standing, Surveyed
from etl_core.supervisor import Supervisor


def identify(lang: Lang, file: Path, config: Path | None, shape: str) -> int:
    """Print every claim that has something to it, and the decision."""
    answer = asked(file, *settings.reading(config))
    found = list(plausible(answer.standings))
    if shape == JSON:
        _piped(file, found, answer)
    else:
        claims.show(file, found, answer, lang, config)
    return DONE if answer.claimed and not answer.fault else PARTLY


def asked(file: Path, hello: Hello, seconds: float) -> Answer:
    """Let the child look at a file."""
    with Supervisor(hello, seconds) as supervisor, workroom() as room:
        arrival = single(file, room)
        if isinstance(arrival, Refused):
            return Answer(fault=arrival.error)
        standings: tuple[Standing, ...] = ()
        claimed = fault = None
        job = Job(str(arrival.path), arrival.name, arrival.modified)
        with released(arrival):
            try:
                for part in supervisor.survey(job):
                    standings = part.standings if isinstance(part, Surveyed) else standings
                    claimed = part if isinstance(part, Claimed) else claimed
            except DeliveryError as refused:
                fault = refused
        ready = supervisor.ready()
        return Answer(standings, claimed, fault, ready.problems, ready.sources)


def plausible(standings: Iterable[Standing]) -> Iterator[Standing]:
    """Claims with at least one header found, or a name that fits."""
    return (each for each in standings if each.found or each.named)


def _piped(file: Path, found: list[Standing], answer: Answer) -> None:
    for claim in found:
        screen.line(screen.dumps({"event": "claim", **asdict(claim)}))
    told: dict[str, object] = {"event": "identified", "file": shown(file.name), "source": None}
    if answer.claimed:
        told |= {"source": answer.claimed.source, "label": answer.claimed.place.label}
    if answer.fault:
        told |= {"error": answer.fault.code, "detail": answer.fault.detail, "message": said(answer.fault)}
    screen.line(screen.dumps(told))
