"""`etl identify`: whose a file is, and why. Only the child looks into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from etl_core.cli import screen, settings
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang, reason, title
from etl_core.errors import DeliveryError
from etl_core.inbox import Refused, released, single, workroom
from etl_core.protocol import Claimed, Hello, Job, Problem, Standing, Surveyed
from etl_core.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a file: the claims on it, the one believed, and the fault that stopped the recognition."""

    standings: tuple[Standing, ...] = ()
    claimed: Claimed | None = None
    fault: DeliveryError | None = None
    problems: tuple[Problem, ...] = ()


def identify(lang: Lang, file: Path, config: Path | None, shape: str) -> int:
    """Print every claim that has something to it, and the decision."""
    answer = asked(file, *settings.reading(config))
    claims = list(plausible(answer.standings))
    tell = _piped if shape == JSON else _shown
    tell(file, claims, answer, lang)
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
        return Answer(standings, claimed, fault, supervisor.ready().problems)


def plausible(standings: Iterable[Standing]) -> Iterator[Standing]:
    """Claims with at least one header found, or a name that fits."""
    return (each for each in standings if each.found or each.named)


def _piped(file: Path, claims: list[Standing], answer: Answer, lang: Lang) -> None:
    for claim in claims:
        screen.line(screen.dumps({"event": "claim", **asdict(claim)}))
    told: dict[str, object] = {"event": "identified", "file": file.name, "source": None}
    if answer.claimed:
        told |= {"source": answer.claimed.source, "label": answer.claimed.place.label}
    if answer.fault:
        told |= {"error": answer.fault.code, "detail": answer.fault.detail, "message": _said(answer.fault)}
    screen.line(screen.dumps(told))


def _shown(file: Path, claims: list[Standing], answer: Answer, lang: Lang) -> None:
    if claims:
        heads = [title(name, lang) for name in ("source", "named", "found", "missing")]
        screen.table(
            heads, ([each.source, _yes(each.named, lang), each.found, each.missing] for each in claims)
        )
    for problem in answer.problems:
        screen.line(
            f"{title('problem', lang)}: {problem.plugin} ({problem.distribution} {problem.version}): {problem.reason}"
        )
    name = screen.shown(file.name)
    if answer.claimed:
        screen.line(f"{name}: {answer.claimed.source} {screen.shown(answer.claimed.place.label)}")
    if answer.fault:
        screen.line(f"{name}: {answer.fault.code}: {screen.shown(_said(answer.fault))}")


def _said(fault: DeliveryError) -> str:
    return reason(fault.code, "both", fault.detail)


def _yes(so: bool, lang: Lang) -> str:
    return title("yes" if so else "no", lang)
