"""`etl preview`: the first rows as they would be loaded, beside the cells that they are made of. Only the child looks into a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from etl_core.cli import screen, settings, views
from etl_core.cli.draw import draw
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang, reason, title
from etl_core.cli.veil import Veil
from etl_core.cli.views import Row
from etl_core.errors import DeliveryError
from etl_core.inbox import Refused, released, shown, single, workroom
from etl_core.masking import plain
from etl_core.protocol import Claimed, Done, Hello, Job, Previewed
from etl_core.records import HeaderAccount, Prepared
from etl_core.supervisor import Supervisor
from etl_schemas.messages import text

# Rows that are read at a time beyond those that are shown: a header and what stands above and below it.
MARGIN = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What the child said of a file: whose it is, its first rows, what became of its headers, or the fault that ended it."""

    claimed: Claimed | None = None
    rows: tuple[Row, ...] = ()
    accounts: tuple[HeaderAccount, ...] = ()
    fault: DeliveryError | None = None


def preview(
    lang: Lang, file: Path, *, config: Path | None, rows: int, sheet: str | None, reveal: bool, shape: str
) -> int:
    """Print the first rows of a file, each with its cells, its records and its problems."""
    answer = asked(file, *settings.reading(config), rows, sheet)
    tell = _piped if shape == JSON else _shown
    tell(shown(file.name), answer, Veil(reveal), lang)
    return PARTLY if answer.fault or any(row.problems for row in answer.rows) else DONE


def asked(file: Path, hello: Hello, seconds: float, rows: int, sheet: str | None) -> Answer:
    """Let the child read the beginning of a file."""
    with Supervisor(hello, seconds) as supervisor, workroom() as room:
        arrival = single(file, room)
        if isinstance(arrival, Refused):
            return Answer(fault=arrival.error)
        batch, sheet = rows + MARGIN, sheet and plain(sheet)
        job = Job(str(arrival.path), arrival.name, arrival.modified, batch=batch, preview=rows, sheet=sheet)
        with released(arrival):
            return _heard(supervisor, job)


def _heard(supervisor: Supervisor, job: Job) -> Answer:
    claimed: Claimed | None = None
    rows: list[Row] = []
    cells: Previewed | None = None
    try:
        for answer in supervisor.preview(job):
            match answer:
                case Claimed():
                    claimed = answer
                case Previewed():
                    cells = answer
                case Prepared():
                    assert cells is not None
                    rows += views.rows(cells, answer)
                case Done():
                    return Answer(claimed, tuple(rows), answer.accounts)
    except DeliveryError as fault:
        return Answer(claimed, tuple(rows), (), fault)
    return Answer(claimed, tuple(rows))


def _piped(name: str, answer: Answer, veil: Veil, lang: Lang) -> None:
    claimed = answer.claimed
    told: dict[str, object] = {"event": "preview", "file": name, "source": claimed and claimed.source}
    if claimed:
        told["label"] = claimed.place.label
    screen.line(screen.dumps(told))
    for row in answer.rows:
        screen.line(screen.dumps({"event": "row", **row.told(veil)}))
    for account in answer.accounts:
        screen.line(screen.dumps({"event": "headers", **asdict(account)}))
    ended: dict[str, object] = {"event": "preview.finished", **_counts(answer.rows)}
    if answer.fault:
        fault = answer.fault
        ended |= {"error": fault.code, "detail": fault.detail}
        ended |= {"message": reason(fault.code, "both", fault.detail)}
    screen.line(screen.dumps(ended))


def _shown(name: str, answer: Answer, veil: Veil, lang: Lang) -> None:
    claimed = answer.claimed
    if claimed:
        screen.line(screen.shown(f"{name}: {claimed.source} {claimed.place.label}"))
    for account in answer.accounts:
        for kind in ("unknown", "ignored", "dropped"):
            if headers := getattr(account, kind):
                sheet = f"{account.sheet}: " if account.sheet else ""
                screen.line(screen.shown(f"{sheet}{title(kind, lang)}: {', '.join(headers)}"))
    draw(answer.rows, veil, lang)
    screen.line()
    if answer.fault:
        said = reason(answer.fault.code, lang, answer.fault.detail)
        screen.line(screen.shown(f"{name}: {answer.fault.code}: {said}"))
        return
    counts = _counts(answer.rows)
    screen.line("  ".join(f"{title(kind, lang)} {number}" for kind, number in counts.items()))
    screen.line(text("ui.preview_only", lang))
    if not veil.lifted:
        screen.line(text("ui.veiled", lang))


def _counts(rows: Sequence[Row]) -> dict[str, object]:
    """How many of the rows that were looked at would be loaded, quarantined and skipped, and how many records they make."""
    outcomes = [row.outcome for row in rows]
    kinds = ("loaded", "quarantined", "skipped")
    records = sum(len(row.records) for row in rows)
    return {"read": len(rows), **{kind: outcomes.count(kind) for kind in kinds}, "records": records}
