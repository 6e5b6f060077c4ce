"""The Python files of a plugin: contract.py, normalise.py, __init__.py and its test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from etl_core.scaffold.fields import daily, fields, kind_name
from etl_core.scaffold.layout import WIDTH, Group, call, laid, paired, quoted, width
from etl_core.scaffold.place import example, pattern
from etl_core.scaffold.plan import Plan, wide

_MODULES = ("amounts", "dates", "identity", "names", "reading", "words")
_CONTRACT = (
    *(
        "VALUE",
        "RawContract",
        "agreeing",
        "check",
        "column",
        "columns",
        "credited",
        "daily",
        "dated",
        "ending",
        "filename",
    ),
    *(
        "houred",
        "identified",
        "known",
        "of",
        "readable",
        "required",
        "sheetname",
        "spanning",
        "starting",
        "title",
    ),
)
FUTURE = "from __future__ import annotations"


def contract(plan: Plan) -> str:
    """contract.py: the columns that are loaded, and their checks."""
    declared = [laid(f"{each.name}: str = ", each.declared, "    ") for each in fields(plan)]
    body = "\n\n\n".join(
        [
            *_before(plan),
            "\n".join(
                ['class Register(RawContract):\n    """One row per person and training."""\n', *declared]
            ),
        ]
    )
    coded = "CODES = codes(__package__)\n\n\n" if "CODES[" in body else ""
    head = f'"""What {plan.agency_name} promises of its {plan.title}: one row per person and training."""'
    return f"{head}\n\n{FUTURE}\n\n{_imports(body)}\n\n{coded or _gap(body)}{body}\n"


def _gap(body: str) -> str:
    """Blank lines between imports and a constant, or a definition."""
    return "\n" if body.startswith(("def ", "class ")) else ""


def _imports(body: str) -> str:
    """The imports that a body needs, as isort orders them."""
    said = re.sub(r'"[^"\n]*"', '""', body)
    reading = ["Reading"] if "-> Reading" in said else []
    reading += ["part"] if re.search(r"\bpart\(", said) else []
    lines = [
        "from functools import partial\n" if "partial(" in said else "",
        "import polars as pl\n" if "pl." in said else "",
        "from etl_core.codes import codes" if "CODES[" in said else "",
        _line("etl_core.contract", _used(_CONTRACT, said)),
        _line("etl_core.expressions", _used(_MODULES, said)),
        _line("etl_core.expressions.reading", reading),
    ]
    return "\n".join(line for line in lines if line)


def _used(names: Sequence[str], said: str) -> list[str]:
    return [name for name in names if re.search(rf"(?<![\w.]){name}(?=[.(,\])])", said)]


def _line(module: str, names: Sequence[str]) -> str:
    """An import, one name a line where it is too long."""
    if not names:
        return ""
    one = f"from {module} import {', '.join(names)}"
    many = "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])
    return one if width(one) <= WIDTH else many


def _before(plan: Plan) -> Iterator[str]:
    """What some formats need before the class: dates of all rows, kinds of hours, documents, counties."""
    if plan.dated in ("span", "title"):
        where = f"above the table ({plan.seen.titled})" if plan.dated == "title" else "of the training"
        yield f'def when(name: str) -> pl.Expr:\n    """The start, end or precision of the dates {where}."""\n    return part("period", name)'
    if plan.column("subject") and plan.column("stage") and not plan.seen.subjects:
        yield 'def subject(cell: str) -> pl.Expr:\n    """The canonical subject at the row\'s stage (ruling 59)."""\n    return words.subject(cell, words.stage("stage"))'
    if plan.column("county"):
        yield _county(plan)
    if plan.column("id_type"):
        kind = call("words.code", '"id_type"', 'CODES["id_type"]', "pl.String")
        yield laid("number = ", call("partial", "reading.number", f"id_type={kind}"))
    if plan.seen.wide:
        yield _hours(plan)
    if marks := dict.fromkeys(
        word for each in plan.seen.columns if each.field == "half_days" for word in each.words
    ):
        yield laid("", Group("MARKS = [", tuple(map(quoted, marks)), "]"))


def _county(plan: Plan) -> str:
    on = 'part("start_date", "day")' if plan.dated == "days" else 'when("start")'
    above = [f'{each}="{each}"' for each in ("prefecture", "province") if plan.column(each)]
    told = laid("return ", call("reading.county", "field", f"on={on}", *above), "    ")
    return f'def county(field: str) -> Reading:\n    """The county\'s code at the start of the training."""\n{told}'


def _hours(plan: Plan) -> str:
    """Cells may mean «no hours of this kind» (ruling 46); a row without any kind has no hours at all."""
    names = [kind_name(each, plan) for each in plan.seen.columns if wide(each)]
    group = plan.seen.wide[0][0].rpartition("/")[0]
    any_kind = 'lambda _: pl.any_horizontal(part(kind, "nothing").not_() for kind in KINDS)'
    return "\n".join(
        [
            "# Empty, 0, / and — mean «no hours of this kind» (ruling 46); a row without any kind has no hours at all.",
            laid("", Group("KINDS = (", tuple(map(quoted, names)), ")")),
            laid("ANY = ", call("check", '"required.hours"', any_kind, f"at={quoted(group)}")),
            laid("", Group("HOURS = [", ("*houred(nothing=True)", *daily(plan)), "]")),
        ]
    )


def normalise(plan: Plan) -> str:
    """normalise.py: unified field → expression."""
    given = [pair for each in fields(plan) for pair in each.gives]
    given += _fixed(plan, {name for name, _ in given})
    lines = [f'    "{name}": {_when(value, plan)},' for name, value in given]
    body = "\n".join(["NORMALISE: dict[str, pl.Expr] = {", *lines, "}"])
    body += _variants(plan) if plan.seen.wide else ""
    needed = ["when"] if "when(" in body else []
    imports = [
        "import polars as pl\n",
        _line("etl_core.expressions", _used(_MODULES, body)),
        _line("etl_core.expressions.reading", ["part"] if "part(" in body else []),
        "from etl_core.source import Variant" if plan.seen.wide else "",
        _line(f"{plan.package}.contract", needed),
    ]
    head = f'"""From the {plan.title} of {plan.agency_name} to the unified contract."""'
    return f"{head}\n\n{FUTURE}\n\n{chr(10).join(filter(None, imports))}\n\n{body}\n"


def _when(value: str, plan: Plan) -> str:
    return value.replace('part("period", ', "when(") if plan.dated in ("span", "title") else value


def _fixed(plan: Plan, given: set[str]) -> Iterator[tuple[str, str]]:
    """What holds for every row of the format: to be judged by a person, and listed in the README."""
    for name, value in fixed(plan):
        if name not in given:
            yield name, f"pl.lit({value if value.isdigit() else quoted(value)})"


def fixed(plan: Plan) -> Iterator[tuple[str, str]]:
    """Unified field and value of what no column tells."""
    year = plan.column("training_year")
    yield from (pair for pair in (("project_name", plan.project), ("level", plan.level)) if pair[1])
    if plan.mode:
        yield "mode_detail", plan.mode
    if not plan.column("id_type"):
        yield "id_type", "resident_id" if plan.column("id_number") else "none"
    if not plan.column("role"):
        yield "role", "trainee"
    if plan.dated in ("days", ""):
        coarse = "school_year" if year and year.form == "school_year" else "year"
        yield "date_precision", "day" if plan.dated else coarse
    if not plan.column("result"):
        yield "result", "unknown"
    if not plan.column("status"):
        yield "status", "recognised"


def _variants(plan: Plan) -> str:
    kinds = [each for each in plan.seen.columns if wide(each)]
    listing = "\n".join(f'    _kind("{kind_name(each, plan)}", "{each.form}"),' for each in kinds)
    return f'''


def _kind(field: str, mode_detail: str) -> Variant:
    """One kind of hours, present where its cell says more than «none»."""
    return Variant(
        when=part(field, "nothing").not_(),
        fields={{
            "hours": part(field, "hours"),
            "hours_basis": part(field, "basis"),
            "mode_detail": pl.lit(mode_detail),
        }},
    )


VARIANTS = (
{listing}
)'''


def package(plan: Plan) -> str:
    """__init__.py: the declaration of the source."""
    columns = plan.seen.columns
    ignored = [quoted(each.header) for each in columns if each.fate == "ignored"]
    dropped = [quoted(each.header) for each in columns if each.fate == "dropped"]
    lines = [
        f'name="{plan.name}"',
        f'agency=Agency("{plan.agency}", {quoted(plan.agency_name)})',
        f"title={quoted(plan.title)}",
        "contract=Register",
        "normalise=NORMALISE",
        *(["variants=VARIANTS"] if plan.seen.wide else []),
        paired("key", list(map(quoted, plan.natural))),
        f'semantics="{plan.semantics}"',
        "place=place",
        f"example={quoted(example(plan))}",
        paired("names", [f"re.compile({pattern(plan)})"]),
        *([paired("ignored", ignored)] if ignored else []),
        *([paired("dropped", dropped)] if dropped else []),
        *_reading(plan),
    ]
    body = "\n".join(
        laid("", line, "        ", ",") if isinstance(line, Group) else f"        {line}," for line in lines
    )
    names = "NORMALISE, VARIANTS" if plan.seen.wide else "NORMALISE"
    readers = "from etl_core.readers import ReadOptions\n" if "ReadOptions" in body else ""
    return f'''"""{plan.agency_name}: {plan.title}."""

{FUTURE}

import re
from collections.abc import Iterable

from etl_core.hookspecs import hookimpl
{readers}from etl_core.records import Agency
from etl_core.source import Source
from {plan.package}.contract import Register
from {plan.package}.normalise import {names}
from {plan.package}.place import place

etl_api = 1


@hookimpl
def etl_sources() -> Iterable[Source]:
    """The one source of this plugin."""
    yield Source(
{body}
    )
'''


def _reading(plan: Plan) -> Iterator[str]:
    """What the bytes of a file do not tell; one line alone may be NDJSON or a document."""
    if plan.seen.container == "ndjson":
        yield "read=ReadOptions(lines=True)"
    elif plan.seen.delimiter not in ("", ",", "\t"):
        yield f"read=ReadOptions(delimiter={quoted(plan.seen.delimiter)})"


def test(plan: Plan) -> str:
    """The test that inherits the suite; `arrived` is the day of the draft."""
    name = "".join(part.capitalize() for part in plan.name.split("_"))
    return f'''"""The source {plan.name} keeps everything that a source plugin promises."""

{FUTURE}

from datetime import date
from pathlib import Path

from etl_core.testing import SourceSuite


class Test{name}(SourceSuite):
    source = "{plan.name}"
    folder = Path(__file__).parent
    arrived = date({plan.on.year}, {plan.on.month}, {plan.on.day})
'''
