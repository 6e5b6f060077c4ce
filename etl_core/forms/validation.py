"""What Excel itself refuses or remarks upon while somebody types, by the checks that a delivery meets later."""

from __future__ import annotations

from typing import Any

from xlsxwriter.utility import xl_col_to_name

from etl_core.forms import notes
from etl_core.forms.form import Field
from etl_core.forms.paper import Paper, Sheet

ALERT = 225  # characters of the message that Excel shows
LAST = 1_048_575  # the last row of a sheet, from 0


def validated(paper: Paper, sheet: Sheet, field: Field, at: int, first: int) -> None:
    """What Excel itself refuses or remarks upon while somebody types."""
    rule = _rule(paper, field, f"{xl_col_to_name(at)}{first + 1}")
    if rule is None:
        return
    grave = next((message for _, message in notes.reasons(field, paper.lang)), "")
    titled = {"error_title": field.header.replace("/", " ")[:30], "error_message": grave[:ALERT]}
    sheet.data_validation(first, at, LAST, at, {**rule, **titled, "ignore_blank": True})


def _rule(paper: Paper, field: Field, cell: str) -> dict[str, Any] | None:
    if field.words:
        gravity = "stop" if field.strict else "information"
        return {"validate": "list", "source": paper.listed(tuple(field.words)), "error_type": gravity}
    if any(code.startswith("id_number.") for code in field.codes):
        others = any(each.unified == ("id_type",) for each in paper.form.fields.values())
        formula = f"=OR(LEN({cell})=18,LEN({cell})=15)"
        return {"validate": "custom", "value": formula, "error_type": "information" if others else "stop"}
    return None
