"""place.py of a plugin, by the kind of period that the sample's name or title tells; and the pattern of the file names."""

from __future__ import annotations

import re
from pathlib import PurePath

from etl_core import periods
from etl_core.scaffold.layout import call, laid, quoted, raw
from etl_core.scaffold.plan import EXPORTED, Plan, daily

_SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")

# Of a name that is nothing but its period.
_ANY = r"20\d{2}"


def place(plan: Plan) -> str:
    """The module. Raises LookupError where the sample tells no period."""
    told = plan.seen.period
    if told is None:
        raise LookupError("the sample tells no period")
    exported = plan.told == EXPORTED
    slot = 'f"{found.order[0]}"' if exported else "found.label"
    dated = ["dated=found.day"] if daily(plan.told) else []
    beside = periods.beside(told.left)
    more = [f"beside=({', '.join(map(quoted, beside))},)"] if beside else []
    kind = next(each for each in told.kinds if daily(each)) if exported else plan.told
    asked = laid("found = ", call("told", "name", "above", quoted(kind), *more), "    ")
    made = call(
        "Place",
        'label=f"{found.label}-{found.version}"',
        "order=(*found.order, found.version)",
        f"slot={slot}",
        *dated,
    )
    what = "the day of the export within its year" if exported else kind.replace("+", ", ").replace("_", " ")
    return f'''"""Which period a file reports, and which of its versions it is: no word < 更正 < 更正2. Told by the {told.where}."""

from __future__ import annotations

from etl_core.periods import told
from etl_core.records import Place


def place(name: str, above: str) -> Place | None:
    """Told: {what}. None where a file tells less or more than that: it is rejected, and never put in another's place."""
{asked}
    if found is None:
        return None
{laid("return ", made, "    ")}
'''


def example(plan: Plan) -> str:
    """The name of a delivery as it should be: the sample's own, with the period where only the title told it."""
    path, told = PurePath(plan.seen.name), plan.seen.period
    if told is None or told.where == "name":
        return path.name
    return f"{path.stem}（{told.text}）{path.suffix}"


def pattern(plan: Plan) -> str:
    """A raw string: the sample's name with any number in the place of its numbers, any period in that of its period."""
    parts = [_loose(part) for part in periods.loose(plan.seen.name, plan.told)]
    joined = ".*".join(part for part in parts if part)
    return raw("^" + joined if parts[0] else joined or _ANY)


def _loose(text: str) -> str:
    """The text with digits for digits; empty brackets, which held a version, are left out."""
    plain = re.sub(r"[（(]\s*[)）]", "", text)
    return re.sub(r"\d+", r"\\d+", _SPECIAL.sub(r"\\\1", plain)).rstrip("_- ")
