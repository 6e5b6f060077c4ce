"""How the records of one row were made: each field from the plugin's own line of code back to the cells it is made of.

It runs in the child, like everything that sees a foreign cell. The rule of a field is shown as its author wrote it; a ruling
or paragraph of the contract is named where the rule, a comment above it, or what it calls names one.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import polars as pl

from etl_core import normalise
from etl_core.contract import origins
from etl_core.extract import Raw
from etl_core.records import CARRIED
from etl_core.source import Source
from etl_core.validate import rules
from etl_schemas.training import FIELDS, TrainingRecord

EXPLAINED = pl.Schema(
    {
        "record": pl.Int64(),  # which record of the row, from 0
        "field": pl.String(),
        "value": pl.String(),
        "rule": pl.String(),
        "at": pl.String(),  # module:line of the rule
        "checks": pl.String(),  # reason codes that the unified contract can give the field
        "raw": pl.String(),  # the contract's field that it is made of; null for a rule without a cell
        "origin": pl.String(),  # header, title, name, sheet or columns
        "header": pl.String(),  # as in the file
        "cell": pl.String(),
        "reading": pl.String(),  # how the contract declares the cell
        "raw_checks": pl.String(),
        "rulings": pl.String(),  # rulings and paragraphs of the contract
    }
)

# What the framework itself fills in (normalise.complete): from which fields, and by which rule.
IMPLIED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "mode": (("mode_detail",), "mode follows mode_detail (ruling 50)"),
    "sex": (("id_number",), "the 17th digit of the number where the file is silent (contract §2)"),
    "training_year": (("end_date",), "the year of end_date wherever there is one (ruling 37)"),
    "hours_basis": (("hours",), "none without hours, else as stated (contract §2)"),
    "credits_basis": (("credits",), "none without credits, else as stated (contract §2)"),
    "credit_kind": (("credits",), "unspecified where credits stand without a kind (ruling 55)"),
}

_NAMED = re.compile(r"rulings? \d+(?:(?:, | and )\d+)*|contract §\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """A piece of a plugin's code: as it was written, where, and what it, its comment and what it calls name."""

    text: str
    at: str
    named: tuple[str, ...]


def row(raws: Iterable[Raw], source: Source, file: str, sheet: str, number: int) -> Iterator[pl.DataFrame]:
    """The lines (EXPLAINED) about one physical row; nothing where no sound record stands there."""
    here = (pl.col("file") == file) & (pl.col("sheet").fill_null("") == sheet) & (pl.col("row") == number)
    for raw in raws:
        found = raw.frame.filter(here)
        if len(found):
            yield pl.DataFrame(list(_lines(raw, found, source)), schema=EXPLAINED, orient="row")
            return


@dataclass(frozen=True, slots=True)
class _Found:
    """The row in question: its batch, the texts of its cells, its source."""

    raw: Raw
    cells: Mapping[str, Any]
    source: Source

    def cell(self, name: str, codes: Mapping[str, str]) -> tuple[str | None, ...]:
        """One cell that a field is made of; nothing for a rule without a cell."""
        if not name:
            return (None,) * 6
        origin = origins(self.source.contract)[name]
        shown = self.raw.shown.get(name) or origin.shown
        read = declared_at(name, self.source).text
        return name, origin.kind, shown, _text(self.cells[name]), read, codes.get(name)


def _lines(raw: Raw, found: pl.DataFrame, source: Source) -> Iterator[tuple[Any, ...]]:
    interpreted = normalise.interpret(found, source)
    records = normalise.records(interpreted, source)
    variants = [one.fields for one in source.variants if len(interpreted.filter(one.when))] or [{}]
    here = _Found(raw, found.row(0, named=True), source)
    unified, promised = _codes(TrainingRecord), _codes(source.contract)
    for at, (record, own) in enumerate(zip(records.iter_rows(named=True), variants, strict=True)):
        fields = {**source.normalise, **own}
        for field in FIELDS:
            rule = rule_of(field, fields, _package(source))
            made = (at, field, _text(record[field]), rule.text, rule.at, unified.get(field))
            for name in [*roots(field, fields, source)] or [""]:
                named = dict.fromkeys([*rule.named, *declared_at(name, source).named])
                yield (*made, *here.cell(name, promised), "; ".join(named) or None)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _codes(contract: Any) -> dict[str, str]:
    """The reason codes of each field's checks."""
    codes: dict[str, list[str]] = {}
    for rule in rules(contract):
        codes.setdefault(rule.field, []).append(rule.code)
    return {field: ", ".join(dict.fromkeys(some)) for field, some in codes.items()}


def roots(field: str, fields: Mapping[str, pl.Expr], source: Source) -> Iterator[str]:
    """The contract's fields that a unified field is made of, in the order in which its rule names them.

    fields: the expressions of the record in question, by unified field.
    """
    known = origins(source.contract)
    if field in fields:
        names = [root.partition(":")[0] for root in fields[field].meta.root_names()]
    else:
        others = IMPLIED[field][0] if field in IMPLIED else ()
        names = [root for other in others for root in roots(other, fields, source)]
    yield from dict.fromkeys(name.partition("[")[0] for name in names if name.partition("[")[0] in known)


def rule_of(field: str, fields: Mapping[str, pl.Expr], package: str) -> Rule:
    """How a unified field is made: the plugin's own line, else the framework's rule, else the expression itself."""
    if field not in fields:
        implied = IMPLIED.get(field)
        text = implied[1] if implied else "not told by this source: empty"
        return Rule(text, "etl_core.normalise" if implied else "", _mentioned(text))
    found = _written(package).get(field, [])
    if not found:
        return Rule(str(fields[field]), "", ())
    return Rule(
        "; ".join(dict.fromkeys(rule.text for rule in found)),
        ", ".join(dict.fromkeys(rule.at for rule in found)),
        tuple(dict.fromkeys(name for rule in found for name in rule.named)),
    )


def declared_at(name: str, source: Source) -> Rule:
    """How the contract declares one of its fields."""
    return _contract(source.contract).get(name) or Rule("", "", ())


def _package(source: Source) -> str:
    return source.contract.__module__.partition(".")[0]


def _modules(package: str) -> list[ModuleType]:
    """The plugin's modules, as far as they are imported."""
    return [
        module
        for name, module in sorted(sys.modules.items())
        if name == package or name.startswith(f"{package}.")
    ]


@cache
def _written(package: str) -> dict[str, list[Rule]]:
    """What a plugin writes beside the name of each unified field, in mappings of nothing but such names."""
    fields = FIELDS.keys() | CARRIED.keys()
    found: dict[str, list[Rule]] = {}
    for module in _modules(package):
        for node in _nodes(module, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            if keys and fields.issuperset(keys):
                for key, value in zip(keys, node.values, strict=True):
                    found.setdefault(str(key), []).append(_rule(module, value))
    return found


@cache
def _contract(contract: Any) -> dict[str, Rule]:
    """What a contract writes beside the name of each of its fields; a base's fields stand with the base."""
    found: dict[str, Rule] = {}
    for kind in reversed(contract.__mro__):
        module = sys.modules.get(kind.__module__)
        for node in _nodes(module, ast.ClassDef) if module else ():
            if node.name == kind.__name__:
                fields = (each for each in node.body if isinstance(each, ast.AnnAssign) and each.value)
                found |= {ast.unparse(each.target): _rule(module, each.value) for each in fields}
    return found


def _nodes(module: ModuleType | None, kind: type[Any]) -> Iterator[Any]:
    """Nodes of a module's syntax tree; none where its text cannot be had."""
    try:
        tree = ast.parse(inspect.getsource(module)) if module else ast.Module([], [])
    except (OSError, TypeError, SyntaxError):
        return
    yield from (node for node in ast.walk(tree) if isinstance(node, kind))


def _rule(module: ModuleType | None, node: Any) -> Rule:
    text = ast.unparse(node)
    above = _comment(module, node.lineno)
    docs = [
        _documented(module, each) for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute)
    ]
    named = _mentioned(" ".join([above, *docs]))
    return Rule(text, f"{module.__name__}:{node.lineno}" if module else "", named)


def _comment(module: ModuleType | None, number: int) -> str:
    """The comment on the line and on those right above it."""
    lines = inspect.getsource(module).splitlines()[:number] if module else []
    last = lines.pop().partition("#")[2] if lines else ""
    said = [last]
    while lines and lines[-1].lstrip().startswith("#"):
        said.append(lines.pop())
    return " ".join(reversed(said))


def _documented(module: ModuleType | None, node: ast.expr) -> str:
    """The docstring of what a name in a module stands for; of a thing that is no function it says nothing of this rule."""
    target: Any = module
    for part in ast.unparse(node).split("."):
        target = getattr(target, part, None)
    return (inspect.getdoc(target) or "") if inspect.isfunction(target) else ""


def _mentioned(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.lower() for found in _NAMED.findall(text)))
