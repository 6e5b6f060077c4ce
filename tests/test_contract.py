"""The raw contract: where text comes from, and what each ready-made check lets pass."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any

import polars as pl
import pytest

from etl_core.contract import (
    DATED,
    Header,
    RawContract,
    Reads,
    agreeing,
    column,
    credited,
    daily,
    dated,
    ending,
    filename,
    houred,
    identified,
    known,
    of,
    origins,
    readable,
    readings,
    required,
    sheetname,
    spanning,
    starting,
    title,
)
from etl_core.expressions import amounts, distinct, reading, words
from etl_core.expressions.reading import part, read
from etl_core.records import PLACE
from etl_core.validate import rules, verdict
from tests.fakes import number

ON = date(2024, 1, 1)


class Origins(RawContract):
    """One field of every kind."""

    person_name: str = column("姓名", Header("教师姓名", until=date(2023, 6, 30)), optional=True)
    period: str = title(r"时间[:：](\S+)", shown="研修时间", reads=reading.span)
    reporter: str = filename(r"^(\w+)_", shown="报送方")
    subject: str = sheetname(shown="工作表", reads=reading.value(words.subject))


def test_each_field_knows_where_its_text_comes_from() -> None:
    found = origins(Origins)
    assert [(name, origin.kind, origin.shown) for name, origin in found.items()] == [
        ("person_name", "header", "姓名"),
        ("period", "title", "研修时间"),
        ("reporter", "name", "报送方"),
        ("subject", "sheet", "工作表"),
    ]
    assert found["person_name"].optional
    assert found["reporter"].pattern == r"^(\w+)_"


def test_only_fields_that_say_how_are_read_into_parts() -> None:
    assert [(one.field, one.parts) for one in readings(Origins)] == [
        ("period", ("start", "end", "precision", "given")),
        ("subject", ("value",)),
    ]


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (None, None, True), (date(2024, 1, 1), None, True), (date(2024, 1, 2), None, False),
        (None, date(2024, 1, 1), True), (None, date(2023, 12, 31), False),
    ],
)  # fmt: skip
def test_a_spelling_holds_from_its_first_day_to_its_last(
    since: date | None, until: date | None, holds: bool
) -> None:
    assert Header("姓名", since, until).holds(ON) is holds


def failed(checks: Iterable[Any], cell: str | None, reads: Reads | None = None, **others: Any) -> list[str]:
    """Codes of the checks that one cell fails; `others` are fields that the checks look at, with their readings."""
    fields = {"cell": column("列", checks=checks, reads=reads)}
    fields |= {name: column(name, reads=how) for name, (_, how) in others.items()}
    contract = type("Cells", (RawContract,), {**fields, "__annotations__": dict.fromkeys(fields, str)})
    texts = {"cell": cell, **{name: text for name, (text, _) in others.items()}}
    frame = pl.DataFrame(
        {
            "file": ["a"],
            "sheet": [None],
            "row": [2],
            DATED: [ON],
            **{name: [text] for name, text in texts.items()},
        },
        schema_overrides={**PLACE, **dict.fromkeys(texts, pl.String())},
    )
    found = verdict(_read(frame, contract), contract, {"cell": "列"})
    return found.issues["code"].to_list()


def _read(frame: pl.DataFrame, contract: type[RawContract]) -> pl.DataFrame:
    parts = read({name: distinct.of(frame[name]) for name in frame.columns}, readings(contract))
    return pl.concat([frame, *(each.rows() for each in parts.values())], how="horizontal")


NUMBER = number(1)


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        (NUMBER, []), (None, []), ("500199198001010018", ["id_number.checksum"]), ("5001991980010", ["id_number.length"]),
        ("5.0019E+17", ["id_number.damaged"]), ("500199********0011", ["id_number.masked"]),
    ],
)  # fmt: skip
def test_an_identity_number_has_at_most_one_fault(cell: str | None, codes: list[str]) -> None:
    assert failed(identified(), cell, reading.number) == codes


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("2023.9.1-2023.9.5", []), (None, []), ("某日", ["date.unparsable"]), ("2023.9.5-2022.9.1", ["date.order"]),
        ("2024.1.2-2024.1.3", ["date.future"]), ("2024.1.1", []),
    ],
)  # fmt: skip
def test_a_range_in_one_cell_is_readable_in_order_and_not_of_the_future(
    cell: str | None, codes: list[str]
) -> None:
    assert failed(spanning(), cell, reading.span) == codes


@pytest.mark.parametrize(
    ("cell", "codes"), [("2024-01-01", []), ("2024-01-02", ["date.future"]), ("x", ["date.unparsable"])]
)
def test_a_start_is_not_after_the_delivery(cell: str, codes: list[str]) -> None:
    assert failed(starting(), cell, reading.day) == codes


@pytest.mark.parametrize(
    ("cell", "start", "codes"),
    [
        ("2023-05-06", "2023-05-06", []), ("2023-05-05", "2023-05-06", ["date.order"]), ("2023-05-05", None, []),
        ("0000-00-00", "2023-05-06", ["date.unparsable"]), ("2025-01-01", "2023-05-06", []),
    ],
)  # fmt: skip
def test_an_end_is_not_before_its_start(cell: str, start: str | None, codes: list[str]) -> None:
    assert failed(ending("begin"), cell, reading.day, begin=(start, reading.day)) == codes


@pytest.mark.parametrize(
    ("cell", "codes", "wide"),
    [
        ("8", [], []), (None, [], []), ("0", ["hours.range"], []), ("/", ["hours.unparsable"], []),
        ("2000", [], []), ("2000.5", ["hours.range"], ["hours.range"]), ("-8", ["hours.range"], ["hours.range"]),
        ("很多", ["hours.unparsable"], ["hours.unparsable"]),
    ],
)  # fmt: skip
def test_hours_are_judged_as_stated_and_nothing_passes_in_a_wide_cell(
    cell: str | None, codes: list[str], wide: list[str]
) -> None:
    assert failed(houred(), cell, reading.hours) == codes
    assert failed(houred(nothing=True), cell, reading.hours) == wide


def test_zero_minutes_are_out_of_range_and_twenty_are_not() -> None:
    assert failed(houred(), "0", reading.minutes) == ["hours.range"]
    assert failed(houred(), "20", reading.minutes) == []


@pytest.mark.parametrize(
    ("cell", "codes"),
    [("2", []), (None, []), ("500", []), ("500.5", ["credits.range"]), ("0", ["credits.range"]), ("-1", ["credits.range"]), ("x", ["credits.unparsable"])],
)  # fmt: skip
def test_credits_are_above_zero_and_at_most_five_hundred(cell: str | None, codes: list[str]) -> None:
    assert failed(credited(), cell) == codes


@pytest.mark.parametrize(
    ("cell", "negative", "codes"),
    [("-2", True, []), ("-500", True, []), ("-500.5", True, ["credits.range"]), ("0", True, ["credits.range"]),
     ("2", True, ["credits.range"]), (None, True, []), ("x", True, ["credits.unparsable"]),
     ("-2", None, ["credits.range"]), ("2", None, []), ("2", False, [])],
)  # fmt: skip
def test_credits_of_a_cancellation_are_below_zero_and_no_others(
    cell: str | None, negative: bool | None, codes: list[str]
) -> None:
    """Ruling 57."""
    assert failed(credited(negative=pl.lit(negative, pl.Boolean)), cell) == codes


@pytest.mark.parametrize(
    ("hours", "precision", "codes"),
    [("16", "day", []), ("16.5", "day", ["hours.daily_limit"]), ("400", "month", [])],
)
def test_more_than_eight_hours_a_day_is_a_warning_where_days_are_known(
    hours: str, precision: str, codes: list[str]
) -> None:
    start, end = pl.lit(date(2023, 5, 6)), pl.lit(date(2023, 5, 7))
    assert failed([daily(start, end, pl.lit(precision))], hours, reading.hours) == codes


def test_days_are_taken_for_known_where_no_precision_is_said() -> None:
    span = daily(part("begin", "day"), part("begin", "day"))
    assert failed([span], "9", reading.hours, begin=("2023-05-06", reading.day)) == ["hours.daily_limit"]
    assert failed([span], "9", reading.hours, begin=(None, reading.day)) == []


@pytest.mark.parametrize(("cell", "codes"), [("男", []), ("女", ["sex.conflict"]), (None, []), ("不详", [])])
def test_a_sex_that_the_number_contradicts_is_a_warning(cell: str | None, codes: list[str]) -> None:
    assert failed([agreeing("who")], cell, who=(NUMBER, reading.number)) == codes


def test_a_required_cell_may_not_be_null() -> None:
    assert failed([required("project_name")], None) == ["required.project_name"]
    assert failed([required("project_name")], "x") == []


def test_a_word_in_no_mapping_is_never_given_a_default() -> None:
    role = partial(words.code, mapping={"学员": "trainee"}, dtype=pl.String)
    assert failed([known("role", role)], "学员") == []
    assert failed([known("role", role)], None) == []
    assert failed([known("role", role)], "甲方") == ["code.unknown.role"]


def test_a_check_may_ask_for_a_part_of_any_field() -> None:
    assert failed([readable("hours.unparsable", of("stated"))], "x", reading.hours) == ["hours.unparsable"]


def test_a_reason_may_be_placed_elsewhere_than_at_its_own_column() -> None:
    class Sheet(RawContract):
        person_name: str = column("姓名", checks=[required("hours", at="研修学时")])

    assert [(rule.code, rule.at) for rule in rules(Sheet)] == [("required.hours", "研修学时")]


def test_every_ready_made_check_is_one_expression() -> None:
    class Sheet(RawContract):
        period: str = column("起止", reads=reading.span, checks=spanning())
        hours: str = column("学时", reads=reading.hours, checks=houred())
        credits: str = column("学分", checks=[*credited(), readable("credits.unparsable", amounts.credits)])
        id_number: str = column("证件号", reads=reading.number, checks=identified())

    assert [rule.code for rule in rules(Sheet) if rule.passes is None] == []


def test_a_date_of_the_year_one_is_an_empty_cell() -> None:
    checks = [dated("start_date"), *starting()]
    assert failed(checks, "0001-01-01T00:00:00", reading.day) == ["required.start_date"]
    assert failed(starting(), "0001-01-01T00:00:00", reading.day) == []
    assert failed(checks, "0000-00-00", reading.day) == ["date.unparsable"]
