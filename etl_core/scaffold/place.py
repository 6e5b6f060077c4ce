"""place.py of a plugin, by the kind of period that the sample's name or title tells; and the pattern of the file names."""

from __future__ import annotations

import re
from pathlib import PurePath

from etl_core.scaffold.layout import raw
from etl_core.scaffold.plan import Plan
from etl_core.specimen.period import AGAIN, KINDS

# What stands in the place of a period or a number in the pattern of a file name.
_SPECIAL = re.compile(r"([\\.^$*+?{}\[\]|()])")

# For each kind: what it is in words, the parts of the order after the year, the label, the slot that a snapshot replaces.
_TOLD = {
    "half": ("Half-year", '1 if found[2] == "上" else 2', "{year}H{part}"),
    "season": ("Term", '1 if found[2] == "春" else 2', "{year}{found[2]}"),
    "batch": ("Year and batch", "int(found[2])", "{year}-{part}"),
    "month": ("Month", "int(found[2])", "{year}-{part:02}"),
    "school_year": ("School year", "", "{year}-{year + 1}"),
    "year": ("Year", "", "{year}"),
}


def place(plan: Plan) -> str:
    """The module. Raises LookupError where the sample tells no period."""
    told = plan.seen.period
    if told is None:
        raise LookupError("the sample tells no period")
    where = "file's name" if told.where == "name" else "title above the table"
    text = "_PERIOD.search(name)"
    if told.where == "title":
        text = f"_PERIOD.search(above) or {text}"  # so that a form without a title has somewhere to say it
    body = _day(text, where) if told.kind == "day" else _usual(told.kind, text, where)
    imports = "import re\nfrom datetime import date\n" if told.kind == "day" else "import re\n"
    constants = f"_PERIOD = re.compile({raw(KINDS[told.kind])})\n_AGAIN = re.compile({raw(AGAIN)})\n"
    head = f'"""Which period a file reports, and which of its versions it is: no word < 更正 < 更正2. Told by the {where}."""'
    return f"{head}\n\nfrom __future__ import annotations\n\n{imports}\nfrom etl_core.records import Place\n\n{constants}\n\n{body}"


def _usual(kind: str, text: str, where: str) -> str:
    what, part, label = _TOLD[kind]
    order = "(year, part, version)" if part else "(year, version)"
    more = f"\n    part = {part}" if part else ""
    return f'''def place(name: str, above: str) -> Place | None:
    """{what} {_from(where)}."""
    found = {text}
    if found is None:
        return None
    year = int(found[1]){more}
    again = _AGAIN.search(name)
    version = 1 + int(again[1] or 1) if again else 1
    term = f"{label}"
    return Place(label=f"{{term}}-{{version}}", order={order}, slot=term)
'''


def _from(where: str) -> str:
    name = "file's name"
    return (
        f"and version from the {name}"
        if where == name
        else f"from the {where}, else from the {name}; version from the {name}"
    )


def _day(text: str, where: str) -> str:
    return f'''def place(name: str, above: str) -> Place | None:
    """The day of the {where}, which is the delivery's own date (ruling 42); version from the file's name."""
    found = {text}
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:  # there is no such day
        return None
    again = _AGAIN.search(name)
    version = 1 + int(again[1] or 1) if again else 1
    return Place(
        label=f"{{day:%Y%m%d}}-{{version}}", order=(day.toordinal(), version), slot=f"{{day.year}}", dated=day
    )
'''


def example(plan: Plan) -> str:
    """The name of a delivery as it should be: the sample's own, with the period where only the title told it."""
    path, told = PurePath(plan.seen.name), plan.seen.period
    if told is None or told.where == "name":
        return path.name
    return f"{path.stem}（{told.text}）{path.suffix}"


def pattern(plan: Plan) -> str:
    """A raw string: the sample's name with any number in the place of its numbers, any period in that of its period."""
    stem = PurePath(plan.seen.name).stem
    told = plan.seen.period
    found = re.search(KINDS[told.kind], stem) if told and told.where == "name" else None
    parts = [stem[: found.start()], stem[found.end() :]] if found else [stem]
    bare = [re.sub(AGAIN, "", part) for part in parts]
    return raw("^" + ".*".join(_loose(part) for part in bare if part) if bare[0] else _loose(bare[-1]))


def _loose(text: str) -> str:
    """The text with digits for digits; empty brackets, which held a version, are left out."""
    plain = re.sub(r"[（(]\s*[)）]", "", text)
    return re.sub(r"\d+", r"\\d+", _SPECIAL.sub(r"\\\1", plain)).rstrip("_- ")
