"""For each field a column may hold: how the contract declares it, and what normalise makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from etl_core.scaffold.layout import Group, call, listed, quoted, raw
from etl_core.scaffold.plan import Plan, wide
from etl_core.seen import Column

# The first group of a title's «研修时间：2023.3.6-7.14».
BEHIND = r"[:：]\s*(\S+)"

YEAR = r"(?<!\d)(20\d{2})(?!\d)"

_CODED = {"role", "status", "id_type"}
_SHARED = {"stage": "stage", "subject": "subject", "title": "title"}
_NUMBERS = {"credits": "credited(VALUE)", "score": 'known("score")'}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the contract: its name, the expression that declares it, and the unified fields it gives."""

    name: str
    declared: Group
    gives: tuple[tuple[str, str], ...]


def fields(plan: Plan) -> Iterator[Field]:
    """Every field of the contract, in the order of the columns; what no column tells comes first."""
    if plan.seen.subjects:
        reads = (
            'shown="工作表名"',
            "reads=reading.value(words.subject)",
            listed("checks", [_readable("subject")]),
        )
        yield Field("subject", call("sheetname", *reads), (("subject", 'part("subject", "value")'),))
    if plan.dated == "title":
        label = plan.seen.titled
        head = (raw(label + BEHIND), f"shown={quoted(label)}", "reads=reading.span")
        line = f"example={quoted(f'{label}：{plan.seen.dates}')}"
        yield Field("period", call("title", *head, listed("checks", SPANNING), line), SPAN)
    if not plan.dated and not plan.column("training_year"):
        yield _year_of_file(plan)
    days = [column for column in plan.seen.columns if column.field == "half_days"]
    if days:
        yield _half_days("/" in days[0].header)
    for column in plan.seen.columns:
        if column.field not in ("", "half_days") and not (column.field == "subject" and plan.seen.subjects):
            yield _field(column, plan)


SPANNING = ['dated("start_date")', "*spanning()"]
SPAN = (
    ("start_date", 'part("period", "start")'),
    ("end_date", 'part("period", "end")'),
    ("date_precision", 'part("period", "precision")'),
)
YEARLY = ['required("training_year")', 'readable("date.unparsable", VALUE)']


def _year_of_file(plan: Plan) -> Field:
    """The year that the file's name or title states, where no column does."""
    told = plan.seen.period
    kind, shown = ("title", "标题") if told and told.where == "title" else ("filename", "文件名")
    parts = (raw(YEAR), f'shown="{shown}"', "reads=reading.value(dates.year)", listed("checks", YEARLY))
    line = [f"example={quoted(told.text)}"] if told and kind == "title" else []
    declared = call(kind, *parts, *line)
    return Field("training_year", declared, (("training_year", 'part("training_year", "value")'),))


def _field(column: Column, plan: Plan) -> Field:
    if wide(column):
        return _kind(column, plan)
    name, reads, checks, gives = _told(column, plan)
    parts: list[str | Group] = [quoted(column.header.lstrip("*＊") or column.header)]
    parts += [f"reads={reads}"] if reads else []
    parts += [listed("checks", checks)] if checks else []
    parts += (
        ["optional=True"]
        if plan.seen.container in ("json", "ndjson", "xml") and column.filled < 1 and not checks
        else []
    )
    return Field(name, call("column", *parts), gives)


def _half_days(parted: bool) -> Field:
    """The marks of an attendance sheet: read and checked; what they are worth nobody has said yet."""
    mark = call("check", '"code.unknown.result"', "lambda cell: pl.col(cell).is_in(MARKS)")
    pattern = r"\d{1,2}月\d{1,2}日" + ("/.+" if parted else "")
    declared = call("columns", raw(pattern), 'shown="签到"', Group("checks=[", (mark,), "]"))
    return Field("half_days", declared, ())


def _kind(column: Column, plan: Plan) -> Field:
    """One of several kinds of hours; what it gives stands in a variant."""
    first = column.header == plan.seen.wide[0][0]
    checks = "[ANY, *HOURS]" if first else "HOURS"
    declared = call("column", quoted(column.header), "reads=reading.hours", f"checks={checks}")
    return Field(kind_name(column, plan), declared, ())


def kind_name(column: Column, plan: Plan) -> str:
    """The contract's field of one kind of hours."""
    same = [header for header, mode in plan.seen.wide if mode == column.form]
    number = same.index(column.header)
    return f"hours_{column.form}" + (f"_{number + 1}" if number else "")


Told = tuple[str, str, list[str], tuple[tuple[str, str], ...]]


def _told(column: Column, plan: Plan) -> Told:  # noqa: PLR0911  # one line a kind of field
    """Name in the contract, reading, checks, and what it gives."""
    field = column.field
    value = ((field, f'part("{field}", "value")'),)
    if field == "person_name":
        given = ("person_name", "namesake")
        return field, "", [_required(field)], tuple((each, f'names.{each}("person_name")') for each in given)
    if field == "id_number":
        reads = "number" if plan.column("id_type") else "reading.number"
        checks = [_required(field), "*identified()"]
        return field, reads, checks, (("id_number", 'part("id_number", "number")'),)
    if field == "sex":
        checks = ['agreeing("id_number")'] if plan.column("id_number") else []
        return field, "", checks, (("sex", 'identity.sex("sex")'),)
    if field in _CODED:
        return field, _coded(field), [_required(field), _known(field)], value
    if field in ("result", "credit_kind"):
        unknown = '.fill_null("unknown")' if field == "result" else ""
        return field, _coded(field), [_known(field)], ((field, f'part("{field}", "value"){unknown}'),)
    if field in ("level", "mode_detail"):
        return _ranked(column)
    if field in _SHARED:
        own = "subject" if field == "subject" and plan.column("stage") else f"words.{field}"
        return field, f"reading.value({own})", [_readable(field)], value
    if field in ("hours", "minutes"):
        return _hours(column, plan)
    if field in _NUMBERS:
        read = f"reading.value(amounts.{field})"
        checks = [f"*{_NUMBERS[field]}" if field == "credits" else _NUMBERS[field]]
        return field, read, [*_starred(column, field), *checks], value
    return _dated(column) or _plain(column, plan)


def _ranked(column: Column) -> Told:
    if column.field == "mode_detail" and column.form == "moe":
        mode = 'part("mode", "value")'
        gives = (("mode", mode), ("mode_detail", f"words.detail_of_mode({mode})"))
        return "mode", _coded("mode", "pl.Int16"), [_required("mode"), _known("mode")], gives
    name, code = ("level", "level") if column.field == "level" else ("mode_detail", "mode")
    typed = "pl.Int16" if name == "level" else ""
    return name, _coded(name, typed), [_required(code), _known(code)], ((name, f'part("{name}", "value")'),)


def _hours(column: Column, plan: Plan) -> Told:
    checks = [*_starred(column, "hours"), "*houred()", *daily(plan)]
    gives = (("hours", 'part("hours", "hours")'), ("hours_basis", 'part("hours", "basis")'))
    return "hours", f"reading.{column.field}", checks, gives


def daily(plan: Plan) -> list[str]:
    """The warning of more than eight hours a day, where there are days."""
    if plan.dated == "days":
        return ['daily(part("start_date", "day"), part("end_date", "day"))']
    return ['daily(when("start"), when("end"), when("precision"))'] if plan.dated else []


def _dated(column: Column) -> Told | None:
    field = column.field
    if field == "period":
        return field, "reading.span", SPANNING, SPAN
    if field in ("start_date", "end_date"):
        also = "*starting()" if field == "start_date" else '*ending("start_date")'
        return field, "reading.day", [f'dated("{field}")', also], ((field, f'part("{field}", "day")'),)
    if field == "training_year":
        read = "school_year" if column.form == "school_year" else "year"
        return field, f"reading.value(dates.{read})", YEARLY, ((field, f'part("{field}", "value")'),)
    return None


def _plain(column: Column, plan: Plan) -> Told:
    """Text that is taken as it is."""
    field = column.field
    if field == "county":
        code = (("employer_division", 'part("county", "code")'),)
        return field, "county", ['readable("division.unknown", of("code"))'], code
    if field in ("province", "prefecture"):
        return field, "", [], ()
    needed = field == "project_name" or field in plan.natural
    checks = [_required(field)] if needed else _starred(column, field)
    return field, "", checks, ((field, f'pl.col("{field}")'),)


def _coded(field: str, typed: str = "") -> str:
    return f'reading.coded(CODES["{field}"]{", " if typed else ""}{typed})'


def _required(field: str) -> str:
    return f'required("{field}")'


def _known(field: str) -> str:
    return f'known("{field}")'


def _readable(field: str) -> str:
    return f'readable("{field}.unknown", VALUE)'


def _starred(column: Column, field: str) -> list[str]:
    """Only what the agency marks with * must be filled (ruling 78)."""
    return [_required(field)] if column.starred else []
